"""From which size on a model trains faster with all threads: ``python -m benchmarks.threads``.

Trains one epoch of the dot product with biases at growing sizes, with one thread and with all, in turn, three times
each, and prints the median ratio. ``collabviz.training.device.SMALL_MODEL`` is set by it.
"""

import time
from statistics import median
from unittest.mock import patch

import torch

from collabviz.ratings import split_ratings
from collabviz.sources.synthetic import synthetic_ratings
from collabviz.training import trainer
from collabviz.training.device import ALL_THREADS
from collabviz.training.recipe import Recipe

SIZES = ((1_000, 1_600), (4_000, 6_000), (10_000, 10_000), (30_000, 30_000))
TIMES = 3


def main() -> None:
    """Measure, and print one line a size."""
    for n_users, n_items in SIZES:
        ratings = synthetic_ratings(n_users=n_users, n_items=n_items, n_ratings=200_000)
        recipe = Recipe(dataset="synthetic", epochs=1, batch_size=512)
        split = split_ratings(ratings, recipe.split)
        seconds: dict[int, list[float]] = {1: [], ALL_THREADS: []}
        for _ in range(TIMES):
            for threads, measured in seconds.items():
                torch.set_num_threads(threads)
                with patch.object(trainer, "use_threads"):
                    began = time.perf_counter()
                    trainer.Trainer(trainer.fresh_model(recipe, ratings), recipe, split).fit()
                    measured.append(time.perf_counter() - began)
        one, many = (median(measured) for measured in seconds.values())
        n_parameters = recipe.spec.parameter_count(n_users, n_items, {})
        times = f"1 thread {one:.2f} s, {ALL_THREADS} threads {many:.2f} s"
        print(f"{n_parameters:>10,} parameters: {times}, ratio {one / many:.2f}")


if __name__ == "__main__":
    main()
