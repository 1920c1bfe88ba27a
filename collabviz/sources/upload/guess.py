"""What a file of ratings looks like at first sight, for a person to confirm or correct."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from collabviz.errors import CollabVizError
from collabviz.sources.upload.archive import unpack
from collabviz.sources.upload.columns import Columns, guess_columns, is_known
from collabviz.sources.upload.layout import Layout, guess_decimal, guess_header, guess_separator
from collabviz.sources.upload.records import MAX_COLUMNS, Records, scan
from collabviz.sources.upload.text import decode, guess_encoding

PREVIEW_ROWS = 20
_SAMPLE_ROWS = 500
_SAMPLE_BYTES = 256_000


@dataclass(frozen=True, eq=False)
class Guess:
    """How a file seems to be written and what its columns seem to hold.

    Attributes:
        layout: how it is written.
        columns: which column holds what.
        names: of all columns, unique; made up (``column 1``) where there is no header.
        preview: the first rows as text, one column a name, indexed by the line of the file.
        notes: sentences on what was guessed and what could not be.
    """

    layout: Layout
    columns: Columns
    names: list[str]
    preview: pd.DataFrame
    notes: tuple[str, ...]


def guess(source: bytes | Path, filename: str, layout: Layout | None = None) -> Guess:
    """Guess how a file is written and which of its columns hold the ratings.

    Args:
        source: the content of the file, or where it lies.
        filename: what the user calls it; only for messages.
        layout: how it is written where a person has chosen; the columns are then guessed anew.

    Raises:
        CollabVizError: on a file that is no table in text at all.
    """
    data = unpack(source, filename)
    encoding = layout.encoding if layout else guess_encoding(data)
    head = _head(decode(data, encoding, filename))
    separator = layout.separator if layout else guess_separator(head, filename)
    records = scan(head, separator)
    check_width(records, filename)
    rows = [records.cells(i) for i in range(min(len(records), _SAMPLE_ROWS))]
    header = layout.header if layout else guess_header(rows, any(map(is_known, rows[0])))

    names = column_names(records, header)
    sample = [_fitted(row, len(names)) for row in rows[header:]]
    cells = [list(column) for column in zip(*sample, strict=True)] or [[] for _ in names]
    columns = guess_columns(names if header else None, cells)
    if layout is None:
        layout = Layout(encoding, separator, header)
        if columns.rating is not None:
            # The rating's column decides; where it holds whole numbers, any other, as the guess may be corrected.
            layout = replace(layout, decimal=guess_decimal(cells[columns.rating], *cells))
    lines = pd.Index(records.line[header : header + PREVIEW_ROWS], name="line")
    preview = pd.DataFrame(sample[:PREVIEW_ROWS], index=lines, columns=names, dtype=str)
    return Guess(layout, columns, names, preview, _notes(layout, columns, names))


def column_names(records: Records, header: bool) -> list[str]:
    """A name for each column: the header's, made unique, and ``column 3`` where there is none."""
    header_cells = records.cells(0) if header and len(records) else []
    names: list[str] = []
    for i, cell in enumerate(_fitted(header_cells, records.width)):
        name = cell or f"column {i + 1}"
        names.append(name if name not in names else f"{name} (column {i + 1})")
    return names


def check_width(records: Records, filename: str) -> None:
    """Refuse what is no list of ratings.

    Raises:
        CollabVizError: on a table with as many columns as a matrix has.
    """
    if records.width > MAX_COLUMNS:
        raise CollabVizError(
            f"{filename} has more than {MAX_COLUMNS} columns, so it is more likely a matrix of users by items than a "
            "list of ratings. Write one row a rating: user, item, rating."
        )


def _head(content: bytes) -> bytes:
    """The beginning of a table, leading blank lines aside, up to a line end where it has one."""
    size = len(content) - len(content.lstrip()) + _SAMPLE_BYTES
    return content if len(content) <= size else content[: content.rfind(b"\n", 0, size) + 1 or size]


def _fitted(row: list[str], width: int) -> list[str]:
    return row[:width] + [""] * (width - len(row))


def _notes(layout: Layout, columns: Columns, names: list[str]) -> tuple[str, ...]:
    found = ", ".join(f"{role} in {names[column]}" for role, column in columns.chosen().items())
    missing = [role for role in ("rating", "item") if getattr(columns, role) is None]
    notes = [layout.in_words(), f"Found {found}." if found else "No column could be recognised."]
    notes += [f"No column of {role}s could be found: choose it." for role in missing]
    if columns.user is None and not missing:
        notes.append("There is no column of users, so all ratings are taken as one person's.")
    return tuple(notes)
