"""Recipes by name, for each model.

``book`` is the fast.ai book's own (chapter 8): batch 64, ``fit_one_cycle(5, 5e-3)``, with the weight decay the
chapter ends up with. ``fast`` is the quickest we know to the same quality or better; its settings were chosen by
``python -m benchmarks.tune``, on ratings held out of the *training* part.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from collabviz.errors import CollabVizError, unknown_name
from collabviz.ratings import SplitSpec
from collabviz.training.recipe import Recipe
from models.registry import MODELS

PRESETS: Mapping[str, str] = {
    "book": "The fast.ai book's recipe: small batches, five epochs of one-cycle.",
    "fast": "The quickest to the same quality: large batches, a higher learning rate, wd apart for biases.",
}

_LARGE_BATCHES = {"batch_size": 512}

_SETTINGS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "dot-product": {
        "book": {"wd": 0.01},
        "fast": {**_LARGE_BATCHES, "lr": 0.015, "wd": 0.05},
    },
    "dot-product-range": {
        "book": {"wd": 0.01},
        "fast": {**_LARGE_BATCHES, "lr": 0.007, "wd": 0.2},
    },
    "dot-product-bias": {
        "book": {"wd": 0.1},
        "fast": {**_LARGE_BATCHES, "lr": 0.01, "wd": 0.5, "wd_bias": 0.1},
    },
    "dot-product-own-embedding": {
        "book": {"wd": 0.1},
        "fast": {**_LARGE_BATCHES, "lr": 0.01, "wd": 0.5, "wd_bias": 0.1},
    },
    "collab-nn": {
        "book": {"wd": 0.01},
        "fast": {**_LARGE_BATCHES, "lr": 0.015, "wd": 0.2},
    },
}


def title(recipe: Recipe) -> str:
    """The name of the preset, with a star where something was changed since."""
    original = preset(recipe.model, recipe.preset)
    same = replace(original, dataset=recipe.dataset, split=recipe.split, seed=recipe.seed, device=recipe.device)
    return recipe.preset if recipe == same else f"{recipe.preset}*"


def preset(model: str, name: str = "book", *, dataset: str = "ml-100k", seed: int = 42) -> Recipe:
    """The recipe of that name for that model; ``seed`` sets the split, the weights and the batches.

    Raises:
        CollabVizError: on a model or preset that does not exist.
    """
    if model not in MODELS:
        raise CollabVizError(unknown_name("model", model, MODELS))
    if name not in PRESETS:
        raise CollabVizError(unknown_name("recipe", name, PRESETS))
    return Recipe(
        dataset=dataset, model=model, preset=name, seed=seed, split=SplitSpec(seed=seed), **_SETTINGS[model][name]
    )
