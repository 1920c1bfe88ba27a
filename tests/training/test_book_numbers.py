"""What the fast.ai book's chapter 8 reports, on the MovieLens 100K it reports it for.

Every model once here; the table in the README, made by the benchmarks, has all models over all seeds.
"""

import dataclasses
from typing import Any

import numpy as np
import pytest

from collabviz.ratings import Ratings, split_ratings
from collabviz.training.presets import preset
from collabviz.training.trainer import Fit, Trainer, fresh_model

pytestmark = pytest.mark.movielens


def trained(ratings: Ratings, model: str, name: str, seed: int, **settings: Any) -> Fit:
    recipe = dataclasses.replace(preset(model, name, seed=seed), device="cpu", **settings)
    return Trainer(fresh_model(recipe, ratings), recipe, split_ratings(ratings, recipe.split)).fit()


@pytest.mark.parametrize(
    ("model", "name", "seeds", "threshold"),
    [
        ("dot-product", "book", [42], 0.8842),
        ("dot-product-range", "book", [42], 0.8776),
        ("dot-product-bias", "book", [42, 43, 44], 0.8231),
        ("dot-product-own-embedding", "book", [42], 0.8243),
        ("collab-nn", "book", [42], 0.8675),
        ("dot-product-bias", "fast", [42, 43, 44], 0.810),
    ],
)
def test_a_model_reaches_its_number(
    movielens: Ratings, model: str, name: str, seeds: list[int], threshold: float
) -> None:
    assert np.mean([trained(movielens, model, name, seed).valid_mse for seed in seeds]) <= threshold


def test_biases_with_little_weight_decay_overfit_as_in_the_chapter(movielens: Ratings) -> None:
    fit = trained(movielens, "dot-product-bias", "book", 42, wd=0.01)
    assert fit.valid_mse <= 0.8926
    assert fit.best_epoch < 5
    assert fit.valid_mse > 1.01 * fit.epochs[fit.best_epoch - 1].valid_mse  # the curve has turned upward
    assert fit.epochs[-1].train_mse < fit.epochs[fit.best_epoch - 1].train_mse
