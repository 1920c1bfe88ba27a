"""Every recipe over seeds 42, 43 and 44 on MovieLens 100K, beside the book: ``python -m benchmarks.chapter``.

A seed decides the split, the first weights and the batches. Prints the README's table in Markdown; times are those of
``Fit.fit_seconds``, on whatever machine this is.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean

from rich.console import Console

from collabviz.ratings import Ratings, split_ratings
from collabviz.sources.catalogue import load
from collabviz.training.presets import PRESETS, preset
from collabviz.training.recipe import Recipe
from collabviz.training.trainer import Fit, Trainer, fresh_model
from models.registry import MODELS

SEEDS = (42, 43, 44)


@dataclass(frozen=True)
class Row:
    """One row of the chapter's table: what is trained, and the validation loss the book prints for it."""

    model: str
    book: float
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        changed = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return f"{MODELS[self.model].title}{f' ({changed})' if changed else ''}"


# fast.ai book, chapter 8, the last epoch of each printed training.
CHAPTER = (
    Row("dot-product", 0.8842),
    Row("dot-product-range", 0.8776),
    Row("dot-product-bias", 0.8926, {"wd": "0.01"}),
    Row("dot-product-bias", 0.8231),
    Row("dot-product-own-embedding", 0.8243),
    Row("collab-nn", 0.8675),
)


def fit(recipe: Recipe, ratings: Ratings) -> Fit:
    """Train by the recipe, without a run on disk."""
    return Trainer(fresh_model(recipe, ratings), recipe, split_ratings(ratings, recipe.split)).fit()


def main(arguments: Sequence[str] | None = None) -> None:
    """Train everything and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chapter", description=__doc__)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args(arguments)
    ratings = load("ml-100k")
    tell = Console(stderr=True).print
    print("| model | book prints | " + " | ".join(f"`{name}` MSE | `{name}` time" for name in PRESETS) + " |")
    print("| --- | --- |" + " --- | --- |" * len(PRESETS))
    for row in CHAPTER:
        cells = [row.title, f"{row.book:.4f}"]
        for name in PRESETS:
            if row.settings and name != "book":
                cells += ["", ""]
                continue
            fits = []
            for seed in SEEDS:
                tell(f"{row.title}, {name}, seed {seed}")
                recipe = preset(row.model, name, seed=seed).with_settings({"device": options.device, **row.settings})
                fits.append(fit(recipe, ratings))
            cells += [f"{mean(f.valid_mse for f in fits):.4f}", f"{mean(f.fit_seconds for f in fits):.2f} s"]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
