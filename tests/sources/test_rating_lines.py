from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collabviz.errors import CollabVizError
from collabviz.sources.rating_lines import LineFormat, read_rating_lines

ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
FORMATS = {"tab": LineFormat("\t"), "colons": LineFormat("::"), "csv": LineFormat(",", header="u,i,r,t")}

number = st.integers(1, 2**31 - 1)
rating = st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0])
rows = st.lists(st.tuples(number, number, rating, st.integers(0, 2**40)), min_size=1, max_size=20)


@ANY
@given(rows=rows, layout=st.sampled_from(list(FORMATS.values())), end=st.sampled_from(["\n", "\r\n"]))
def test_numbers_come_back_as_written(tmp_path: Path, rows, layout: LineFormat, end: str) -> None:
    lines = [layout.delimiter.join(map(str, row)) for row in rows]
    header = [layout.header] if layout.header else []
    (tmp_path / "r").write_bytes(end.join([*header, *lines]).encode())
    raw = read_rating_lines(tmp_path / "r", layout)
    assert list(zip(*(column.tolist() for column in raw), strict=True)) == rows
    assert [column.dtype for column in raw] == [np.int32, np.int32, np.float32, np.int64]


@ANY
@given(content=st.one_of(st.binary(max_size=60), st.text("0123456789:\t,.-\n\r u", max_size=60).map(str.encode)))
def test_whatever_is_in_the_file_is_read_or_complained_about(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r").write_bytes(content)
    for layout in FORMATS.values():
        try:
            raw = read_rating_lines(tmp_path / "r", layout)
        except CollabVizError as error:
            assert str(error).startswith(("r, line ", "r holds no ratings"))
        else:
            assert ((raw.rating >= 0.5) & (raw.rating <= 5)).all()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("1::2::3", "r, line 3, has 3 fields instead of 4"),
        ("1::2::3::4::5", "r, line 3, has 5 fields instead of 4"),
        ("1:x:2::3::4", "r, line 3, has 3 fields instead of 4"),
        ("one::2::3::4", "r, line 3, has 'one' where the user's whole number should be"),
        ("3000000000::2::3::4", "r, line 3, has '3000000000' for the user, which is too large a number"),
        ("1::::3::4", "r, line 3, has '' where the movie's whole number should be"),
        ("1::2::3::soon", "r, line 3, has 'soon' where the time's whole number should be"),
        ("1::2::::4", "r, line 3, has the rating ''"),
        ("1::2::six::4", "r, line 3, has the rating 'six'"),
        ("1::2::6::4", "r, line 3, has the rating '6'"),
        ("1::2::0::4", "r, line 3, has the rating '0'"),
        ("1::2::nan::4", "r, line 3, has the rating 'nan'"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "r").write_text(f"1::2::3::4\n\n{line}\n1::2::3::4\n")
    with pytest.raises(CollabVizError) as caught:
        read_rating_lines(tmp_path / "r", FORMATS["colons"])
    assert str(caught.value).startswith(complaint)


def test_of_several_wrong_lines_the_first_is_named(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("1\t2\t3\t4\nwrong\nworse\tstill\n")
    with pytest.raises(CollabVizError, match="r, line 2, has 1 fields instead of 4"):
        read_rating_lines(tmp_path / "r", FORMATS["tab"])


def test_columns_in_another_order_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("i,u,r,t\n1,2,3,4\n")
    with pytest.raises(CollabVizError, match=r"r, line 1, is 'i,u,r,t' instead of 'u,i,r,t'"):
        read_rating_lines(tmp_path / "r", FORMATS["csv"])
