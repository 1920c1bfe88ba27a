import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings, RatingScale
from collabviz.sources.bundle import is_bundle, read_bundle, read_meta, write_bundle


def example(*, time: bool = True) -> Ratings:
    return Ratings(
        name="Größe & ‘quotes’",
        user=np.array([1, 0, 1], dtype=np.int32),
        item=np.array([0, 2, 1], dtype=np.int32),
        rating=np.array([0.1, 4.5, 3], dtype=np.float32),
        users=pd.DataFrame({"id": ["a", "ü"], "age": pd.array([24, None], dtype="Int16")}),
        items=pd.DataFrame(
            {
                "id": [3, 1, 2],
                "title": ["Heat, (1995)", 'a "b"', ""],
                "year": pd.array([1995, None, None], dtype="Int16"),
                "genres": ["A|B", "", "C"],
            }
        ),
        scale=RatingScale(0.1, 4.5, 0.1),
        time=np.array([2**40, -1, 0]) if time else None,
        folds={"u1": np.array([2, 0], dtype=np.int32), "empty": np.array([], dtype=np.int32)},
        note="mind the gap",
    )


def round_trip(ratings: Ratings) -> Ratings:
    stream = io.BytesIO()
    write_bundle(ratings, stream)
    return read_bundle(io.BytesIO(stream.getvalue()))


@pytest.mark.parametrize("time", [True, False])
def test_what_is_read_is_what_was_written(time: bool) -> None:
    before = example(time=time)
    after = round_trip(before)
    for column in ("user", "item", "rating"):
        np.testing.assert_array_equal(getattr(after, column), getattr(before, column), strict=True)
    assert (after.time is None) == (not time)
    if time:
        np.testing.assert_array_equal(after.time, before.time, strict=True)
    pd.testing.assert_frame_equal(after.users, before.users)
    pd.testing.assert_frame_equal(after.items, before.items)
    assert (after.name, after.scale, after.note) == (before.name, before.scale, before.note)
    assert list(after.folds) == list(before.folds)
    for name, rows in before.folds.items():
        np.testing.assert_array_equal(after.folds[name], rows, strict=True)
    assert after.fingerprint == before.fingerprint


def test_many_ratings_come_back_in_their_order(small: Ratings) -> None:
    assert round_trip(small).fingerprint == small.fingerprint


def test_a_path_holds_a_whole_bundle_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a.ratings"
    file.write_text("older")
    write_bundle(example(), file)
    assert read_bundle(file).fingerprint == example().fingerprint
    assert is_bundle(file)
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    file = tmp_path / "a.ratings"
    file.write_text("older")
    broken = replace(example(), folds={"u1": np.array(["no", "rows"])})
    with pytest.raises(Exception, match="int"):
        write_bundle(broken, file)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["older"]


def test_meta_is_read_without_the_tables() -> None:
    stream = io.BytesIO()
    write_bundle(example(), stream)
    meta = read_meta(stream)
    assert (meta["name"], meta["note"], meta["n_ratings"]) == ("Größe & ‘quotes’", "mind the gap", 3)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CollabVizError, match=r"There is no file .*gone\.ratings"):
        read_bundle(tmp_path / "gone.ratings")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"user,item\n1,2\n"])
def test_a_foreign_file_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "foreign.ratings"
    file.write_bytes(content)
    assert not is_bundle(file)
    with pytest.raises(CollabVizError, match=r"foreign\.ratings cannot be read"):
        read_bundle(file)


def test_a_bundle_of_another_version_says_so(tmp_path: Path) -> None:
    file = tmp_path / "later.ratings"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("meta.json", '{"format": "collabviz-ratings-99"}')
    with pytest.raises(CollabVizError, match="collabviz-ratings-99"):
        read_bundle(file)


@given(data=st.data())
def test_a_damaged_bundle_is_refused_or_reads_the_same(data: st.DataObject) -> None:
    stream = io.BytesIO()
    write_bundle(example(), stream)
    content = bytearray(stream.getvalue())
    position = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:position]
    else:
        content[position] ^= data.draw(st.integers(1, 255))
    try:
        after = read_bundle(io.BytesIO(content))
    except CollabVizError:
        return
    assert after.fingerprint == example().fingerprint
