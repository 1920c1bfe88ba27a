import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings, RatingScale, Split, SplitSpec, split_ratings


def rated(
    user: Sequence[int],
    item: Sequence[int],
    rating: Sequence[float] | None = None,
    time: Sequence[int] | None = None,
    folds: Mapping[str, np.ndarray] | None = None,
) -> Ratings:
    """Ratings of three stars, unless said, by as many users and items as the codes name."""
    return Ratings(
        name="tiny",
        user=np.array(user, dtype=np.int32),
        item=np.array(item, dtype=np.int32),
        rating=np.full(len(user), 3.0) if rating is None else np.array(rating),
        time=None if time is None else np.array(time),
        users=pd.DataFrame({"id": np.arange(max(user, default=0) + 1)}),
        items=pd.DataFrame({"title": [f"Film {i}" for i in range(max(item, default=0) + 1)]}),
        scale=RatingScale(1, 5, 1),
        folds=folds or {},
    )


pairs_of_codes = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=10, max_size=60)


# --- The scale


@pytest.mark.parametrize(
    ("ratings", "scale"),
    [
        ([1, 2, 3, 4, 5], (1, 5, 1)),
        ([2, 4], (1, 5, 1)),
        ([0.5, 3, 5], (0.5, 5, 0.5)),
        ([1, 4.5], (0.5, 5, 0.5)),
        ([1, 3, 10], (1, 10, 1)),
        ([0, 7, 10], (0, 10, 1)),
        ([0.5, 9.5], (0.5, 10, 0.5)),
        ([-10, -3, 0, 8, 10], (-10, 10, 1)),
        ([0, 35, 100], (0, 100, 1)),
    ],
)
def test_a_scale_in_common_use_is_recognised(ratings: list[float], scale: tuple[float, float, float]) -> None:
    assert RatingScale.infer(ratings) == RatingScale(*scale)


def test_a_scale_is_recognised_in_single_precision_too() -> None:
    assert RatingScale.infer(np.array([0.5, 2.5, 5], dtype=np.float32)) == RatingScale(0.5, 5, 0.5)


@pytest.mark.parametrize(
    ("ratings", "scale"),
    [
        ([1, 2, 3], (1, 5, 1)),  # half of 1-5
        ([4, 5], (4, 5, 1)),  # too little of any scale in common use
        ([-1, 1], (-1, 1, 2)),  # thumbs
        ([0, 1], (0, 1, 1)),
        ([1, 1.25, 2], (1, 2, 0.25)),
        ([2, 8, 20], (2, 20, 6)),  # 20 is beyond 0-10, and the span too little of 0-100
        ([7], (7, 7, 1)),
        ([3, 3, 3], (3, 3, 1)),
    ],
)
def test_an_odd_scale_is_read_off_the_ratings(ratings: list[float], scale: tuple[float, float, float]) -> None:
    assert RatingScale.infer(ratings) == RatingScale(*scale)


def test_a_slider_gets_whole_ends_and_twentieths() -> None:
    slider = np.linspace(-9.95, 9.9, 800)
    assert RatingScale.infer(slider) == RatingScale(-10, 10, 1)


def test_a_narrow_slider_keeps_its_ends() -> None:
    scale = RatingScale.infer(np.linspace(0.2, 0.7, 300))
    assert (scale.min, scale.max, scale.step) == pytest.approx((0.2, 0.7, 0.025))


def test_a_scale_cannot_be_read_off_nothing() -> None:
    with pytest.raises(CollabVizError, match="not a single rating"):
        RatingScale.infer([])


@given(st.lists(st.floats(-1_000, 1_000, width=32), min_size=1))
def test_every_rating_lies_inside_the_scale_read_off_them(ratings: list[float]) -> None:
    scale = RatingScale.infer(ratings)
    assert scale.min <= np.round(min(ratings), 4)
    assert scale.max >= np.round(max(ratings), 4)
    assert scale.step > 0


@pytest.mark.parametrize(
    ("scale", "y_range"),
    [((1, 5, 1), (0, 5.5)), ((0.5, 5, 0.5), (0, 5.25)), ((-10, 10, 1), (-11, 10.5)), ((0, 100, 1), (-1, 100.5))],
)
def test_the_default_range_goes_over_the_scale(scale: tuple[float, float, float], y_range: tuple[float, float]) -> None:
    assert RatingScale(*scale).y_range == y_range


def test_levels_are_all_ratings_one_can_give() -> None:
    assert RatingScale(0.5, 5, 0.5).levels.tolist() == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    assert RatingScale(0, 1, 0.1).levels.tolist() == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]


# --- The table


def test_ratings_have_the_types_the_contract_names() -> None:
    ratings = rated([0, 1], [1, 0], [4, 5], [10, 20])
    assert (ratings.user.dtype, ratings.item.dtype) == (np.int32, np.int32)
    assert ratings.rating.dtype == np.float32
    assert ratings.time is not None
    assert ratings.time.dtype == np.int64
    assert (len(ratings), ratings.n_users, ratings.n_items) == (2, 2, 2)


def test_ratings_cannot_be_changed() -> None:
    ratings = rated([0, 1], [1, 0], time=[10, 20])
    for array in (ratings.user, ratings.item, ratings.rating, ratings.time):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        ratings.name = "other"  # type: ignore[misc]


def test_no_ratings_are_no_ratings() -> None:
    with pytest.raises(CollabVizError, match="tiny holds no ratings"):
        rated([], [])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"user": np.array([0])}, "equally many"),
        ({"item": np.array([0, 0, 0])}, "equally many"),
        ({"time": np.array([5])}, "equally many"),
        ({"user": np.array([0, 2])}, "a user code lies outside its table of 2 rows"),
        ({"user": np.array([-1, 0])}, "a user code lies outside"),
        ({"item": np.array([0, 2])}, "an? item code lies outside its table of 2 rows"),
        ({"rating": np.array([1, np.nan])}, "must be a finite number"),
        ({"rating": np.array([np.inf, 1])}, "must be a finite number"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(change: dict[str, np.ndarray], sentence: str) -> None:
    with pytest.raises(CollabVizError, match=sentence):
        dataclasses.replace(rated([0, 1], [1, 0], time=[1, 2]), **change)


def test_equal_ratings_have_equal_fingerprints_whatever_they_are_called() -> None:
    one = rated([0, 1], [1, 0], [4, 5], [10, 20])
    other = dataclasses.replace(rated([0, 1], [1, 0], [4, 5], [10, 20]), name="another", note="from elsewhere")
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 64


def test_any_difference_in_content_changes_the_fingerprint() -> None:
    base = rated([0, 1, 1], [1, 0, 1], [4, 5, 3], [10, 20, 30])
    others = [
        rated([1, 0, 1], [0, 1, 1], [5, 4, 3], [20, 10, 30]),  # the same ratings in another order
        rated([0, 1, 1], [1, 0, 1], [4, 4, 3], [10, 20, 30]),  # one rating
        rated([0, 1, 0], [1, 0, 1], [4, 5, 3], [10, 20, 30]),  # one user
        rated([0, 1, 1], [1, 0, 0], [4, 5, 3], [10, 20, 30]),  # one item
        rated([0, 1, 1], [1, 0, 1], [4, 5, 3], [10, 20, 31]),  # one time
        rated([0, 1, 1], [1, 0, 1], [4, 5, 3]),  # no times
        dataclasses.replace(base, items=base.items.assign(title=["A", "B"])),
        dataclasses.replace(base, users=base.users.assign(age=[30, 40])),
        dataclasses.replace(base, scale=RatingScale(0.5, 5, 0.5)),
        dataclasses.replace(base, folds={"u1": np.array([0], dtype=np.int32)}),
        dataclasses.replace(base, folds={"u2": np.array([0], dtype=np.int32)}),
    ]
    assert len({ratings.fingerprint for ratings in [base, *others]}) == 1 + len(others)


# --- Splits


def specs() -> st.SearchStrategy[SplitSpec]:
    return st.builds(
        SplitSpec,
        kind=st.sampled_from(["random", "per-user", "time"]),
        fraction=st.floats(0.1, 0.9),
        seed=st.integers(0, 1_000),
        per_user=st.integers(1, 3),
    )


@given(pairs_of_codes, specs())
def test_the_parts_of_a_split_are_disjoint_and_complete(pairs: list[tuple[int, int]], spec: SplitSpec) -> None:
    users, items = zip(*pairs, strict=True)
    try:
        split = split_ratings(rated(users, items, time=range(len(users))), spec)
    except CollabVizError as error:
        assert "too few ratings" in str(error)  # nobody has the two ratings that per-user needs
        return
    assert sorted([*split.train, *split.valid]) == list(range(len(users)))
    assert split.train.dtype == split.valid.dtype == np.int32


@given(pairs_of_codes, st.integers(0, 1_000))
def test_a_random_split_holds_out_the_fraction(pairs: list[tuple[int, int]], seed: int) -> None:
    users, items = zip(*pairs, strict=True)
    split = split_ratings(rated(users, items), SplitSpec(seed=seed, fraction=0.3))
    assert len(split.valid) == round(0.3 * len(pairs))


@pytest.mark.parametrize("kind", ["random", "per-user"])
def test_a_split_is_the_same_for_the_same_seed_only(small: Ratings, kind: str) -> None:
    def valid(seed: int) -> list[int]:
        return split_ratings(small, SplitSpec(kind=kind, seed=seed)).valid.tolist()

    assert valid(1) == valid(1)
    assert valid(1) != valid(2)


@given(pairs_of_codes, st.integers(1, 5), st.integers(0, 1_000))
def test_per_user_holds_out_so_many_of_each_but_never_more_than_half(
    pairs: list[tuple[int, int]], per_user: int, seed: int
) -> None:
    users, items = zip(*pairs, strict=True)
    split = split_ratings(rated(users, items), SplitSpec(kind="per-user", per_user=per_user, seed=seed))
    held_out = np.bincount(split.ratings.user[split.valid], minlength=7)
    total = np.bincount(split.ratings.user, minlength=7)
    assert held_out.tolist() == np.minimum(per_user, total // 2).tolist()


def test_per_user_is_not_about_the_first_ratings_of_each() -> None:
    ratings = rated([0] * 100, range(100))
    held_out = {row for seed in range(30) for row in split_ratings(ratings, SplitSpec("per-user", seed=seed)).valid}
    assert min(held_out) < 20
    assert max(held_out) > 80


@given(st.lists(st.integers(0, 5), min_size=10, max_size=60), st.floats(0.1, 0.9))
def test_a_split_by_time_holds_out_the_latest(times: list[int], fraction: float) -> None:
    ratings = rated([0] * len(times), [0] * len(times), time=times)
    split = split_ratings(ratings, SplitSpec(kind="time", fraction=fraction))
    assert ratings.time is not None
    assert ratings.time[split.train].max() <= ratings.time[split.valid].min()
    assert len(split.valid) == round(fraction * len(times))


def test_a_fold_holds_out_its_rows() -> None:
    ratings = rated([0, 1, 0, 1], [0, 0, 1, 1], folds={"u1": np.array([3, 1], dtype=np.int32)})
    split = split_ratings(ratings, SplitSpec(kind="fold", fold="u1"))
    assert (split.train.tolist(), split.valid.tolist()) == ([0, 2], [1, 3])


@pytest.mark.parametrize(("folds", "sentence"), [({}, "it comes with none"), ({"ub": [0], "ua": [1]}, "it has ua, ub")])
def test_a_fold_that_is_not_there_is_named(folds: dict[str, list[int]], sentence: str) -> None:
    rows = {name: np.array(row, dtype=np.int32) for name, row in folds.items()}
    with pytest.raises(CollabVizError, match=f"tiny has no fold 'u9'; {sentence}"):
        split_ratings(rated([0, 1], [0, 0], folds=rows), SplitSpec(kind="fold", fold="u9"))


def test_ratings_without_times_cannot_be_split_by_time() -> None:
    with pytest.raises(CollabVizError, match=r"tiny has no times.*Choose a random split"):
        split_ratings(rated([0, 1], [0, 0]), SplitSpec(kind="time"))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (SplitSpec(fraction=0.01), "2 would be left for training and 0 for validation"),
        (SplitSpec(fraction=0.99), "0 would be left for training and 2 for validation"),
        (SplitSpec(kind="per-user"), "too few ratings for a per-user split"),
    ],
)
def test_an_empty_part_is_refused(spec: SplitSpec, sentence: str) -> None:
    with pytest.raises(CollabVizError, match=sentence):
        split_ratings(rated([0, 1], [0, 0]), spec)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"kind": "lucky"}, "split.kind is 'lucky'; it can be random, per-user, time, fold"),
        ({"fraction": 0.0}, "split.fraction is 0.0"),
        ({"fraction": 1.0}, "split.fraction is 1.0"),
        ({"fraction": float("nan")}, "split.fraction is nan"),
        ({"per_user": 0}, "split.per_user is 0"),
    ],
)
def test_a_split_that_cannot_be_is_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(CollabVizError, match=sentence):
        SplitSpec(**settings)  # type: ignore[arg-type]


def test_what_training_never_saw_becomes_the_unknown_row() -> None:
    ratings = rated([0, 1, 2, 0], [0, 0, 1, 2])
    split = Split(ratings, train=np.array([0, 1], dtype=np.int32), valid=np.array([2, 3], dtype=np.int32))
    assert split.known_users.tolist() == [True, True, False]
    assert split.known_items.tolist() == [True, False, False]
    user, item = split.codes(split.valid)
    assert (user.tolist(), item.tolist()) == ([3, 0], [3, 3])
    user, item = split.codes(split.train)
    assert (user.tolist(), item.tolist()) == ([0, 1], [0, 0])
    assert user.dtype == item.dtype == np.int32


def test_known_codes_stay_as_they_are_for_pairs_nobody_rated() -> None:
    ratings = rated([0, 1, 2], [0, 1, 1])
    split = Split(ratings, train=np.array([0, 1], dtype=np.int32), valid=np.array([2], dtype=np.int32))
    user, item = split.as_known(np.array([0, 2, 1], dtype=np.int32), np.array([1, 0, 0], dtype=np.int32))
    assert (user.tolist(), item.tolist()) == ([0, 3, 1], [1, 0, 0])
