"""A table's columns as text, and the rows that are not of its shape.

The bulk goes through pyarrow's reader in one call; a distinct text is kept once, so that whatever is done to a column
afterwards (reading numbers, dates) is done once for each text and not for each row.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from collabviz.ratings import IntArray
from collabviz.sources.upload.columns import Columns
from collabviz.sources.upload.guess import check_width, column_names
from collabviz.sources.upload.layout import SEPARATORS, Layout
from collabviz.sources.upload.problems import problem_frame
from collabviz.sources.upload.records import MAX_RECORD_BYTES, Records, scan

_BLOCK_BYTES = 16_000_000  # many times the longest record, which pyarrow wants in one block


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of text: row ``i`` reads ``distinct[code[i]]``.

    Attributes:
        name: of the column.
        code: int32[n].
        distinct: every text once, in the order of first appearance, stripped.
    """

    name: str
    code: IntArray
    distinct: "pd.Series[str]"

    def at(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The texts of these rows."""
        return self.distinct.iloc[self.code[rows]].tolist()


@dataclass(frozen=True, eq=False)
class Table:
    """The rows that have the shape of the table, and those that do not.

    Attributes:
        line: int64[n], the line of the file each row starts on, from 1.
        texts: by role (``user``, ``item`` …), the chosen columns.
        misshapen: the rows set aside (see ``problem_frame``).
    """

    line: npt.NDArray[np.int64]
    texts: dict[str, Texts]
    misshapen: pd.DataFrame


def read_table(content: bytes, layout: Layout, columns: Columns, filename: str) -> Table:
    r"""Read the chosen columns of a table.

    Args:
        content: UTF-8 with ``\n`` line ends.
        layout: how it is written.
        columns: which to read.
        filename: for messages.

    Raises:
        CollabVizError: on too many columns, or columns that cannot be chosen so.
    """
    records = scan(content, layout.separator)
    check_width(records, filename)
    names = column_names(records, layout.header)
    columns.check(names, filename)
    width = records.width
    well_formed = (records.fields == width) & ~records.misquoted & (records.end - records.start <= MAX_RECORD_BYTES)
    is_row = np.arange(len(records)) >= int(layout.header)
    misshapen = _misshapen(records, np.flatnonzero(is_row & ~well_formed), layout)
    keep = is_row & well_formed
    chosen = columns.chosen()
    parsed = _parse(records.joined(keep), records, list(chosen.values()))
    texts = {role: _texts(names[column], parsed[column]) for role, column in chosen.items()}
    return Table(records.line[keep], texts, misshapen)


def _misshapen(records: Records, rows: npt.NDArray[np.int64], layout: Layout) -> pd.DataFrame:
    separator, width = SEPARATORS[layout.separator], records.width
    hint = f' Put a text that contains a {separator} in "".' if records.quoting else ""

    def reason(i: int) -> str:
        fields = records.fields[i]
        if records.misquoted[i]:
            return "A quotation mark opens a field here, and none closes it."
        if fields > width:
            return f"Too many fields: {fields} instead of {width}.{hint}"
        if fields < width:
            return f"Too few fields: {fields} instead of {width}."
        return f"Too long: more than {MAX_RECORD_BYTES:,} bytes."

    return problem_frame(records.line[rows], "", [records.text(i) for i in rows], [reason(i) for i in rows])


def _parse(content: bytes, records: Records, chosen: list[int]) -> dict[int, pa.ChunkedArray]:
    if not content:  # which pyarrow refuses
        return {column: pa.chunked_array([[]], pa.string()) for column in chosen}
    names = [str(i) for i in range(records.width)]
    wanted = [str(column) for column in chosen]
    table = csv.read_csv(
        pa.BufferReader(content),
        read_options=csv.ReadOptions(column_names=names, block_size=_BLOCK_BYTES),
        parse_options=csv.ParseOptions(
            delimiter=records.separator,
            quote_char='"' if records.quoting else False,
            newlines_in_values=records.quoting,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False
        ),
    )
    return {column: table.column(str(column)) for column in chosen}


def _texts(name: str, column: pa.ChunkedArray) -> Texts:
    encoded = pc.utf8_trim_whitespace(column).combine_chunks().dictionary_encode()
    distinct = pd.Series(encoded.dictionary.to_pandas(), dtype=str)
    return Texts(name, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), distinct)
