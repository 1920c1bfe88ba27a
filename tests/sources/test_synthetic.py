import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings
from collabviz.sources.synthetic import NOTE, plant, synthetic_ratings

SIZES = {"n_users": 300, "n_items": 400, "n_ratings": 12_000}


def test_the_defaults_have_the_size_of_movielens_100k() -> None:
    ratings = synthetic_ratings()
    assert (len(ratings), ratings.n_users, ratings.n_items) == (100_000, 943, 1_664)
    assert ratings.note == NOTE


def test_the_seed_decides() -> None:
    assert synthetic_ratings(**SIZES, seed=1).fingerprint == synthetic_ratings(**SIZES, seed=1).fingerprint
    assert synthetic_ratings(**SIZES, seed=1).fingerprint != synthetic_ratings(**SIZES, seed=2).fingerprint


@settings(max_examples=40, deadline=None)
@given(n_users=st.integers(1, 30), n_items=st.integers(1, 30), share=st.floats(0, 1), seed=st.integers(0, 9))
def test_any_size_up_to_every_pair_has_distinct_pairs(n_users: int, n_items: int, share: float, seed: int) -> None:
    n_ratings = max(1, round(share * n_users * n_items))
    ratings = synthetic_ratings(n_users, n_items, n_ratings, seed=seed)
    pairs = set(zip(ratings.user.tolist(), ratings.item.tolist(), strict=True))
    assert len(ratings) == len(pairs) == n_ratings
    if n_ratings >= max(n_users, n_items):
        assert len(set(ratings.user)) == n_users
        assert len(set(ratings.item)) == n_items


def test_ratings_are_whole_stars_and_all_are_given() -> None:
    assert np.unique(synthetic_ratings(**SIZES).rating).tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("side", ["user", "item"])
def test_a_fifth_has_far_more_than_a_fifth_of_the_ratings(side: str) -> None:
    codes: np.ndarray = getattr(synthetic_ratings(**SIZES), side)
    counts = np.sort(np.bincount(codes))[::-1]
    assert counts[: len(counts) // 5].sum() > 0.4 * len(codes)


def test_better_films_are_rated_more_often() -> None:
    planted = plant(**SIZES)
    counts = np.bincount(planted.ratings.item, minlength=400)
    assert np.corrcoef(planted.item_bias, np.log(counts))[0, 1] > 0.2


def test_without_noise_every_rating_is_the_expected_one_rounded() -> None:
    planted = plant(**SIZES, noise=0)
    ratings = planted.ratings
    expected = planted.expected(ratings.user, ratings.item)
    one = 3.5 + planted.user_bias[ratings.user[0]] + planted.item_bias[ratings.item[0]]
    one += planted.user_factors[ratings.user[0]] @ planted.item_factors[ratings.item[0]]
    assert expected[0] == pytest.approx(one, abs=1e-5)
    np.testing.assert_array_equal(ratings.rating, np.clip(np.rint(expected), 1, 5))


def test_the_noise_is_as_large_as_asked() -> None:
    planted = plant(**SIZES, noise=0.7)
    expected = planted.expected(planted.ratings.user, planted.ratings.item)
    inside = (expected > 2.5) & (expected < 3.5)
    error = (planted.ratings.rating - expected)[inside]
    assert error.std() == pytest.approx(np.sqrt(0.7**2 + 1 / 12), rel=0.1)


def test_films_carry_titles_years_and_genres_of_their_factors() -> None:
    planted = plant(**SIZES)
    items = planted.ratings.items
    assert items["title"].is_unique
    assert items["title"][0] == f"Film 0001 ({items['year'][0]})"
    first = planted.item_factors[:, 0]
    assert np.corrcoef(first, items["year"].astype(float))[0, 1] > 0.8
    assert first[items["genres"].str.contains("Action")].min() > 0
    assert first[items["genres"].str.contains("Documentary")].max() < 0
    assert (items["genres"] != "").all()


def test_more_ratings_than_pairs_are_refused() -> None:
    with pytest.raises(CollabVizError, match="3 users and 4 items make 12 pairs; 13 ratings are too many"):
        synthetic_ratings(3, 4, 13)


@pytest.mark.parametrize("sizes", [(0, 4, 1), (4, 0, 1), (4, 4, 0)])
def test_nothing_is_refused(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(CollabVizError, match="at least one"):
        synthetic_ratings(*sizes)


def test_each_rates_after_joining_within_the_years_meant(small: Ratings) -> None:
    assert small.time is not None
    assert small.time.min() >= 946_684_800
    assert small.time.max() < 946_684_800 + 4 * 365 * 86_400
    spans = [np.ptp(small.time[small.user == user]) for user in range(small.n_users)]
    assert np.median(spans) < 365 * 86_400
