from dataclasses import replace
from typing import Any

import pytest
import torch

from collabviz.errors import CollabVizError
from collabviz.ratings import SplitSpec
from collabviz.training.presets import PRESETS, preset, title
from collabviz.training.recipe import Recipe
from models.registry import MODELS


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_recipe_that_builds_its_model(model: str, name: str) -> None:
    recipe = preset(model, name, dataset="mine", seed=3)
    assert (recipe.model, recipe.preset, recipe.dataset, recipe.seed, recipe.split.seed) == (model, name, "mine", 3, 3)
    built = recipe.spec.build(5, 6, recipe.sizes, (0, 5.5), torch.Generator())
    assert built(torch.tensor([0]), torch.tensor([0])).shape == (1,)


@pytest.mark.parametrize(
    ("model", "wd"),
    [
        ("dot-product", 0.01),
        ("dot-product-range", 0.01),
        ("dot-product-bias", 0.1),
        ("dot-product-own-embedding", 0.1),
        ("collab-nn", 0.01),
    ],
)
def test_the_book_preset_has_the_chapters_numbers(model: str, wd: float) -> None:
    assert preset(model, "book", seed=42) == Recipe(
        dataset="ml-100k",
        model=model,
        preset="book",
        split=SplitSpec(kind="random", fraction=0.2, seed=42),
        sizes={},
        y_range=None,
        epochs=5,
        batch_size=64,
        lr=5e-3,
        wd=wd,
        wd_bias=None,
        schedule="one-cycle",
        seed=42,
        keep_best=False,
        patience=None,
    )


def test_the_chapters_models_have_fifty_factors() -> None:
    assert preset("dot-product-bias").spec.sizes(943, 1_664, {}) == {"n_factors": 50}


@pytest.mark.parametrize(
    ("model", "name", "sentence"),
    [
        ("dot-product-baias", "book", "no model called 'dot-product-baias'. Did you mean dot-product-bias?"),
        ("dot-product", "bok", "no recipe called 'bok'. Did you mean book?"),
    ],
)
def test_an_unknown_preset_gets_the_nearest_known_one(model: str, name: str, sentence: str) -> None:
    with pytest.raises(CollabVizError, match=sentence.replace("?", r"\?")):
        preset(model, name)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(
    "unchanged", [{}, {"dataset": "mine"}, {"seed": 7}, {"device": "cpu"}, {"split": SplitSpec(kind="time")}]
)
def test_a_preset_keeps_its_title_on_other_ratings_seeds_and_devices(name: str, unchanged: dict[str, Any]) -> None:
    assert title(replace(preset("collab-nn", name), **unchanged)) == name


@pytest.mark.parametrize("changed", [{"lr": 0.02}, {"epochs": 6}, {"sizes": {"n_factors": 8}}, {"keep_best": True}])
def test_a_preset_with_a_setting_changed_has_a_star(changed: dict[str, Any]) -> None:
    assert title(replace(preset("dot-product-bias", "fast"), **changed)) == "fast*"
