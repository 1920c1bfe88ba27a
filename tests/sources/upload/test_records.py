"""Records are found where Python's own csv module finds them, with the right line numbers."""

import csv
import io

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from collabviz.sources.upload.records import MAX_RECORD_BYTES, scan
from collabviz.sources.upload.table import _parse

CELLS = st.text(st.sampled_from('ab ,;"\né'), max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    separator=st.sampled_from([",", ";"]),
    blank_lines=st.integers(0, 2),
)
def test_fields_and_lines_are_those_of_the_csv_module(rows, quoting, separator, blank_lines):
    buffer, lines = io.StringIO(), []
    writer = csv.writer(buffer, delimiter=separator, quoting=quoting, lineterminator="\n")
    for row in rows:
        buffer.write("\n" * blank_lines)
        lines.append(buffer.getvalue().count("\n") + 1)
        writer.writerow(row)
    records = scan(buffer.getvalue().encode(), separator)
    assert records.line.tolist() == lines
    assert records.fields.tolist() == [len(row) for row in rows]
    assert [records.cells(i) for i in range(len(rows))] == [[cell.strip() for cell in row] for row in rows]
    assert not records.misquoted.any()


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.sampled_from('ab,:"\n \x85é'), min_size=3, max_size=40), separator=st.sampled_from([",", "::"]))
def test_the_bulk_reader_finds_the_fields_that_the_scan_found(text, separator):
    text = f"a{separator}b\nc{separator}d\n{text}"  # two sound lines, so that there is a table to speak of
    records = scan(text.encode(), separator)
    keep = (records.fields == records.width) & ~records.misquoted
    assume(records.width > 1 and keep.any())
    columns = _parse(records.joined(keep), records, list(range(records.width))).values()
    stripped = [[field.strip() for field in column.to_pylist()] for column in columns]
    assert [list(row) for row in zip(*stripped, strict=True)] == [records.cells(i) for i in np.flatnonzero(keep)]


def test_a_stray_quotation_mark_spoils_its_own_line_only():
    lines = b'''a,"b,1
c,d,2
e,"f, g",3
h,"i" j,4
k,5" disk,5
l,"m
n",6
o,"p,""q""",7
'''
    records = scan(lines, ",")
    assert records.line.tolist() == [1, 2, 3, 4, 5, 6, 8]
    assert records.misquoted.tolist() == [True, False, False, True, False, False, False]
    assert records.fields[~records.misquoted].tolist() == [3] * 5


def test_a_quotation_mark_that_nothing_closes_is_seen_on_the_first_and_the_last_byte():
    assert scan(b'"a,1\nb,2\n', ",").misquoted.tolist() == [True, False]
    assert scan(b'a,1\nb,"', ",").misquoted.tolist() == [False, True]


def test_a_quoted_field_longer_than_a_record_may_be_counts_as_not_closed():
    content = b'a,"' + b"x\n" * MAX_RECORD_BYTES + b'",1\nb,c,2\n'
    records = scan(content, ",")
    assert records.misquoted[0]
    assert records.cells(len(records) - 1) == ["b", "c", "2"]


def test_quotation_marks_mean_nothing_between_double_colons():
    records = scan(b'1::"Great" Films::5\n2::He said "no::4\n', "::")
    assert records.fields.tolist() == [3, 3]
    assert records.cells(0) == ["1", '"Great" Films', "5"]


def test_only_the_asked_records_are_joined():
    records = scan(b"a,1\n\nb,2\nc,3", ",")
    assert records.joined(records.line != 3) == b"a,1\nc,3"


@pytest.mark.parametrize(("content", "width"), [(b"a,b\n1,2,3\n4,5,6\n", 3), (b"a,b,c\n1,2\n", 3), (b"\n \n", 0)])
def test_the_width_is_what_most_records_have_and_the_first_ones_where_numbers_tie(content, width):
    assert scan(content, ",").width == width
