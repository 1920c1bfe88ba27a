"""What a set of ratings looks like, by hand and against plain counting."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabviz.analysis.dataset import (
    crosstab,
    fill,
    long_tail,
    overview,
    rating_histogram,
    ratings_over_time,
    sample_batch,
)
from collabviz.ratings import Ratings, RatingScale

DAY = 86_400
STARS = RatingScale(1, 5, 1)


def made(
    triples: list[tuple[int, int, float]],
    *,
    scale: RatingScale = STARS,
    time: list[int] | None = None,
    n_users: int | None = None,
    n_items: int | None = None,
) -> Ratings:
    """Ratings out of (user, item, rating), with ids u0, u1 … and titles Film 0, Film 1 …."""
    user, item, rating = (np.array(column) for column in zip(*triples, strict=True))
    return Ratings(
        name="made",
        user=user,
        item=item,
        rating=rating,
        users=pd.DataFrame({"id": [f"u{code}" for code in range(n_users or user.max() + 1)]}),
        items=pd.DataFrame({"title": [f"Film {code}" for code in range(n_items or item.max() + 1)]}),
        scale=scale,
        time=None if time is None else np.array(time),
    )


def test_overview_counts_rows_of_the_tables_and_takes_medians_over_them():
    ratings = made([(0, 0, 5), (0, 1, 3), (1, 0, 4), (0, 2, 2)], time=[DAY, 3 * DAY + 5, 2 * DAY, DAY + 1], n_users=4)
    facts = overview(ratings)
    assert (facts.n_users, facts.n_items, facts.n_ratings) == (4, 3, 4)
    assert facts.density == 4 / 12
    assert facts.mean_rating == 3.5
    assert facts.median_per_user == 0.5
    assert facts.median_per_item == 1
    assert (facts.first_day, facts.last_day) == (date(1970, 1, 2), date(1970, 1, 4))


def test_overview_has_no_days_without_times_or_with_impossible_ones():
    assert overview(made([(0, 0, 5)])).first_day is None
    assert overview(made([(0, 0, 5)], time=[10**18])).last_day is None


def test_histogram_keeps_the_levels_nobody_gave():
    frame = rating_histogram(made([(0, 0, 5), (0, 1, 3), (1, 0, 5), (1, 1, 1)]))
    assert frame["rating"].tolist() == [1, 2, 3, 4, 5]
    assert frame["count"].tolist() == [1, 0, 1, 0, 2]
    assert frame["share"].tolist() == [0.25, 0, 0.25, 0, 0.5]


def test_histogram_of_a_slider_counts_in_twenty_bins_of_equal_width():
    values = np.random.default_rng(0).uniform(-10, 10, 4_000).astype(np.float32)
    values[:2] = -10, 10
    ratings = made([(0, 0, value) for value in values], scale=RatingScale(-10, 10, 1))
    frame = rating_histogram(ratings)
    expected, edges = np.histogram(values, bins=20, range=(-10, 10))
    assert frame["count"].tolist() == expected.tolist()
    np.testing.assert_allclose(frame["rating"], (edges[1:] + edges[:-1]) / 2)


def test_histogram_of_an_absurdly_fine_scale_stays_small():
    ratings = made([(0, 0, 0.0), (0, 1, 0.0001), (0, 2, 100.0)], scale=RatingScale(0, 100, 0.0001))
    assert rating_histogram(ratings)["count"].tolist() == [2] + [0] * 18 + [1]


@given(st.lists(st.sampled_from(np.arange(0.5, 5.5, 0.5).tolist()), min_size=1, max_size=60))
def test_histogram_of_half_stars_counts_every_rating_at_its_level(values: list[float]):
    frame = rating_histogram(made([(0, 0, value) for value in values], scale=RatingScale(0.5, 5, 0.5)))
    assert dict(zip(frame["rating"], frame["count"], strict=True)) == {
        level: values.count(level) for level in np.arange(0.5, 5.5, 0.5)
    }


def test_long_tail_ranks_the_rated_items_and_says_what_the_top_tenth_holds():
    triples = [(user, 0, 4.0) for user in range(11)] + [(0, item, 4.0) for item in range(1, 10)]
    tail = long_tail(made(triples, n_items=12))
    assert tail.n == 10
    assert tail.rank.tolist() == list(range(1, 11))
    assert tail.count.tolist() == [11] + [1] * 9
    np.testing.assert_allclose(tail.cumulative_share, np.arange(11, 21) / 20)
    assert (tail.top_n, tail.top_share) == (1, 0.55)
    assert tail.fact == "The most rated 10% of titles (1 of 10) holds 55% of all ratings."


def test_long_tail_of_users_counts_users():
    tail = long_tail(made([(0, 0, 4), (0, 1, 4), (1, 0, 4)]), of="user")
    assert tail.count.tolist() == [2, 1]
    assert "most active 10% of users" in tail.fact


def test_long_tail_of_many_items_is_thinned_but_exact_at_both_ends():
    counts = np.sort(np.random.default_rng(1).zipf(1.5, 60_000).clip(max=400))[::-1]
    item = np.repeat(np.arange(60_000), counts)
    ratings = Ratings(
        name="many",
        user=np.zeros_like(item),
        item=item,
        rating=np.ones(item.size),
        users=pd.DataFrame({"id": ["u0"]}),
        items=pd.DataFrame({"title": np.arange(60_000).astype(str)}),
        scale=STARS,
    )
    tail = long_tail(ratings)
    assert len(tail.rank) <= 500
    assert (tail.rank[0], tail.rank[-1]) == (1, 60_000)
    assert tail.count.tolist() == counts[tail.rank - 1].tolist()
    assert tail.cumulative_share[-1] == 1
    assert tail.top_share == pytest.approx(counts[:6_000].sum() / counts.sum())


@pytest.mark.parametrize(
    ("days", "unit"), [(1, "day"), (120, "day"), (121, "week"), (214, "week"), (900, "month"), (9_000, "quarter")]
)
def test_time_is_cut_into_the_finest_periods_that_make_at_most_120_points(days: int, unit: str):
    times = ratings_over_time(made([(0, 0, 4), (0, 1, 2)], time=[874_724_710, 874_724_710 + (days - 1) * DAY]))
    assert times is not None
    assert times.unit == unit
    assert len(times.frame) <= 120
    assert times.frame["count"].sum() == 2


def test_periods_without_ratings_have_a_count_of_zero_and_no_mean():
    times = ratings_over_time(made([(0, 0, 4), (1, 0, 1), (0, 1, 2)], time=[0, DAY - 1, 2 * DAY]))
    assert times is not None
    assert times.frame["start"].tolist() == [pd.Timestamp("1970-01-01") + pd.Timedelta(days=day) for day in range(3)]
    assert times.frame["count"].tolist() == [2, 0, 1]
    assert times.frame["mean_rating"].tolist() == pytest.approx([2.5, np.nan, 2], nan_ok=True)


def test_there_is_nothing_over_time_without_times_or_with_impossible_ones():
    assert ratings_over_time(made([(0, 0, 4)])) is None
    assert ratings_over_time(made([(0, 0, 4), (0, 1, 4)], time=[0, 10**15])) is None
    assert ratings_over_time(made([(0, 0, 4), (0, 1, 4)], time=[-(10**12), 0])) is None


def test_crosstab_takes_the_busiest_leaves_blanks_and_breaks_ties_by_code():
    ratings = made([(0, 0, 1), (1, 1, 2), (1, 2, 3), (2, 2, 4), (2, 1, 5), (3, 3, 5)], n_items=6)
    table = crosstab(ratings, n_users=2, n_items=3)
    assert table.user.tolist() == [1, 2]
    assert table.item.tolist() == [1, 2, 0]
    assert table.user_labels == ["u1", "u2"]
    assert table.item_labels == ["Film 1", "Film 2", "Film 0"]
    assert table.rating.dtype == np.float32
    np.testing.assert_array_equal(table.rating, [[2, 3, np.nan], [5, 4, np.nan]])


def test_crosstab_shows_the_mean_where_a_title_was_rated_twice():
    assert crosstab(made([(0, 0, 3), (0, 0, 4)])).rating.tolist() == [[3.5]]


def test_crosstab_of_few_ratings_is_as_small_as_they_are():
    assert crosstab(made([(0, 0, 3), (1, 1, 4)], n_users=9, n_items=9)).rating.shape == (2, 2)


def test_filling_a_crosstab_touches_blanks_only_and_ignores_pairs_outside():
    table = crosstab(made([(0, 0, 5), (0, 1, 3), (1, 0, 4), (2, 2, 1)]), n_users=3, n_items=2)
    predictions = pd.DataFrame(
        {"user": [1, 0, 2, 7], "item": [1, 0, 2, 1], "prediction": np.array([2.5, 1, 3, 4], dtype=np.float32)}
    )
    filled = fill(table, predictions)
    np.testing.assert_array_equal(filled, [[np.nan, np.nan], [np.nan, 2.5], [np.nan, np.nan]])
    assert filled.dtype == np.float32


def test_filling_with_no_predictions_leaves_every_blank():
    table = crosstab(made([(0, 0, 5), (1, 1, 3)]))
    assert np.isnan(fill(table, pd.DataFrame({"user": [], "item": [], "prediction": []}))).all()


def test_a_sample_batch_shows_ids_and_titles_of_the_rows_it_may_draw_from():
    ratings = made([(0, 0, 5), (1, 1, 3), (2, 2, 1), (0, 2, 2)])
    batch = sample_batch(ratings, np.array([1, 3], dtype=np.int32), size=9, seed=0)
    assert sorted(batch.itertuples(index=False, name=None)) == [("u0", "Film 2", 2.0), ("u1", "Film 1", 3.0)]


def test_a_sample_batch_is_the_same_for_the_same_seed_only():
    ratings = made([(0, item, 1 + item % 5) for item in range(100)])
    rows = np.arange(100, dtype=np.int32)
    batch = sample_batch(ratings, rows, size=10, seed=1)
    assert len(batch) == 10
    assert batch.equals(sample_batch(ratings, rows, size=10, seed=1))
    assert not batch.equals(sample_batch(ratings, rows, size=10, seed=2))
