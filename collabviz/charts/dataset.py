"""Figures of a set of ratings before anything is learned from it."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from collabviz.analysis.dataset import Crosstab, LongTail, OverTime
from collabviz.charts import theme
from collabviz.ratings import FloatArray

_ROW = 32  # pixels a row of the crosstab is high, when there is room
_LABELS = 190  # pixels for the titles below the crosstab and the line above it
_NUMBERS_UP_TO = 25  # rows or columns; beyond that a cell is too small for its number


def histogram(frame: pd.DataFrame) -> go.Figure:
    """How often each rating was given, as bars (``analysis.dataset.rating_histogram``)."""
    rating = frame["rating"].to_numpy()
    labelled = {"tickvals": rating} if len(rating) <= 21 else {}
    figure = theme.figure(
        theme.SECONDARY_HEIGHT,
        xaxis={"title": {"text": "rating"}, **labelled},
        yaxis={"title": {"text": "ratings given"}, "tickformat": ",d"},
        bargap=0.15,
    )
    return figure.add_bar(
        x=rating,
        y=frame["count"].to_numpy(),
        customdata=frame["share"].to_numpy(),
        marker={"color": theme.ACCENT},
        hovertemplate="rating %{x}<br>%{y:,} times (%{customdata:.1%})<extra></extra>",
    )


def long_tail(tail: LongTail) -> go.Figure:
    """Ratings of each item (or user) by its rank, both on logarithmic axes.

    Ranks and counts both run over three to five powers of ten: on linear axes the curve would lie on them. The
    top 10% are filled.
    """
    who, held = {"item": ("title", "ratings of the title"), "user": ("user", "ratings of the user")}[tail.of]
    figure = theme.figure(
        theme.SECONDARY_HEIGHT,
        xaxis={"title": {"text": f"rank of the {who} (log scale)"}, **_log_axis(tail.n)},
        yaxis={"title": {"text": f"{held} (log scale)"}, **_log_axis(int(tail.count[0]))},
        showlegend=False,
    )
    top = tail.rank <= tail.top_n
    # A log axis has no zero to fill down to; half a rating lies below every count.
    figure.add_scatter(x=tail.rank[top], y=np.full(top.sum(), 0.5), mode="lines", line={"width": 0}, hoverinfo="skip")
    figure.add_scatter(
        x=tail.rank[top],
        y=tail.count[top],
        mode="lines",
        line={"width": 0},
        fill="tonexty",
        fillcolor=theme.FILL,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=tail.rank,
        y=tail.count,
        customdata=tail.cumulative_share,
        mode="lines" if len(tail.rank) > 1 else "markers",
        line={"color": theme.ACCENT, "width": 2},
        hovertemplate=(
            f"{who} %{{x:,}}<br>%{{y:,}} ratings<br>%{{customdata:.1%}} of all ratings up to here<extra></extra>"
        ),
    )
    return figure


def over_time(times: OverTime) -> go.Figure:
    """Ratings given in each period, and their mean below, over one time axis."""
    start = times.frame["start"].to_numpy()
    figure = theme.figure(
        theme.SECONDARY_HEIGHT,
        xaxis={"anchor": "y2", "title": {"text": f"{times.unit} (UTC)"}},
        yaxis={"domain": [0.42, 1], "title": {"text": f"ratings<br>a {times.unit}"}, "tickformat": ",d", "nticks": 5},
        yaxis2={"domain": [0, 0.3], "title": {"text": "mean<br>rating"}, "nticks": 4},
        hovermode="x",
        showlegend=False,
    )
    figure.add_bar(
        x=start,
        y=times.frame["count"].to_numpy(),
        marker={"color": theme.ACCENT},
        hovertemplate="%{y:,} ratings<extra></extra>",
    )
    return figure.add_scatter(
        x=start,
        y=times.frame["mean_rating"].to_numpy(),
        yaxis="y2",
        mode="lines+markers",
        line={"color": theme.PALETTE[1], "width": 2},
        marker={"size": 4},
        hovertemplate="mean %{y:.2f}<extra></extra>",
    )


def crosstab(table: Crosstab, predicted: FloatArray | None = None) -> go.Figure:
    """The most active users by the most rated items: tiles for ratings, bare grey for blanks.

    Predictions (``analysis.dataset.fill``) go into the blanks as discs with an italic number and a "≈", so that
    shape and type tell them from ratings, not colour alone.
    """
    n_users, n_items = table.rating.shape
    numbers = max(n_users, n_items) <= _NUMBERS_UP_TO
    height = max(theme.MAIN_HEIGHT, min(n_users, _NUMBERS_UP_TO) * _ROW + _LABELS)
    figure = theme.figure(
        height,
        xaxis={
            "tickangle": -40,
            "range": [-0.5, n_items - 0.5],
            **_labels([theme.shortened(title) for title in table.item_labels]),
        },
        yaxis={
            "title": {"text": "user"},
            "range": [n_users - 0.5, -0.5],
            **_labels([theme.shortened(user) for user in table.user_labels]),
        },
        coloraxis={
            "colorscale": theme.SEQUENTIAL,
            "cmin": table.scale.min,
            "cmax": table.scale.max,
            "colorbar": {"title": {"text": "rating"}, "thickness": 14, "outlinewidth": 0},
        },
        showlegend=False,
    )
    hover = _hover(table, predicted)
    blank = np.isnan(table.rating)
    figure.add_heatmap(
        z=np.where(blank, np.float32(0), np.float32(np.nan)),
        colorscale=[[0, theme.BLANK], [1, theme.BLANK]],
        showscale=False,
        **_tiles(hover),
    )
    figure.add_heatmap(
        z=table.rating, coloraxis="coloraxis", texttemplate="%{z:.3~g}" if numbers else None, **_tiles(hover)
    )
    if predicted is not None:
        _add_discs(figure, table, predicted, (height - _LABELS) / n_users, numbers)
        _add_key(figure)
    return figure


def _log_axis(largest: int) -> dict[str, object]:
    """A logarithmic axis from 1 to the largest, with a label at every power of ten."""
    return {"type": "log", "range": [-0.05, np.log10(largest) + 0.1], "dtick": 1, "tickformat": ",d", "showgrid": True}


def _labels(texts: list[str]) -> dict[str, object]:
    """Ticks at 0, 1, 2 …, so that two items of the same title stay two."""
    return {"showgrid": False, "tickmode": "array", "tickvals": np.arange(len(texts)), "ticktext": texts}


def _tiles(hover: npt.NDArray[np.object_]) -> dict[str, object]:
    return {"xgap": 2, "ygap": 2, "hovertext": hover, "hoverinfo": "text", "hoverongaps": False}


def _hover(table: Crosstab, predicted: FloatArray | None) -> npt.NDArray[np.object_]:
    """Per cell the title, the user, and the rating or what stands for it."""
    texts = np.empty(table.rating.shape, dtype=object)
    for (row, column), rating in np.ndenumerate(table.rating):
        title, user = theme.plain(table.item_labels[column]), theme.plain(table.user_labels[row])
        if not np.isnan(rating):
            said = f"rated {rating:.3g}"
        elif predicted is None or np.isnan(predicted[row, column]):
            said = "not rated"
        else:
            said = f"not rated, predicted {predicted[row, column]:.2f}"
        texts[row, column] = f"<b>{title}</b><br>user {user}<br>{said}"
    return texts


def _add_discs(figure: go.Figure, table: Crosstab, predicted: FloatArray, row_height: float, numbers: bool) -> None:
    """Predictions as discs, smaller than the tile they lie in."""
    row, column = np.nonzero(~np.isnan(predicted))
    value = predicted[row, column]
    span = table.scale.max - table.scale.min
    digits = 1 if span <= 10 else 0
    figure.add_scatter(
        x=column,
        y=row,
        mode="markers+text" if numbers else "markers",
        marker={"size": 0.86 * row_height, "color": value, "coloraxis": "coloraxis"},
        text=[f"<i>≈{prediction:.{digits}f}</i>" for prediction in value] if numbers else None,
        textfont={"size": 10, "color": theme.ink_on_sequential((value - table.scale.min) / (span or 1))},
        hoverinfo="skip",
    )


def _add_key(figure: go.Figure) -> None:
    figure.add_annotation(
        text="tile: rating   ·   disc with <i>≈</i>: prediction for a blank",
        xref="paper",
        yref="paper",
        x=0,
        y=1,
        yanchor="bottom",
        yshift=6,
        showarrow=False,
    )
