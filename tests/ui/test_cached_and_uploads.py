import re
from dataclasses import replace

import pytest

from collabviz.ratings import Ratings
from collabviz.ui import uploads
from collabviz.ui.cached import of_ratings
from collabviz.ui.uploads import Uploads, is_upload


def test_uploaded_ratings_are_found_by_a_token_nobody_guesses(small: Ratings) -> None:
    kept = Uploads()
    first, second = kept.add(small), kept.add(small)
    assert first != second
    assert re.fullmatch(r"upload-[0-9a-f]{24}", first)
    assert is_upload(first)
    assert kept.get(first) is small


@pytest.mark.parametrize(
    "name", ["", "synthetic", "upload-", "upload-0123", f"upload-{'g' * 24}", f"upload-{'0' * 25}"]
)
def test_a_name_or_a_piece_of_a_token_is_no_upload(name: str) -> None:
    assert not is_upload(name)
    assert Uploads().get(name) is None


def test_the_upload_looked_at_longest_ago_makes_room(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "RATINGS_KEPT", 2 * len(small))
    kept = Uploads()
    first, second = kept.add(small), kept.add(small)
    assert kept.get(first) is small
    third = kept.add(small)
    assert [kept.get(token) for token in (first, second, third)] == [small, None, small]


def test_an_upload_beyond_the_budget_is_kept_alone(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "RATINGS_KEPT", 1)
    kept = Uploads()
    first, second = kept.add(small), kept.add(small)
    assert kept.get(first) is None
    assert kept.get(second) is small


def test_an_analysis_is_worked_out_once_for_equal_ratings_and_arguments(small: Ratings) -> None:
    asked: list[tuple[str, int]] = []

    def analysis(ratings: Ratings, size: int) -> str:
        asked.append((ratings.name, size))
        return f"{ratings.fingerprint} {size}"

    other = replace(small, rating=small.rating[::-1].copy())
    for ratings, size in [(small, 1), (replace(small, name="renamed"), 1), (small, 2), (other, 1)]:
        assert of_ratings(analysis, ratings, size) == f"{ratings.fingerprint} {size}"
    assert asked == [("synthetic", 1), ("synthetic", 2), ("synthetic", 1)]
