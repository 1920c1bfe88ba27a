"""The same ratings, however they are written, are read as the same ratings."""

import gzip
import io
import zipfile
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collabviz.errors import CollabVizError
from collabviz.sources.upload import Layout, Upload, guess, read

ROWS = [
    ("zoë", "Amélie (2001)", 4.5, 978300760),
    ("zoë", "Señorita, la (1999)", 3.0, 978300761),
    ("björn", "Amélie (2001)", 1.5, 978300762),
    ("björn", "Das Leben der Anderen", 5.0, 978300763),
    ("ann", "Señorita, la (1999)", 2.0, 978300764),
    ("ann", "Das Leben der Anderen", 0.5, 978300765),
]
HEADER = ("user", "movie", "rating", "timestamp")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
SEPARATORS = (",", ";", "\t", "|", "::")


def written(rows, separator=",", *, line_end="\n", header=HEADER, decimal=".", quote_all=False) -> str:
    def field(value) -> str:
        text = str(value).replace(".", decimal) if isinstance(value, float) else str(value)
        needs_quotes = separator != "::" and (separator in text or '"' in text or "\n" in text or "\r" in text)
        return '"' + text.replace('"', '""') + '"' if quote_all or needs_quotes else text

    lines = [separator.join(map(field, row)) for row in ([header] if header else []) + list(rows)]
    return line_end.join(lines) + line_end


def upload(data: bytes, filename: str = "mine.csv") -> Upload:
    seen = guess(data, filename)
    return read(data, filename, seen.layout, seen.columns)


def content(result: Upload) -> list[tuple]:
    ratings = result.ratings
    users, titles = ratings.users["id"].to_numpy()[ratings.user], ratings.items["title"].to_numpy()[ratings.item]
    times = [None] * len(ratings) if ratings.time is None else ratings.time.tolist()
    return list(zip(users.tolist(), titles.tolist(), ratings.rating.tolist(), times, strict=True))


EXPECTED = upload(written(ROWS).encode())


def test_the_plain_file_is_read_as_it_was_written():
    assert content(EXPECTED) == ROWS
    assert EXPECTED.ratings.scale.step == 0.5
    assert EXPECTED.problems.empty
    assert EXPECTED.ratings.items["year"].to_list()[:2] == [2001, 1999]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_layout_gives_the_same_ratings(encoding, separator):
    for line_end, header, decimal in product(("\n", "\r\n", "\r"), (HEADER, None), (".", ",")):
        data = written(ROWS, separator, line_end=line_end, header=header, decimal=decimal).encode(encoding)
        result = upload(data)
        assert result.ratings.fingerprint == EXPECTED.ratings.fingerprint, (line_end, header, decimal)
        assert result.problems.empty


def test_line_ends_of_all_kinds_can_be_mixed():
    lines = written(ROWS).splitlines()
    data = "".join(line + end for line, end in zip(lines, ["\n", "\r\n", "\r", "\n", "\r\n", "\r", ""], strict=True))
    assert upload(data.encode()).ratings.fingerprint == EXPECTED.ratings.fingerprint


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("separator", SEPARATORS)
def test_gzip_and_zip_give_the_same_ratings(separator):
    data = written(ROWS, separator).encode("utf-16")
    packed = [
        gzip.compress(data),
        zipped({"mine.csv": data}),
        zipped({"mine": data}),
        zipped({"__MACOSX/._mine.csv": b"junk", ".DS_Store": b"junk", "README.txt": b"hello", "mine.csv": data}),
        zipped({"ml/ratings.dat": data, "ml/movies.dat": b"1::Heat", "ml/links.csv": b"1,2"}),
    ]
    assert {upload(each).ratings.fingerprint for each in packed} == {EXPECTED.ratings.fingerprint}


NAMES = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("C", "Z"), include_characters=' ,;|"\n', exclude_characters=":\x85"
    ),
    min_size=1,
    max_size=12,
).filter(lambda name: name == name.strip())


TABLES = st.lists(
    st.tuples(NAMES, NAMES, st.sampled_from([0.5, 1.0, 2.5, 4.0, 5.0]), st.integers(10**9, 2 * 10**9)),
    min_size=2,
    max_size=8,
    unique_by=lambda row: row[:2],
).filter(lambda rows: len({row[1] for row in rows}) > 1)


@settings(max_examples=100, deadline=None)
@given(
    rows=TABLES,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    writing=st.fixed_dictionaries(
        {
            "line_end": st.sampled_from(["\n", "\r\n", "\r"]),
            "decimal": st.sampled_from([".", ","]),
            "quote_all": st.booleans(),
        }
    ),
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
    pack=st.sampled_from([bytes, gzip.compress, lambda data: zipped({"t.csv": data})]),
)
def test_what_is_written_in_a_layout_is_read_back_the_same(rows, separator, writing, encoding, pack):
    data = pack(written(rows, separator, **writing).encode(encoding))
    layout = Layout(encoding, separator, header=True, decimal=writing["decimal"])
    result = read(data, "t.csv", layout, guess(data, "t.csv", layout).columns)
    assert content(result) == rows
    assert result.problems.empty


MESSY_FIELD = st.sampled_from(
    ["ann", "bob", "Heat", "Ran", "1", "5", "3.5", "x", "", " ", "inf", "nan", '"', '""', '"a', "b\n"]
)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(st.lists(MESSY_FIELD, min_size=1, max_size=5).map(",".join), max_size=12))
def test_no_row_is_lost_however_messy_the_file(lines):
    text = "user,movie,rating\nann,Heat,5\nbob,Ran,4\nann,Ran,3\n" + "\n".join(lines)
    layout = guess(b"user,movie,rating\nann,Heat,5\n", "t.csv")
    try:
        result = read(text.encode(), "t.csv", layout.layout, layout.columns)
    except ValueError as error:
        # A file mostly of other rows has another width, in which the columns of ratings do not exist.
        assert isinstance(error, CollabVizError), error
        return
    assert result.n_read == result.n_used + len(result.problems)
    assert result.problems["line"].is_monotonic_increasing
    assert result.problems["line"].is_unique
    assert (result.problems["reason"] != "").all()
    assert np.isfinite(result.ratings.rating).all()
