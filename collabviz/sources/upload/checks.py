"""What can be wrong with a row of the right shape: its user, item, rating, time, or that it says a thing again."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.ratings import BoolArray, FloatArray, RatingScale, TimeArray
from collabviz.sources.upload.layout import Layout
from collabviz.sources.upload.problems import Rows, Sieve
from collabviz.sources.upload.table import Texts
from collabviz.sources.upload.times import parse_times

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NOT_FINITE = r"(?i)[+-]?(?:inf|infinity|nan)"


def drop_blank(texts: Texts, what: str, sieve: Sieve) -> None:
    """Set aside the rows without a user or item."""
    blank = (texts.distinct == "").to_numpy()
    sieve.drop(blank[texts.code], texts.name, texts.at, f"No {what}.")


def read_ratings(texts: Texts, layout: Layout, scale: RatingScale | None, sieve: Sieve) -> FloatArray:
    """float32[n]: the ratings; rows whose rating is blank, no finite number or off the scale are set aside."""
    spelled = texts.distinct.str.replace("−", "-")
    if layout.decimal == ",":
        spelled = spelled.str.replace(",", ".")
    numeric = spelled.str.fullmatch(_NUMBER)
    value = pd.to_numeric(spelled.where(numeric), errors="coerce").to_numpy(dtype=np.float64)
    with np.errstate(over="ignore"):
        rating = value.astype(np.float32)
    reasons = _rating_reasons(spelled, numeric.to_numpy(), layout)
    sieve.drop(~np.isfinite(rating)[texts.code], texts.name, texts.at, lambda rows: reasons[texts.code[rows]].tolist())
    if scale is not None:
        off = (value < scale.min) | (value > scale.max)
        reason = f"Not on the scale from {scale.min:g} to {scale.max:g}."
        sieve.drop(off[texts.code], texts.name, texts.at, reason)
    return rating[texts.code]


def _rating_reasons(spelled: "pd.Series[str]", numeric: BoolArray, layout: Layout) -> npt.NDArray[np.object_]:
    """For each distinct text why it is no rating, for those that are none."""
    not_finite = numeric | spelled.str.fullmatch(_NOT_FINITE).to_numpy()
    with_comma = spelled.str.fullmatch(r"[+-]?[0-9]+,[0-9]+").to_numpy() & (layout.decimal == ".")
    return np.select(
        [(spelled == "").to_numpy(), not_finite, with_comma],
        ["No rating.", "Not a finite number.", "Not a number with a decimal point; is it a decimal comma?"],
        "Not a number.",
    ).astype(object)


def read_times(texts: Texts, layout: Layout, sieve: Sieve) -> tuple[TimeArray | None, str]:
    """int64[n] Unix seconds, and a note; rows whose time cannot be read are set aside, unless that is all of them."""
    times = parse_times(texts.distinct, layout.day_first)
    if not times.readable.any():
        return None, f"No time in the column {texts.name} can be read, so the ratings are used without times."
    blank = (texts.distinct == "").to_numpy()
    hint = "To use such rows, read the file without times."
    sieve.drop(blank[texts.code], texts.name, texts.at, f"No time. {hint}")
    sieve.drop(~times.readable[texts.code], texts.name, texts.at, f"Not a time that can be read. {hint}")
    return times.seconds[texts.code], times.note


def drop_repeated(user: Texts | None, item: Texts, time: TimeArray | None, sieve: Sieve) -> None:
    """Of the rows in which a user rates an item again, keep the latest by time, else by line."""
    rows = np.flatnonzero(sieve.standing)
    pair = item.code[rows].astype(np.int64)
    if user is not None:
        pair += user.code[rows].astype(np.int64) * len(item.distinct)
    order = np.argsort(pair, kind="stable") if time is None else np.lexsort((time[rows], pair))
    is_last = np.append(np.diff(pair[order]) != 0, True)
    group = np.cumsum(is_last) - is_last
    kept_instead = np.empty(len(sieve.line), dtype=np.int64)
    kept_instead[rows[order]] = rows[order[is_last][group]]
    repeated = np.zeros(len(sieve.line), dtype=np.bool_)
    repeated[rows] = kept_instead[rows] != rows

    def value(dropped: Rows) -> list[str]:
        who = user.at(dropped) if user is not None else ["" for _ in dropped]
        return [f"{person}, {thing}" if person else thing for person, thing in zip(who, item.at(dropped), strict=True)]

    def reason(dropped: Rows) -> list[str]:
        kept = kept_instead[dropped]
        is_later = np.zeros(len(dropped), dtype=np.bool_) if time is None else time[kept] > time[dropped]
        return [
            f"The same user rates the same item on line {line}, {'later in time' if later else 'further down'}; "
            "that one is kept."
            for line, later in zip(sieve.line[kept], is_later, strict=True)
        ]

    sieve.drop(repeated, item.name if user is None else f"{user.name}, {item.name}", value, reason)
