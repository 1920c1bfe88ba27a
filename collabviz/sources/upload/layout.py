"""How a table is written: encoding, separator, header and decimal sign, as guessed or as a person chose them."""

import re
from dataclasses import dataclass

import numpy as np

from collabviz.errors import CollabVizError
from collabviz.sources.upload.records import MAX_COLUMNS, Records, scan
from collabviz.sources.upload.text import ENCODINGS

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar", "::": "double colon"}
"""What can stand between two fields, and what a person calls it."""

DECIMALS = {".": "decimal point", ",": "decimal comma"}

NUMBER = re.compile(r"[+\-−]?[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True)
class Layout:
    """How a table is written.

    Attributes:
        encoding: a key of ``ENCODINGS``.
        separator: a key of ``SEPARATORS``.
        header: whether the first row holds names.
        decimal: a key of ``DECIMALS``.
        day_first: whether 01/02/2003 is the first of February; None decides it from the whole column.

    Raises:
        CollabVizError: on a choice that does not exist.
    """

    encoding: str
    separator: str
    header: bool
    decimal: str = "."
    day_first: bool | None = None

    def __post_init__(self) -> None:
        choices = (("encoding", ENCODINGS), ("separator", SEPARATORS), ("decimal", DECIMALS))
        for name, allowed in choices:
            if getattr(self, name) not in allowed:
                listed = ", ".join(repr(choice) for choice in allowed)
                raise CollabVizError(f"layout.{name} is {getattr(self, name)!r}; it can be {listed}.")

    def in_words(self) -> str:
        """One sentence for a person: ``Read as Windows-1252, separated by semicolon, with a header …``."""
        header = "with a header" if self.header else "without a header"
        return (
            f"Read as {ENCODINGS[self.encoding]}, separated by {SEPARATORS[self.separator]}, {header}, "
            f"{DECIMALS[self.decimal]}."
        )


def guess_separator(content: bytes, filename: str) -> str:
    """The separator that cuts the most records into the same number of fields, the more fields the better.

    Raises:
        CollabVizError: where none cuts them into two or more.
    """
    scores = {separator: _regularity(scan(content, separator)) for separator in SEPARATORS}
    best = max(scores, key=lambda separator: scores[separator])
    if scores[best] == 0:
        listed = ", ".join(SEPARATORS.values())
        raise CollabVizError(
            f"{filename} has a single column: none of {listed} separates its fields. "
            "A table of ratings needs at least an item and a rating in each row."
        )
    return best


def _regularity(records: Records) -> float:
    width = records.width
    if width < 2:
        return 0.0
    share = float((np.minimum(records.fields, MAX_COLUMNS + 1) == width).mean())
    return share**2 * width


def guess_header(rows: list[list[str]], is_known_name: bool) -> bool:
    """Whether the first row holds names: no number in it, and a name we know or a column of numbers under it."""
    first, rest = rows[0], rows[1:]
    if any(NUMBER.fullmatch(cell) for cell in first):
        return False
    return is_known_name or any(is_numeric([row[i] for row in rest if i < len(row)]) for i in range(len(first)))


def is_numeric(cells: list[str]) -> bool:
    """Whether at least nine in ten of the cells that are not blank are numbers."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(bool(NUMBER.fullmatch(cell)) for cell in filled) >= 0.9 * len(filled)


def guess_decimal(*columns: list[str]) -> str:
    """The decimal sign of the first of these columns whose numbers have any: whichever more of them have."""
    for cells in columns:
        numbers = [cell for cell in cells if NUMBER.fullmatch(cell)]
        commas, points = (sum(sign in number for number in numbers) for sign in (",", "."))
        if commas or points:
            return "," if commas > points else "."
    return "."
