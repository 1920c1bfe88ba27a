"""Made-up ratings with a known truth: seeded, long-tailed, at any size.

The truth is the model of Koren, Bell and Volinsky (2009), "Matrix Factorization Techniques for Recommender
Systems", eq. 5: ``r_ui = mu + b_u + b_i + p_u . q_i + noise``, then rounded to whole stars and clipped to 1-5.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.errors import CollabVizError
from collabviz.ratings import FloatArray, IntArray, Ratings, RatingScale, TimeArray

NOTE = "These ratings are made up: films, people and tastes come out of a random generator."

_SCALE = RatingScale(1, 5, 1)
_MEAN = 3.5
# Standard deviations, in stars; with the default noise they add up to the 1.1 stars of MovieLens 100K.
_USER_BIAS, _ITEM_BIAS, _TASTE = 0.4, 0.45, 0.55
_BLOCK = 1 << 20

# The genres at the low and the high end of each planted factor.
_POLES = (
    ("Documentary", "Action"),
    ("Comedy", "Thriller"),
    ("Romance", "Sci-Fi"),
    ("Children's", "Film-Noir"),
    ("Western", "Musical"),
)
_FIRST_DAY, _DAY = 946_684_800, 86_400  # 2000-01-01, in Unix seconds


@dataclass(frozen=True, eq=False)
class Planted:
    """Synthetic ratings beside the truth they were drawn from.

    Attributes:
        ratings: what a model gets to see.
        mean: stars.
        user_bias: float32[n_users], stars.
        item_bias: float32[n_items], stars.
        user_factors: float32[n_users, n_factors].
        item_factors: float32[n_items, n_factors].
        noise: standard deviation of what no model can know, in stars (before rounding).
    """

    ratings: Ratings
    mean: float
    user_bias: FloatArray
    item_bias: FloatArray
    user_factors: FloatArray
    item_factors: FloatArray
    noise: float

    def expected(self, user: IntArray, item: IntArray) -> FloatArray:
        """float32[n]: the ratings of these pairs without noise and rounding, ``mu + b_u + b_i + p_u . q_i``."""
        taste: FloatArray = np.einsum("nk,nk->n", self.user_factors[user], self.item_factors[item])
        return np.float32(self.mean) + self.user_bias[user] + self.item_bias[item] + taste


def synthetic_ratings(
    n_users: int = 943,
    n_items: int = 1_664,
    n_ratings: int = 100_000,
    *,
    n_factors: int = 5,
    seed: int = 42,
    noise: float = 0.7,
    name: str = "synthetic",
) -> Ratings:
    """Made-up ratings without their truth; see ``plant`` for what the arguments mean."""
    return plant(n_users, n_items, n_ratings, n_factors=n_factors, seed=seed, noise=noise, name=name).ratings


def plant(
    n_users: int = 943,
    n_items: int = 1_664,
    n_ratings: int = 100_000,
    *,
    n_factors: int = 5,
    seed: int = 42,
    noise: float = 0.7,
    name: str = "synthetic",
) -> Planted:
    """Draw biases, factors and ratings; the sizes are those of MovieLens 100K unless said.

    Few films and few people have most of the ratings, better films have more, and no pair comes twice. Each
    factor pulls a film towards one of two genres, and the first makes it older or newer, so that a map of what
    a model learns has something to show.

    Args:
        n_users: people; each has a rating where there are ratings enough.
        n_items: films; likewise.
        n_ratings: at most ``n_users * n_items``.
        n_factors: tastes that people differ in.
        seed: the same seed and sizes give the same ratings.
        noise: standard deviation, in stars, of what neither biases nor factors explain.
        name: what the ratings are called.

    Raises:
        CollabVizError: where a size is below 1, or there are more ratings than pairs.
    """
    if min(n_users, n_items, n_ratings, n_factors) < 1:
        raise CollabVizError("Synthetic ratings need at least one user, item, rating and factor.")
    if n_ratings > n_users * n_items:
        raise CollabVizError(
            f"{n_users:,} users and {n_items:,} items make {n_users * n_items:,} pairs; {n_ratings:,} ratings "
            "are too many. Ask for fewer ratings, or more users or items."
        )
    rng = np.random.default_rng(seed)
    user_bias = rng.normal(0, _USER_BIAS, n_users).astype(np.float32)
    item_bias = rng.normal(0, _ITEM_BIAS, n_items).astype(np.float32)
    # A dot product of k such factors has the variance k * spread**4, which is to be _TASTE**2.
    spread = _TASTE**0.5 / n_factors**0.25
    user_factors = rng.normal(0, spread, (n_users, n_factors)).astype(np.float32)
    item_factors = rng.normal(0, spread, (n_items, n_factors)).astype(np.float32)
    user, item = _pairs(rng, n_users, item_bias, n_ratings)
    blank = Ratings(
        name=name,
        user=user,
        item=item,
        rating=np.full(n_ratings, _MEAN, dtype=np.float32),
        time=_times(rng, user, n_users),
        users=pd.DataFrame({"id": np.arange(1, n_users + 1)}),
        items=_films(rng, item_factors / spread),
        scale=_SCALE,
        note=NOTE,
    )
    planted = Planted(blank, _MEAN, user_bias, item_bias, user_factors, item_factors, noise)
    return replace(planted, ratings=replace(blank, rating=_rate(rng, planted)))


def _pairs(rng: np.random.Generator, n_users: int, item_bias: FloatArray, n_ratings: int) -> tuple[IntArray, IntArray]:
    """Who rates what: distinct pairs in random order, long-tailed on both sides."""
    n_items = len(item_bias)
    activity = rng.normal(0, 0.9, n_users)
    popularity = 1.3 * rng.normal(0, 1, n_items) + 0.5 * item_bias / _ITEM_BIAS
    # First of all one rating for everybody and everything. A pair is held as user * n_items + item.
    everyone = np.arange(max(n_users, n_items))
    first = (everyone % n_users * n_items + rng.permutation(everyone) % n_items)[:n_ratings]
    pairs = np.sort(first)
    flatness = 1.0
    while len(pairs) < n_ratings:
        # As many draws as even weights would need, and some more; each round is a little more even than the last.
        share_left = 1 - len(pairs) / (n_users * n_items)
        n_draws = int(1.2 * (n_ratings - len(pairs)) / share_left) + 16
        users = _draw(rng, activity / flatness, n_draws)
        items = rng.permutation(_draw(rng, popularity / flatness, n_draws))
        pairs = _distinct(np.concatenate([pairs, users * n_items + items]))
        flatness += 0.5
    spare = np.ones(len(pairs), dtype=np.bool_)
    spare[np.searchsorted(pairs, first)] = False
    surplus = rng.choice(np.flatnonzero(spare), len(pairs) - n_ratings, replace=False)
    user, item = np.divmod(rng.permutation(np.delete(pairs, surplus)), n_items)
    return user.astype(np.int32), item.astype(np.int32)


def _draw(rng: np.random.Generator, log_weight: npt.NDArray[np.floating], n: int) -> npt.NDArray[np.int64]:
    """``n`` codes with replacement, by their weights, in ascending order."""
    weight = np.exp(log_weight)
    return np.repeat(np.arange(len(weight)), rng.multinomial(n, weight / weight.sum()))


def _distinct(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The different values, ascending: np.unique, whose hashing is far slower at this size."""
    values.sort()
    is_new = np.ones(len(values), dtype=np.bool_)
    is_new[1:] = values[1:] != values[:-1]
    return values[is_new]


def _rate(rng: np.random.Generator, planted: Planted) -> FloatArray:
    """The ratings people give: what is expected of them and noise, in whole stars; in blocks, to save memory."""
    ratings = planted.ratings
    rating = np.empty(len(ratings), dtype=np.float32)
    for start in range(0, len(ratings), _BLOCK):
        rows = slice(start, start + _BLOCK)
        expected = planted.expected(ratings.user[rows], ratings.item[rows])
        rating[rows] = expected + planted.noise * rng.standard_normal(len(expected), dtype=np.float32)
    return np.clip(np.rint(rating), _SCALE.min, _SCALE.max)


def _times(rng: np.random.Generator, user: IntArray, n_users: int) -> TimeArray:
    """Everybody joins some day within two years and rates over the following weeks."""
    joined = _FIRST_DAY + rng.integers(0, 730 * _DAY, n_users)
    return joined[user] + rng.exponential(30 * _DAY, len(user)).astype(np.int64)


def _films(rng: np.random.Generator, factors: FloatArray) -> pd.DataFrame:
    """Titles, years and genres; ``factors`` are in standard deviations."""
    n_items = len(factors)
    year = np.clip(np.rint(1985 + 9 * factors[:, 0] + rng.normal(0, 3, n_items)), 1930, 1999).astype(int)
    digits = max(4, len(str(n_items)))
    return pd.DataFrame(
        {
            "id": np.arange(1, n_items + 1),
            "title": [f"Film {number:0{digits}} ({of})" for number, of in enumerate(year, start=1)],
            "year": pd.array(year, dtype="Int16"),
            "genres": _genres(factors[:, : len(_POLES)]),
        }
    )


def _genres(factors: FloatArray) -> list[str]:
    """Of each film the genre of its strongest factor, and of every other that lies beyond one deviation."""
    strongest = np.abs(factors).argmax(axis=1)
    belongs = np.abs(factors) > 1
    belongs[np.arange(len(factors)), strongest] = True
    return [
        "|".join(sorted(_POLES[k][int(row[k] > 0)] for k in np.flatnonzero(has)))
        for row, has in zip(factors, belongs, strict=True)
    ]
