"""How the ``fast`` recipes were chosen: ``python -m benchmarks.tune MODEL``.

Holds a tenth of each *training* part out as an inner validation set and tries a small grid there, so that the
validation ratings that results are quoted on decide nothing. Prints the settings by inner validation loss, over two
split seeds.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from statistics import mean

from benchmarks.chapter import fit
from collabviz.ratings import Ratings, SplitSpec, split_ratings
from collabviz.sources.catalogue import load
from collabviz.training.presets import preset
from models.registry import MODELS

SEEDS = (42, 43)
GRID = {
    "batch_size": ("512",),
    "lr": ("0.007", "0.01", "0.015"),
    "wd": ("0.05", "0.1", "0.2", "0.35", "0.5"),
    "wd_bias": ("0.1",),
}


def inner(ratings: Ratings, seed: int) -> Ratings:
    """The training part of the seed's split alone, as ratings of their own."""
    rows = split_ratings(ratings, SplitSpec(seed=seed)).train
    return replace(
        ratings,
        user=ratings.user[rows],
        item=ratings.item[rows],
        rating=ratings.rating[rows],
        time=None if ratings.time is None else ratings.time[rows],
        folds={},
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Try the grid and print it, best first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tune", description=__doc__)
    parser.add_argument("model", choices=list(MODELS))
    options = parser.parse_args(arguments)
    ratings = load("ml-100k")
    parts = {seed: inner(ratings, seed) for seed in SEEDS}
    results = []
    for values in product(*GRID.values()):
        settings = dict(zip(GRID, values, strict=True))
        fits = [
            fit(preset(options.model, "fast", seed=seed).with_settings({"split.fraction": "0.1", **settings}), part)
            for seed, part in parts.items()
        ]
        results.append((mean(f.valid_mse for f in fits), mean(f.fit_seconds for f in fits), settings))
    for loss, seconds, settings in sorted(results, key=lambda result: result[0]):
        print(f"{loss:.4f}  {seconds:.2f} s  " + ", ".join(f"{name} {value}" for name, value in settings.items()))


if __name__ == "__main__":
    main()
