"""The table everything starts from: who rated what, and how much.

``Ratings`` holds codes, not ids: ``user[i]`` is a row of ``users`` and ``item[i]`` a row of ``items``. A model
has one row more than each table, the *unknown* row, which stands for everybody (and everything) it has not
been trained on, as ``#na#`` does in the fast.ai book, chapter 8.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.errors import CollabVizError

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float32]
TimeArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RatingScale:
    """The ratings a person can give: from ``min`` to ``max`` in steps of ``step``."""

    min: float
    max: float
    step: float

    @property
    def y_range(self) -> tuple[float, float]:
        """The default range of the sigmoid, ``(min - step, max + step / 2)``: (0, 5.5) for 1 to 5.

        A sigmoid never reaches its ends, so the range has to go over the scale for a 5 to be predictable
        (fast.ai book, chapter 8, "Collaborative Filtering from Scratch").
        """
        return self.min - self.step, self.max + self.step / 2

    @property
    def levels(self) -> npt.NDArray[np.float64]:
        """Every rating on the scale, ascending."""
        return np.round(self.min + self.step * np.arange(round((self.max - self.min) / self.step) + 1), 6)

    @classmethod
    def infer(cls, rating: npt.ArrayLike) -> "RatingScale":
        """The scale a column of ratings was given on.

        A scale in common use is taken when every rating lies on it and they span at least half of it;
        otherwise the observed range, in the largest steps that hit every rating, or in twentieths of the range
        where there are more than 101 different ratings (a slider, not a scale).
        """
        seen = np.unique(np.round(np.asarray(rating, dtype=np.float64), 4))
        if seen.size == 0:
            raise CollabVizError("There is not a single rating, so there is no scale to read off.")
        low, high = float(seen[0]), float(seen[-1])
        for scale in _COMMON_SCALES:
            position = (seen - scale.min) / scale.step
            on_grid = np.allclose(position, np.round(position), atol=1e-3)
            inside = scale.min <= low and high <= scale.max
            if on_grid and inside and high - low >= (scale.max - scale.min) / 2:
                return scale
        if seen.size == 1:
            return cls(low, high, 1.0)
        if seen.size > 101:
            low, high = _rounded_outwards(low, high)
            return cls(low, high, (high - low) / 20)
        gaps = np.rint(np.diff(seen) * 10_000).astype(np.int64)
        return cls(low, high, float(np.gcd.reduce(gaps)) / 10_000)


_COMMON_SCALES = (
    RatingScale(1, 5, 1),
    RatingScale(0.5, 5, 0.5),
    RatingScale(1, 10, 1),
    RatingScale(0, 10, 1),
    RatingScale(0.5, 10, 0.5),
    RatingScale(-10, 10, 1),
    RatingScale(0, 100, 1),
)


def _rounded_outwards(low: float, high: float) -> tuple[float, float]:
    """The range widened to whole numbers where that adds at most a twentieth, as -9.95 to 9.9 means -10 to 10."""
    wide_low, wide_high = float(np.floor(low)), float(np.ceil(high))
    return (wide_low, wide_high) if (wide_high - wide_low) <= 1.05 * (high - low) else (low, high)


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings with their users and items; nothing in it changes once made.

    Attributes:
        name: what a person calls it, ``"ml-100k"``.
        user: int32[n], rows of ``users``.
        item: int32[n], rows of ``items``.
        rating: float32[n], in units of the scale (stars, points).
        users: one row a user: ``id``, and where known ``age``, ``gender``, ``occupation``.
        items: one row an item: ``title``, and where known ``year`` and ``genres`` (joined by ``|``).
        scale: the scale the ratings were given on.
        time: int64[n], Unix seconds, or None.
        folds: validation rows of the splits the source comes with, by name (``u1`` ... ``ub``).
        note: what a person should know about where the ratings came from; empty where there is nothing.

    Raises:
        CollabVizError: on arrays that do not fit together, or ratings that are not numbers.
    """

    name: str
    user: IntArray
    item: IntArray
    rating: FloatArray
    users: pd.DataFrame
    items: pd.DataFrame
    scale: RatingScale
    time: TimeArray | None = None
    folds: Mapping[str, IntArray] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        _freeze(self, "user", np.int32)
        _freeze(self, "item", np.int32)
        _freeze(self, "rating", np.float32)
        if self.time is not None:
            _freeze(self, "time", np.int64)
        n = len(self.rating)
        if n == 0:
            raise CollabVizError(f"{self.name} holds no ratings.")
        if not len(self.user) == len(self.item) == n or (self.time is not None and len(self.time) != n):
            raise CollabVizError(f"{self.name}: users, items, ratings and times must be equally many.")
        for codes, table, what in ((self.user, self.users, "user"), (self.item, self.items, "item")):
            if codes.min() < 0 or codes.max() >= len(table):
                raise CollabVizError(f"{self.name}: a {what} code lies outside its table of {len(table):,} rows.")
        if not np.isfinite(self.rating).all():
            raise CollabVizError(f"{self.name}: every rating must be a finite number.")

    def __len__(self) -> int:
        return len(self.rating)

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all content but the name and the note: equal for equal ratings, however they came."""
        digest = hashlib.sha256()
        for array in (self.user, self.item, self.rating, self.time):
            digest.update(b"none" if array is None else array.tobytes())
        for table in (self.users, self.items):
            digest.update(table.to_csv(index=False, lineterminator="\n").encode())
        for name in sorted(self.folds):
            digest.update(name.encode() + self.folds[name].tobytes())
        digest.update(repr((float(self.scale.min), float(self.scale.max), float(self.scale.step))).encode())
        return digest.hexdigest()


def _freeze(ratings: Ratings, name: str, dtype: type[np.generic]) -> None:
    """Replace an attribute by a read-only array of the right type (copied only if it has another)."""
    array = np.ascontiguousarray(getattr(ratings, name), dtype=dtype).view()
    array.flags.writeable = False
    object.__setattr__(ratings, name, array)


@dataclass(frozen=True)
class SplitSpec:
    """How to hold out ratings for validation.

    Attributes:
        kind: ``random`` (the chapter's), ``per-user`` (``per_user`` ratings of everybody), ``time`` (the latest)
            or ``fold`` (one the source comes with).
        fraction: share of the ratings held out by ``random`` and ``time``.
        seed: of ``random`` and ``per-user``.
        per_user: how many ratings ``per-user`` holds out of each user, who keeps at least as many for training.
        fold: its name, for ``fold``.
    """

    kind: str = "random"
    fraction: float = 0.2
    seed: int = 42
    per_user: int = 5
    fold: str | None = None

    KINDS = ("random", "per-user", "time", "fold")

    def __post_init__(self) -> None:
        if self.kind not in self.KINDS:
            raise CollabVizError(f"split.kind is {self.kind!r}; it can be {', '.join(self.KINDS)}.")
        if not 0 < self.fraction < 1:
            raise CollabVizError(f"split.fraction is {self.fraction}; it must lie between 0 and 1.")
        if self.seed < 0:
            raise CollabVizError(f"split.seed is {self.seed}; it must be 0 or more.")
        if self.per_user < 1:
            raise CollabVizError(f"split.per_user is {self.per_user}; it must be 1 or more.")


@dataclass(frozen=True, eq=False)
class Split:
    """Ratings in two parts: ``train`` and ``valid`` are int32 row numbers, disjoint and together all rows."""

    ratings: Ratings
    train: IntArray
    valid: IntArray

    @cached_property
    def known_users(self) -> BoolArray:
        """bool[n_users]: who has a rating in the training part."""
        return _present(self.ratings.user[self.train], self.ratings.n_users)

    @cached_property
    def known_items(self) -> BoolArray:
        """bool[n_items]: what has a rating in the training part."""
        return _present(self.ratings.item[self.train], self.ratings.n_items)

    def codes(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """User and item codes of these rows as a model takes them; see ``as_known``."""
        return self.as_known(self.ratings.user[rows], self.ratings.item[rows])

    def as_known(self, user: IntArray, item: IntArray) -> tuple[IntArray, IntArray]:
        """The codes with those that training has never seen replaced by the unknown (last) row."""
        return (
            np.where(self.known_users[user], user, np.int32(self.ratings.n_users)),
            np.where(self.known_items[item], item, np.int32(self.ratings.n_items)),
        )


def split_ratings(ratings: Ratings, spec: SplitSpec) -> Split:
    """Hold out a part of the ratings for validation.

    Raises:
        CollabVizError: where the ratings lack what the split needs (times, the fold), or a part would be empty.
    """
    valid = _HELD_OUT[spec.kind](ratings, spec)
    is_valid = np.zeros(len(ratings), dtype=np.bool_)
    is_valid[valid] = True
    split = Split(ratings, np.flatnonzero(~is_valid).astype(np.int32), np.flatnonzero(is_valid).astype(np.int32))
    if not len(split.train) or not len(split.valid):
        raise CollabVizError(
            f"{ratings.name} has too few ratings for a {spec.kind} split: {len(split.train):,} would be left for "
            f"training and {len(split.valid):,} for validation. Both need at least one."
        )
    return split


def _random(ratings: Ratings, spec: SplitSpec) -> npt.NDArray[Any]:
    n_valid = round(len(ratings) * spec.fraction)
    return np.random.default_rng(spec.seed).permutation(len(ratings))[:n_valid]


def _per_user(ratings: Ratings, spec: SplitSpec) -> npt.NDArray[Any]:
    shuffled = np.random.default_rng(spec.seed).permutation(len(ratings))
    by_user = shuffled[np.argsort(ratings.user[shuffled], kind="stable")]
    counts = np.bincount(ratings.user, minlength=ratings.n_users)
    place = np.arange(len(ratings)) - np.repeat(np.cumsum(counts) - counts, counts)
    held_out = np.minimum(spec.per_user, counts // 2)
    return by_user[place < np.repeat(held_out, counts)]


def _latest(ratings: Ratings, spec: SplitSpec) -> npt.NDArray[Any]:
    if ratings.time is None:
        raise CollabVizError(f"{ratings.name} has no times, so it cannot be split by time. Choose a random split.")
    n_valid = round(len(ratings) * spec.fraction)
    return np.argsort(ratings.time, kind="stable")[len(ratings) - n_valid :]


def _fold(ratings: Ratings, spec: SplitSpec) -> npt.NDArray[Any]:
    if spec.fold is None or spec.fold not in ratings.folds:
        has = f"it has {', '.join(sorted(ratings.folds))}" if ratings.folds else "it comes with none"
        raise CollabVizError(f"{ratings.name} has no fold {spec.fold!r}; {has}.")
    return ratings.folds[spec.fold]


_HELD_OUT = {"random": _random, "per-user": _per_user, "time": _latest, "fold": _fold}


def _present(codes: IntArray, n: int) -> BoolArray:
    present = np.zeros(n, dtype=np.bool_)
    present[codes] = True
    return present
