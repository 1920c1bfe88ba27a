"""One training from recipe to run: what a worker does off the page, and the command line in place."""

from dataclasses import asdict
from datetime import UTC, datetime
from math import sqrt

import numpy as np
import pandas as pd

from collabviz.analysis.dataset import busiest
from collabviz.errors import CollabVizError
from collabviz.ratings import IntArray, Ratings, Split, split_ratings
from collabviz.runs import Metrics, Run, RunParts, RunStore, made_with
from collabviz.training.control import Control
from collabviz.training.history import Record
from collabviz.training.recipe import Recipe
from collabviz.training.trainer import Fit, Trainer, Watch, fresh_model

# Users and items in the corner whose predictions a run keeps: enough for any crosstab a page shows.
CORNER = 40


def train_run(
    recipe: Recipe,
    ratings: Ratings,
    store: RunStore,
    run_id: str,
    *,
    name: str = "",
    watch: Watch | None = None,
    control: Control | None = None,
) -> Run:
    """Train by the recipe and keep the result in the store, as a whole run or not at all.

    Args:
        recipe: what to train.
        ratings: what to train on.
        store: where the run goes.
        run_id: its id, from ``runs.new_id``.
        name: what to call it; blank takes the model's title.
        watch: called with each record, after it is on disk.
        control: stops the training, or slows it down.

    Raises:
        CollabVizError: when the recipe does not fit the ratings or this machine, or nothing was learned.
    """
    split = split_ratings(ratings, recipe.split)
    writer = store.begin(run_id)

    def keep(record: Record) -> None:
        writer.record(record)
        if watch:
            watch(record)

    try:
        trainer = Trainer(fresh_model(recipe, ratings), recipe, split, watch=keep, control=control)
        fit = trainer.fit()
        if fit.kept_epoch == 0:
            raise CollabVizError(f"{fit.reason} Nothing was learned yet, so nothing is kept.")
        run = Run(
            id=run_id,
            name=name.strip() or recipe.spec.title,
            status=fit.status,
            reason=fit.reason,
            recipe=recipe,
            dataset=ratings.name,
            fingerprint=ratings.fingerprint,
            y_range=recipe.y_range or ratings.scale.y_range,
            device=trainer.device.label,
            device_reason=trainer.device.reason,
            created=datetime.now(UTC).isoformat(timespec="microseconds"),
            versions=made_with(),
            metrics=_metrics(fit, split, recipe),
            folder=writer.folder,
        )
        parts = RunParts(
            weights=trainer.weights(),
            frames=fit.frames,
            items=_with_counts(ratings.items, ratings.item[split.train], split),
            users=_with_counts(ratings.users, ratings.user[split.train], split),
            predictions=_corner_predictions(trainer, split),
        )
        return writer.finish(run, parts)
    except BaseException:
        writer.abandon()
        raise


def _metrics(fit: Fit, split: Split, recipe: Recipe) -> Metrics:
    ratings, rating = split.ratings, split.ratings.rating
    mean = rating[split.train].mean(dtype=np.float64)
    return Metrics(
        valid_mse=fit.valid_mse,
        valid_rmse=sqrt(fit.valid_mse),
        train_mse=fit.epochs[fit.kept_epoch - 1].train_mse if fit.kept_epoch else None,
        baseline_mse=float(np.square(rating[split.valid] - mean).mean()),
        best_epoch=fit.best_epoch,
        kept_epoch=fit.kept_epoch,
        fit_seconds=fit.fit_seconds,
        ratings_per_second=fit.ratings_per_second,
        device_memory=fit.device_memory,
        n_train=len(split.train),
        n_valid=len(split.valid),
        n_parameters=recipe.spec.parameter_count(ratings.n_users, ratings.n_items, recipe.sizes),
        epochs=[asdict(epoch) for epoch in fit.epochs],
    )


def _with_counts(table: pd.DataFrame, codes: IntArray, split: Split) -> pd.DataFrame:
    """The table with how many training ratings each row has, and their mean (NaN where there is none)."""
    count = np.bincount(codes, minlength=len(table))
    total = np.bincount(codes, weights=split.ratings.rating[split.train], minlength=len(table))
    mean = np.divide(total, count, out=np.full(len(table), np.nan), where=count > 0)
    return table.assign(count=count.astype(np.int32), mean=mean.astype(np.float32))


def _corner_predictions(trainer: Trainer, split: Split) -> pd.DataFrame:
    """Predictions for every pair of the most active users and the most rated items."""
    ratings = split.ratings
    users = busiest(ratings, "user", CORNER)
    items = busiest(ratings, "item", CORNER)
    user, item = (codes.ravel() for codes in np.meshgrid(users, items, indexing="ij"))
    prediction = trainer.predict(*split.as_known(user, item))
    return pd.DataFrame({"user": user, "item": item, "prediction": prediction})
