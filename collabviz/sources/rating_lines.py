"""Ratings as lines of text: user, item, rating and time, millions of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import BinaryIO, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv

from collabviz.errors import CollabVizError
from collabviz.ratings import FloatArray, IntArray, TimeArray
from collabviz.sources.folder import wrong_line

LOWEST, HIGHEST = 0.5, 5.0

_TYPES = {"user": pa.int32(), "item": pa.int32(), "rating": pa.float32(), "time": pa.int64()}


class RawRatings(NamedTuple):
    """Ratings as a source writes them: ``user`` and ``item`` are its own ids, in file order."""

    user: IntArray
    item: IntArray
    rating: FloatArray
    time: TimeArray


@dataclass(frozen=True)
class LineFormat:
    """How the lines are written: what stands between two fields, and the header line where there is one."""

    delimiter: str
    header: str | None = None


def read_rating_lines(file: Traversable, layout: LineFormat) -> RawRatings:
    """Read a file of ratings from half a star to five stars.

    Raises:
        CollabVizError: naming the first line that is not four numbers, or whose rating is off the scale.
    """
    if layout.header is not None:
        _check_header(file, layout.header)
    try:
        with file.open("rb") as stream:
            table = _parse(cast(BinaryIO, stream), layout)
        rating = table["rating"].to_numpy()
    except pa.ArrowInvalid as error:
        raise _complaint(file, layout) from error
    complete = all(table[name].null_count == 0 for name in _TYPES)
    if not complete or not len(rating) or not ((rating >= LOWEST) & (rating <= HIGHEST)).all():
        raise _complaint(file, layout)
    return RawRatings(table["user"].to_numpy(), table["item"].to_numpy(), rating, table["time"].to_numpy())


def _check_header(file: Traversable, expected: str) -> None:
    with file.open("rb") as stream:
        header = stream.readline(1000).decode("utf-8-sig", errors="replace").rstrip("\r\n")
    if header != expected:
        raise wrong_line(file.name, 1, f"is {header[:80]!r} instead of {expected!r}")


def _parse(stream: BinaryIO, layout: LineFormat) -> pa.Table:
    # Arrow splits at single characters, so "a::b" has an empty column between two; the null type insists on that.
    between = len(layout.delimiter) - 1
    types = dict[str, pa.DataType]()
    for position, (name, dtype) in enumerate(_TYPES.items()):
        if position:
            types |= {f"gap {position}.{i}": pa.null() for i in range(between)}
        types[name] = dtype
    return pyarrow.csv.read_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(column_names=list(types), skip_rows=int(layout.header is not None)),
        parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter[0], quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=types, null_values=[""]),
    )


def _complaint(file: Traversable, layout: LineFormat) -> CollabVizError:
    """Read the file again, slowly, to say which line the quick reader stumbled over."""
    with file.open("rb") as stream:
        for number, line in enumerate(cast(Iterable[bytes], stream), start=1):
            text = line.decode("latin-1").rstrip("\r\n")
            is_header = number == 1 and layout.header is not None
            if text and not is_header and (fault := _fault(text.split(layout.delimiter))):
                return wrong_line(file.name, number, fault)
    return CollabVizError(
        f"{file.name} holds no ratings that can be read. Unpack the archive again, or download it again."
    )


def _fault(fields: list[str]) -> str | None:
    """What is wrong with the fields of one line, or None."""
    if len(fields) != len(_TYPES):
        return f"has {len(fields)} fields instead of {len(_TYPES)}"
    user, item, rating, time = fields
    for text, what in ((user, "user"), (item, "movie"), (time, "time")):
        if not text.strip().lstrip("-").isdecimal():
            return f"has {text[:40]!r} where the {what}'s whole number should be"
        if abs(int(text)) > np.iinfo(np.int64 if what == "time" else np.int32).max:
            return f"has {text[:40]!r} for the {what}, which is too large a number"
    try:
        value = float(rating)
    except ValueError:
        value = float("nan")
    if not LOWEST <= value <= HIGHEST:
        return f"has the rating {rating[:40]!r}; it must be a number from {LOWEST} to {HIGHEST:g}"
    return None
