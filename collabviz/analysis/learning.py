"""What a history of training tells: the epochs, overfitting, and which part of the curve is worth seeing.

A history is a frame with one row a record: ``step``, ``epoch`` (epochs done, fractional), ``train_loss`` (mean
squared error over the batches since the record before), ``valid_loss`` (NaN within an epoch), ``lr``,
``ratings_per_second``, ``device_memory`` (bytes or NaN) and ``seconds`` (so far).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

_SETTLED_AFTER = (1.0, 0.5)  # epochs: before that the loss falls from several to about one
_PADDING = 0.08
_UPTURN = 0.005


def epochs_table(history: pd.DataFrame) -> pd.DataFrame:
    """One row a finished epoch.

    Returns:
        ``epoch`` (from 1), ``train_mse`` (mean over its batches), ``valid_mse`` (at its end) and ``seconds`` (that
        it took).
    """
    steps = history["step"].diff().fillna(history["step"])
    known = history["train_loss"].notna()
    parts = pd.DataFrame(
        {
            "epoch": np.ceil(history["epoch"] - 1e-6).astype(int),
            "steps": steps.where(known, 0),
            "error": (history["train_loss"] * steps).where(known, 0.0),
            "valid_mse": history["valid_loss"],
            "seconds": history["seconds"],
        }
    )
    epochs = parts.groupby("epoch").agg(
        {"steps": "sum", "error": "sum", "valid_mse": "last", "seconds": "last"},
    )
    table = pd.DataFrame(
        {
            "train_mse": epochs["error"] / epochs["steps"],
            "valid_mse": epochs["valid_mse"],
            "seconds": epochs["seconds"].diff().fillna(epochs["seconds"]),
        }
    )
    return table[table["valid_mse"].notna()].reset_index()


@dataclass(frozen=True)
class Overfitting:
    """Validation loss was lower before.

    Attributes:
        best_epoch: the epoch, counted from 1, after which it was lowest.
        best: the lowest validation mean squared error.
        latest: the one after the last epoch.
    """

    best_epoch: int
    best: float
    latest: float

    @property
    def fact(self) -> str:
        """What happened and what helps, in a sentence."""
        return (
            f"Validation loss was lowest after epoch {self.best_epoch} ({self.best:.3f}) and has risen to "
            f"{self.latest:.3f} since: the model is overfitting; more weight decay (wd) is the usual remedy."
        )


def overfitting(history: pd.DataFrame) -> Overfitting | None:
    """Whether validation loss has turned upward: the latest is more than 0.5 % above the lowest, which came before."""
    epochs = epochs_table(history)
    losses = epochs["valid_mse"].to_numpy(dtype=np.float64)
    if not losses.size or losses[-1] <= losses.min() * (1 + _UPTURN):
        return None
    best = int(losses.argmin())
    return Overfitting(int(epochs["epoch"].iloc[best]), float(losses[best]), float(losses[-1]))


def settled(history: pd.DataFrame) -> pd.DataFrame:
    """The records from the end of the first epoch on; before there are any, those after its first half, or all.

    The first batches lie at 5 to 13 and would squash the part around one where models differ.
    """
    for epoch in _SETTLED_AFTER:
        if (history["epoch"] > epoch).any():
            return history[history["epoch"] >= epoch]
    return history


def visible_range(histories: Sequence[pd.DataFrame]) -> tuple[float, float] | None:
    """The losses worth showing of all these histories, padded; None while there is no loss at all."""
    if not histories:
        return None
    losses = pd.concat([settled(history) for history in histories])[["train_loss", "valid_loss"]].to_numpy(np.float64)
    losses = losses[np.isfinite(losses)]
    if not losses.size:
        return None
    low, high = float(losses.min()), float(losses.max())
    padding = _PADDING * ((high - low) or high or 1.0)
    return low - padding, high + padding
