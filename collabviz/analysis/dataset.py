"""What a set of ratings looks like before anything is learned from it.

Everything here counts with ``bincount`` over the codes, so 25 million ratings take seconds and no Python loop
runs over them.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.ratings import FloatArray, IntArray, Ratings, RatingScale

Side = Literal["item", "user"]
Counts = npt.NDArray[np.int64]

_DAY = 86_400
_EPOCH = date(1970, 1, 1)
_MAX_LEVELS = 101
_SLIDER_BINS = 20
_TAIL_POINTS = 500
_MAX_POINTS_IN_TIME = 120
_LONGEST_SPAN = 100 * 366


@dataclass(frozen=True)
class Overview:
    """The figures that describe a set of ratings.

    Attributes:
        n_users: rows of the table of users.
        n_items: rows of the table of items.
        n_ratings: how many ratings there are.
        density: ratings over user-item pairs, ``n_ratings / (n_users * n_items)``.
        mean_rating: in units of the scale.
        median_per_user: ratings of the median user.
        median_per_item: ratings of the median item.
        first_day: UTC day of the first rating, None where there are no times (or they are not Unix seconds).
        last_day: UTC day of the last rating, None likewise.
    """

    n_users: int
    n_items: int
    n_ratings: int
    density: float
    mean_rating: float
    median_per_user: float
    median_per_item: float
    first_day: date | None
    last_day: date | None


def overview(ratings: Ratings) -> Overview:
    """The figures that describe a set of ratings."""
    days = _days(ratings)
    return Overview(
        n_users=ratings.n_users,
        n_items=ratings.n_items,
        n_ratings=len(ratings),
        density=len(ratings) / (ratings.n_users * ratings.n_items),
        mean_rating=float(ratings.rating.mean(dtype=np.float64)),
        median_per_user=float(np.median(_counts(ratings, "user"))),
        median_per_item=float(np.median(_counts(ratings, "item"))),
        first_day=_EPOCH + timedelta(days=days[0]) if days else None,
        last_day=_EPOCH + timedelta(days=days[1]) if days else None,
    )


def rating_histogram(ratings: Ratings) -> pd.DataFrame:
    """How often each rating was given.

    Returns:
        One row a level of the scale, also those nobody gave: ``rating``, ``count``, ``share`` (of all ratings).
        Ratings from a slider, which lie between the levels, are counted in 20 equal bins over the scale, and
        ``rating`` is the middle of the bin.
    """
    low, high = ratings.scale.min, ratings.scale.max
    levels: npt.NDArray[np.floating] = ratings.scale.levels
    if levels.size <= _MAX_LEVELS and _on_the_scale(ratings):
        position = np.rint((ratings.rating - low) / ratings.scale.step)
    else:
        width = (high - low) / _SLIDER_BINS
        levels = low + width * (np.arange(_SLIDER_BINS, dtype=np.float64) + 0.5)
        position = np.floor((ratings.rating - low) / width)
    bins = np.clip(position, 0, levels.size - 1).astype(np.intp)
    count = np.bincount(bins, minlength=levels.size)
    return pd.DataFrame({"rating": levels, "count": count, "share": count / len(ratings)})


@dataclass(frozen=True, eq=False)
class LongTail:
    """Items (or users) by how many ratings they have, the most rated first.

    Attributes:
        of: ``item`` or ``user``.
        n: how many have at least one rating; the others are left out.
        rank: int64[p], ascending from 1 to n; every rank for small sets, about 500 on a log grid for large ones.
        count: int64[p], ratings of the one at that rank.
        cumulative_share: float64[p], share of all ratings held by that rank and the ones before it.
        top_n: how many make up the top 10%, rounded up.
        top_share: share of all ratings that the top 10% hold.
    """

    of: Side
    n: int
    rank: Counts
    count: Counts
    cumulative_share: npt.NDArray[np.float64]
    top_n: int
    top_share: float

    @property
    def fact(self) -> str:
        """What the curve says, as a sentence."""
        who = {"item": "most rated 10% of titles", "user": "most active 10% of users"}[self.of]
        hold = "holds" if self.top_n == 1 else "hold"
        return f"The {who} ({self.top_n:,} of {self.n:,}) {hold} {self.top_share:.0%} of all ratings."


def long_tail(ratings: Ratings, of: Side = "item") -> LongTail:
    """How unevenly the ratings are spread over the items, or over the users."""
    counts = np.sort(_counts(ratings, of))[::-1]
    counts = counts[counts > 0]
    n = counts.size
    if n <= _TAIL_POINTS:
        rank = np.arange(1, n + 1)
    else:
        rank = np.unique(np.rint(np.geomspace(1, n, _TAIL_POINTS)).astype(np.int64))
    share = np.cumsum(counts) / len(ratings)
    top_n = -(-n // 10)
    return LongTail(of, n, rank, counts[rank - 1], share[rank - 1], top_n, float(share[top_n - 1]))


@dataclass(frozen=True, eq=False)
class OverTime:
    """Ratings by the day, week, month, quarter or year they were given in.

    Attributes:
        unit: the word for one period, ``"week"``.
        frame: one row a period, without gaps: ``start`` (its first day, UTC), ``count`` and ``mean_rating``
            (NaN where nothing was rated). The first and the last period may be cut short.
    """

    unit: str
    frame: pd.DataFrame


_PERIODS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}


def ratings_over_time(ratings: Ratings) -> OverTime | None:
    """How many ratings were given when, in the finest periods that make at most 120 points.

    None where there are no times, or where they cannot be Unix seconds (they span more than a century).
    """
    days = _days(ratings)
    if days is None or ratings.time is None:
        return None
    first, last = days
    day = ratings.time // _DAY - first
    calendar = pd.DatetimeIndex(np.arange(first, last + 1).astype("datetime64[D]"))
    by_unit = ((unit, calendar.to_period(frequency)) for unit, frequency in _PERIODS.items())
    unit, period = next((unit, period) for unit, period in by_unit if period.nunique() <= _MAX_POINTS_IN_TIME)
    daily = pd.DataFrame({"count": np.bincount(day), "total": np.bincount(day, weights=ratings.rating)})
    periods = daily.groupby(period).sum()
    frame = pd.DataFrame(
        {
            "start": pd.PeriodIndex(periods.index).start_time,
            "count": periods["count"].to_numpy(),
            "mean_rating": (periods["total"] / periods["count"].where(periods["count"] > 0)).to_numpy(),
        }
    )
    return OverTime(unit, frame)


@dataclass(frozen=True, eq=False)
class Crosstab:
    """A corner of the rating matrix: the most active users by the most rated items.

    Attributes:
        user: int32[u], codes, the most active first.
        item: int32[i], codes, the most rated first.
        user_labels: ids of the users, in that order.
        item_labels: titles of the items, in that order.
        rating: float32[u, i]; NaN where the user has not rated the item.
        scale: the scale of the ratings.
    """

    user: IntArray
    item: IntArray
    user_labels: list[str]
    item_labels: list[str]
    rating: FloatArray
    scale: RatingScale


def busiest(ratings: Ratings, of: Side, n: int) -> IntArray:
    """Codes of the n with the most ratings, among those with any."""
    counts = _counts(ratings, of)
    order = np.argsort(-counts, kind="stable")[:n]
    return order[counts[order] > 0].astype(np.int32)


def crosstab(ratings: Ratings, n_users: int = 15, n_items: int = 15) -> Crosstab:
    """The most active users by the most rated items (fast.ai book, chapter 8, the table of blanks).

    Ties go to the lower code. Where somebody rated a title twice, the mean is shown.
    """
    user, item = busiest(ratings, "user", n_users), busiest(ratings, "item", n_items)
    row, column = _places(user, ratings.n_users), _places(item, ratings.n_items)
    mine = np.flatnonzero(row[ratings.user] >= 0)
    mine = mine[column[ratings.item[mine]] >= 0]
    cell = row[ratings.user[mine]] * item.size + column[ratings.item[mine]]
    n_cells = user.size * item.size
    count = np.bincount(cell, minlength=n_cells)
    total = np.bincount(cell, weights=ratings.rating[mine], minlength=n_cells)
    mean = np.full(n_cells, np.nan, dtype=np.float32)
    np.divide(total, count, out=mean, where=count > 0, casting="same_kind")
    return Crosstab(
        user=user,
        item=item,
        user_labels=ratings.users["id"].iloc[user].astype(str).tolist(),
        item_labels=ratings.items["title"].iloc[item].astype(str).tolist(),
        rating=mean.reshape(user.size, item.size),
        scale=ratings.scale,
    )


def fill(table: Crosstab, predictions: pd.DataFrame) -> FloatArray:
    """What a run predicts for the blanks of a crosstab.

    Args:
        table: the crosstab.
        predictions: columns ``user`` and ``item`` (codes) and ``prediction``; pairs that are not blanks of the
            table are ignored.

    Returns:
        float32[u, i], NaN where there is a real rating or no prediction.
    """
    wide = predictions.pivot_table(index="user", columns="item", values="prediction", aggfunc="mean")
    predicted = wide.reindex(index=table.user, columns=table.item).to_numpy(dtype=np.float32)
    return np.where(np.isnan(table.rating), predicted, np.float32(np.nan))


def sample_batch(ratings: Ratings, rows: IntArray, size: int, seed: int) -> pd.DataFrame:
    """A few ratings as a model meets them, like fastai's ``show_batch``.

    Args:
        ratings: where they come from.
        rows: rows to draw from, ``split.train``.
        size: how many; all of them where there are fewer.
        seed: of the draw.

    Returns:
        Columns ``user`` (the id), ``title`` and ``rating``.
    """
    drawn = np.random.default_rng(seed).choice(rows, size=min(size, len(rows)), replace=False)
    return pd.DataFrame(
        {
            "user": ratings.users["id"].to_numpy()[ratings.user[drawn]],
            "title": ratings.items["title"].to_numpy()[ratings.item[drawn]],
            "rating": ratings.rating[drawn],
        }
    )


def _counts(ratings: Ratings, of: Side) -> Counts:
    """int64[n]: ratings of each user or item."""
    if of == "user":
        return np.bincount(ratings.user, minlength=ratings.n_users)
    return np.bincount(ratings.item, minlength=ratings.n_items)


def _places(codes: IntArray, n: int) -> npt.NDArray[np.int32]:
    """int32[n]: the place of each code in ``codes``, -1 for those that are not there."""
    places = np.full(n, -1, dtype=np.int32)
    places[codes] = np.arange(codes.size, dtype=np.int32)
    return places


def _on_the_scale(ratings: Ratings) -> bool:
    """Whether the ratings are levels of their scale, up to rounding."""
    position = (ratings.rating - ratings.scale.min) / ratings.scale.step
    return bool(np.abs(position - np.rint(position)).max() < 0.01)


def _days(ratings: Ratings) -> tuple[int, int] | None:
    """First and last UTC day since 1970; None without times, or with ones that cannot be Unix seconds."""
    if ratings.time is None:
        return None
    first, last = int(ratings.time.min()) // _DAY, int(ratings.time.max()) // _DAY
    return (first, last) if last - first <= _LONGEST_SPAN and abs(last) <= _LONGEST_SPAN else None
