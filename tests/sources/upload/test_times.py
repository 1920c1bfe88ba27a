"""Times are read from whatever people's tables hold."""

import numpy as np
import pandas as pd
import pytest

from collabviz.sources.upload.times import parse_times

AT = int(pd.Timestamp("2003-12-31 13:05:09", tz="UTC").timestamp())
DAY = AT - AT % 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (str(AT), AT),
        (f"{AT}.0", AT),
        (f"{AT}250", AT),
        (f"{AT}250000", AT),
        (f"{AT}250000000", AT),
        ("-1000", -1000),
        ("20031231", DAY),
        ("2003-12-31", DAY),
        ("2003-12-31T13:05:09Z", AT),
        ("2003-12-31 13:05:09.123", AT),
        ("2003-12-31 13:05:09 UTC", AT),
        ("2003-12-31T15:05:09+02:00", AT),
        ("31.12.2003", DAY),
        ("31/12/2003 13:05:09", AT),
        ("12/31/2003", DAY),
        ("12-31-03 13:05", AT - 9),
        ("12/31/2003 1:05:09 PM", AT),
        ("2003/12/31", DAY),
        ("31 Dec 2003", DAY),
        ("December 31, 2003", DAY),
        ("Dec 31, 2003 1:05 PM", AT - 9),
    ],
)
def test_every_common_way_to_write_a_time_is_read(text, seconds):
    times = parse_times(pd.Series([text]))
    assert times.seconds.tolist() == [seconds]
    assert times.readable.all()
    assert times.note == ""


def test_the_whole_column_decides_whether_the_day_comes_first():
    first = int(pd.Timestamp("2003-02-01", tz="UTC").timestamp())
    second = int(pd.Timestamp("2003-01-02", tz="UTC").timestamp())
    assert parse_times(pd.Series(["01/02/2003", "31/12/2003"])).seconds[0] == first
    assert parse_times(pd.Series(["01/02/2003", "12/31/2003"])).seconds[0] == second


def test_a_column_that_does_not_tell_is_read_day_first_and_says_so():
    texts = pd.Series(["03/03/2003", "01/02/2003"])
    times = parse_times(texts)
    assert times.note.startswith("Dates such as 01/02/2003 were read as day/month")
    by_month = parse_times(texts, day_first=False)
    assert by_month.note == ""
    assert by_month.seconds[1] != times.seconds[1]
    assert parse_times(texts, day_first=True).seconds.tolist() == times.seconds.tolist()
    assert parse_times(pd.Series(["03/03/2003"])).note == ""


@pytest.mark.parametrize(
    ("texts", "readable"),
    [
        ([str(AT), str(AT + 1), "later", "", "1e99", "nan"], [True, True, False, False, False, False]),
        (["2003-12-31", "yesterday", "", "2003-13-01"], [True, False, False, False]),
        (["2003-12-31T13:05:09Z", "2003-12-30T13:05:09+02:00", "soon"], [True, True, False]),
        (["31.12.2003", "30.12.2003", "32.12.2003", "x"], [True, True, False, False]),
        (["soon", "later"], [False, False]),
        ([], []),
    ],
)
def test_what_cannot_be_read_is_told_apart(texts, readable):
    times = parse_times(pd.Series(texts, dtype=str))
    assert times.readable.tolist() == readable
    assert times.seconds.dtype == np.int64
    assert not times.seconds[~times.readable].any()
