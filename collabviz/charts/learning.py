"""Figures of a training that is over: how the loss fell, and the learning rate it fell with."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from collabviz.analysis.learning import epochs_table, overfitting, visible_range
from collabviz.charts import theme

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "pentagon")


@dataclass(frozen=True, eq=False)
class Curve:
    """The history of one run under the name a person gave it."""

    label: str
    history: pd.DataFrame


def loss_curves(curves: Sequence[Curve], height: int = theme.MAIN_HEIGHT) -> go.Figure:
    """Training and validation loss of one run or several, by epoch.

    Validation is solid with markers, training thin and dotted in the same colour; a star marks the lowest
    validation loss. With a single run that overfits, the epochs since are shaded and named. The vertical range
    leaves out the first epoch (``analysis.learning.visible_range``); zooming out shows it.
    """
    visible = visible_range([curve.history for curve in curves])
    figure = theme.figure(
        height,
        xaxis={"title": {"text": "epochs of training"}, "rangemode": "tozero", "showgrid": True, "tickformat": "~g"},
        yaxis={"title": {"text": "mean squared error, rating points²"}, "range": visible, "tickformat": ".2f"},
        legend={"title": {"text": "solid: validation · dotted: training · star: lowest validation"}},
        showlegend=True,
    )
    for place, curve in enumerate(curves):
        _add_run(figure, curve, theme.colour(place), _SYMBOLS[place % len(_SYMBOLS)])
    if len(curves) == 1:
        _mark_overfitting(figure, curves[0].history)
    return figure


def lr_schedule(history: pd.DataFrame) -> go.Figure:
    """The learning rate at each step."""
    figure = theme.figure(
        theme.SECONDARY_HEIGHT,
        xaxis={"title": {"text": "step (batches)"}, "tickformat": ",d"},
        yaxis={"title": {"text": "learning rate"}, "tickformat": "~g", "rangemode": "tozero"},
    )
    return figure.add_scatter(
        x=history["step"].to_numpy(),
        y=history["lr"].to_numpy(),
        mode="lines",
        line={"color": theme.ACCENT, "width": 2},
        hovertemplate="step %{x:,}<br>learning rate %{y:.2~e}<extra></extra>",
    )


def _add_run(figure: go.Figure, curve: Curve, colour: str, symbol: str) -> None:
    epochs = epochs_table(curve.history)
    name = theme.plain(curve.label)
    figure.add_scatter(
        x=curve.history["epoch"].to_numpy(),
        y=curve.history["train_loss"].to_numpy(),
        name=name,
        legendgroup=name,
        showlegend=False,
        mode="lines",
        line={"color": colour, "width": 1.5, "dash": "dot"},
        hovertemplate="training %{y:.3f}<br>after %{x:.2f} epochs",
    )
    figure.add_scatter(
        x=epochs["epoch"].to_numpy(),
        y=epochs["valid_mse"].to_numpy(),
        name=name,
        legendgroup=name,
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"size": 8, "symbol": symbol},
        hovertemplate="validation %{y:.4f}<br>after epoch %{x}",
    )
    best = epochs[epochs["valid_mse"] == epochs["valid_mse"].min()].head(1)
    figure.add_scatter(
        x=best["epoch"].to_numpy(),
        y=best["valid_mse"].to_numpy(),
        name=name,
        legendgroup=name,
        showlegend=False,
        mode="markers",
        marker={"size": 17, "symbol": "star", "color": colour},
        hovertemplate="lowest validation %{y:.4f}<br>after epoch %{x}",
    )


def _mark_overfitting(figure: go.Figure, history: pd.DataFrame) -> None:
    """Shade the epochs since validation loss turned upward, if it did."""
    turn = overfitting(history)
    if turn is not None:
        figure.add_vrect(
            x0=turn.best_epoch,
            x1=float(history["epoch"].iloc[-1]),
            fillcolor=theme.BLANK,
            line_width=0,
            layer="below",
            annotation_text=f"overfitting: {turn.best:.3f} → {turn.latest:.3f}",
            annotation_position="top left",
        )
