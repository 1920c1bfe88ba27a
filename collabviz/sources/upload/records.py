r"""Where the rows of a table lie: a scan over its bytes that knows quotation marks, and no row by row loop.

A *record* is one row of the table. It may take several lines, for a quoted field can contain line ends. The scan
works on positions: of line ends, of separators, and of the edges of quoted fields (RFC 4180, section 2: a quoted
field begins and ends with ``"`` beside a separator or line end, and ``""`` in it stands for one ``"``). Whatever has
an odd number of edges before it is quoted.
"""

import csv
import re
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from collabviz.ratings import BoolArray

Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

MAX_COLUMNS = 200
"""A table of ratings has a handful; more is most likely a matrix with a column an item."""

MAX_RECORD_BYTES = 100_000
"""A longer row is set aside unread."""

_NEWLINE, _QUOTE = ord("\n"), ord('"')
_DOUBLE_COLON_AS = b"\x1f"  # one byte in place of two: ASCII's own unit separator


@dataclass(frozen=True, eq=False)
class Records:
    r"""The rows of a table, blank lines left out.

    Attributes:
        content: UTF-8 with ``\n`` line ends and a separator of one byte.
        separator: that one character.
        quoting: whether quotation marks mean anything.
        start, end: int64[n], the bytes of each record, its line end excluded.
        line: int64[n], the line of the file each record starts on, from 1.
        fields: int64[n], how many fields it has.
        misquoted: bool[n], whether a quotation mark opens a field that nothing closes.
    """

    content: bytes
    separator: str
    quoting: bool
    start: Positions
    end: Positions
    line: Positions
    fields: Positions
    misquoted: BoolArray

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def width(self) -> int:
        """The number of fields most records have (the first record's, where numbers tie); 0 without records."""
        if not len(self):
            return 0
        counts = np.bincount(np.minimum(self.fields, MAX_COLUMNS + 1))
        first = int(min(self.fields[0], MAX_COLUMNS + 1))
        return first if counts[first] == counts.max() else int(counts.argmax())

    def text(self, i: int) -> str:
        """Record ``i`` as it stands in the file, cut where it is long."""
        return self.content[self.start[i] : min(self.end[i], self.start[i] + 400)].decode(errors="ignore")

    def cells(self, i: int) -> list[str]:
        """The fields of record ``i``, unquoted and stripped."""
        text = self.content[self.start[i] : min(self.end[i], self.start[i] + MAX_RECORD_BYTES)].decode(errors="ignore")
        read = next(csv.reader([text], delimiter=self.separator)) if self.quoting else text.split(self.separator)
        return [cell.strip() for cell in read]

    def joined(self, keep: BoolArray) -> bytes:
        """The bytes of these records alone, one after the other with their line ends."""
        step = np.zeros(len(self.content) + 2, dtype=np.int8)
        step[self.start[keep]] += 1
        step[self.end[keep] + 1] -= 1
        kept = np.cumsum(step, dtype=np.int8)[: len(self.content)].view(np.bool_)
        return np.frombuffer(self.content, dtype=np.uint8)[kept].tobytes()


def scan(content: bytes, separator: str) -> Records:
    r"""Find the records of a table.

    Args:
        content: UTF-8 with ``\n`` line ends.
        separator: of one character, or ``::``, where quotation marks are taken as they are.
    """
    quoting = separator != "::"
    if not quoting:
        content = content.replace(_DOUBLE_COLON_AS, b" ").replace(b"::", _DOUBLE_COLON_AS)
        separator = _DOUBLE_COLON_AS.decode()
    buffer = np.frombuffer(content, dtype=np.uint8)
    breaks = np.flatnonzero(buffer == _NEWLINE)
    separators = np.flatnonzero(buffer == ord(separator))
    edges, stray = _quoted_fields(content, buffer, separator) if quoting else (breaks[:0], breaks[:0])

    end = breaks[_outside(breaks, edges)]
    if not content.endswith(b"\n"):
        end = np.append(end, len(content))
    start = np.concatenate([[0], end[:-1] + 1])
    records = Records(
        content=content,
        separator=separator,
        quoting=quoting,
        start=start,
        end=end,
        line=np.searchsorted(breaks, start) + 1,
        fields=_count_between(separators[_outside(separators, edges)], start, end) + 1,
        misquoted=_count_between(stray, start, end) > 0,
    )
    return _without_blank(records)


def _quoted_fields(content: bytes, buffer: Bytes, separator: str) -> tuple[Positions, Positions]:
    """The edges of all quoted fields, and the quotation marks that open a field which nothing closes."""
    quotes = np.flatnonzero(buffer == _QUOTE)
    at_boundary = _at_boundary(buffer, quotes, separator)
    if _are_all_edges(quotes, at_boundary):
        return quotes, quotes[:0]
    boundary = re.escape(separator).encode()
    field = re.compile(rb'(?<![^\n%s])"[^"]*+(?:""[^"]*+)*+"(?![^\n%s])' % (boundary, boundary))
    spans = (match.span() for match in field.finditer(content))
    edges = np.array([(a, b - 1) for a, b in spans if b - a <= MAX_RECORD_BYTES], dtype=np.int64).reshape(-1)
    is_edge = np.zeros(len(content), dtype=np.bool_)
    is_edge[edges] = True
    opening = quotes[at_boundary[0] & ~is_edge[quotes]]
    return edges, opening[_outside(opening, edges)]


def _at_boundary(buffer: Bytes, quotes: Positions, separator: str) -> tuple[BoolArray, BoolArray]:
    """For each quotation mark, whether a field could begin with it, and whether one could end with it."""
    last = len(buffer) - 1
    before, after = buffer[np.maximum(quotes - 1, 0)], buffer[np.minimum(quotes + 1, last)]
    beside = np.array([_NEWLINE, ord(separator)], dtype=np.uint8)
    return np.isin(before, beside) | (quotes == 0), np.isin(after, beside) | (quotes == last)


def _are_all_edges(quotes: Positions, at_boundary: tuple[BoolArray, BoolArray]) -> bool:
    """Whether all quotation marks open and close fields in turn, as in a table that a program wrote."""
    if len(quotes) % 2:
        return False
    doubled = np.diff(quotes) == 1
    opens = at_boundary[0] | np.concatenate([[False], doubled])
    closes = at_boundary[1] | np.concatenate([doubled, [False]])
    too_long = (quotes[1::2] - quotes[0::2]) > MAX_RECORD_BYTES
    return bool(opens[0::2].all() and closes[1::2].all() and not too_long.any())


def _outside(positions: Positions, edges: Positions) -> BoolArray:
    outside: BoolArray = np.searchsorted(edges, positions) % 2 == 0
    return outside


def _count_between(positions: Positions, start: Positions, end: Positions) -> Positions:
    return np.searchsorted(positions, end) - np.searchsorted(positions, start)


def _without_blank(records: Records) -> Records:
    keep = np.ones(len(records), dtype=np.bool_)
    for i in np.flatnonzero(records.fields == 1):
        keep[i] = bool(records.content[records.start[i] : records.end[i]].strip())
    kept = {name: getattr(records, name)[keep] for name in ("start", "end", "line", "fields", "misquoted")}
    return replace(records, **kept)
