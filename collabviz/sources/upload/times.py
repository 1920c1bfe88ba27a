"""When a rating was given, out of whatever a column of times is written in."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.ratings import BoolArray, TimeArray

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
_COMPACT_DATE = r"(?:19|20)[0-9]{6}"
_LAST_SECOND = 253_402_300_799  # the end of the year 9999
# A Unix time of today has 10 digits in seconds, 13 in milliseconds, 16 in microseconds and 19 in nanoseconds.
_UNITS = ((1e17, 10**9), (1e14, 10**6), (1e11, 10**3), (0.0, 1))

_DAY_MONTH = {"%d/%m/%Y": "%m/%d/%Y", "%d/%m/%y": "%m/%d/%y"}
_DATES = (*_DAY_MONTH, *_DAY_MONTH.values(), "%Y/%m/%d", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%Y%m%d")
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p")
_SAMPLE = 1000


@dataclass(frozen=True, eq=False)
class Times:
    """A column of times.

    Attributes:
        seconds: int64[n], Unix seconds; 0 where the text is not readable. Times without a zone are taken as UTC.
        readable: bool[n].
        note: what had to be assumed; empty where nothing.
    """

    seconds: TimeArray
    readable: BoolArray
    note: str = ""


def parse_times(texts: "pd.Series[str]", day_first: bool | None = None) -> Times:
    """Read Unix times (seconds to nanoseconds), ISO 8601 and common dates; the column as a whole decides which.

    Args:
        texts: the distinct texts of the column.
        day_first: whether 01/02/2003 is the first of February; None decides it from the texts, and a note says so
            where they do not tell.
    """
    numeric = texts.str.fullmatch(_NUMBER)
    if 2 * numeric.sum() <= (texts != "").sum():
        return _parse_dates(texts, day_first)
    if texts[numeric].str.fullmatch(_COMPACT_DATE).all():
        return _from_datetimes(_read(texts, "%Y%m%d"))
    return _parse_unix(pd.to_numeric(texts.where(numeric), errors="coerce").to_numpy(dtype=np.float64))


def _parse_unix(number: npt.NDArray[np.float64]) -> Times:
    usual = np.nanmedian(np.abs(number))
    seconds = number // next(unit for least, unit in _UNITS if usual >= least)
    readable = np.abs(seconds) <= _LAST_SECOND  # False for NaN
    return Times(np.where(readable, seconds, 0).astype(np.int64), readable)


def _parse_dates(texts: "pd.Series[str]", day_first: bool | None) -> Times:
    texts = texts.str.removesuffix(" UTC")
    as_iso = _read(texts, "ISO8601")
    if as_iso.notna().all():
        return _from_datetimes(as_iso)
    # One spelling for 31.12.2003, 31-12-2003 and 31/12/2003, and for "Dec 31, 2003".
    spelled = texts.str.replace(r"[.\-]", "/", regex=True).str.replace(",", "")
    sample = spelled.iloc[:: max(1, len(spelled) // _SAMPLE)]
    formats = [date + clock for date, clock in product(_DATES, _CLOCKS)]
    best = max(formats, key=lambda form: _read(sample, form).notna().sum())
    read, note = _in_day_order(spelled, best, day_first)
    return _from_datetimes(as_iso) if as_iso.count() >= read.count() else _from_datetimes(read, note)


def _in_day_order(texts: "pd.Series[str]", form: str, day_first: bool | None) -> tuple["pd.Series[pd.Timestamp]", str]:
    """Read dates with the day first or the month first, whichever reads more of the column."""
    for first, second in _DAY_MONTH.items():
        clock = form[len(first) :]
        if form not in (first + clock, second + clock):
            continue
        by_day, by_month = _read(texts, first + clock), _read(texts, second + clock)
        if day_first is None and by_day.count() == by_month.count() and not by_day.equals(by_month):
            example = texts[by_day.ne(by_month) & by_day.notna()].iloc[0]
            return (
                by_day,
                f"Dates such as {example} were read as day/month; nothing in the column tells which is first.",
            )
        is_day_first = by_day.count() >= by_month.count() if day_first is None else day_first
        return (by_day if is_day_first else by_month), ""
    return _read(texts, form), ""


def _read(texts: "pd.Series[str]", form: str) -> "pd.Series[pd.Timestamp]":
    return pd.to_datetime(texts, format=form, utc=True, errors="coerce")


def _from_datetimes(read: "pd.Series[pd.Timestamp]", note: str = "") -> Times:
    readable = read.notna().to_numpy()
    seconds = read.dt.as_unit("s").astype("int64").to_numpy()
    return Times(np.where(readable, seconds, 0), readable, note)
