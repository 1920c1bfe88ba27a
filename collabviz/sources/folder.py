"""The files of a data set, whether they lie in a folder or in a zip; and small tables among them."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from collabviz.errors import CollabVizError

# The largest set, MovieLens 32M, unpacks to about 1 GB.
LARGEST_UNPACKED = 4_000_000_000


@contextmanager
def open_folder(source: Path | BinaryIO, name: str) -> Iterator[Traversable]:
    """Open a folder, or a zip on disk or in memory as if it were one.

    Raises:
        CollabVizError: where there is nothing at that path, or a zip turns out damaged while it is read.
    """
    if isinstance(source, Path) and source.is_dir():
        yield source
        return
    try:
        with zipfile.ZipFile(source) as archive:
            _refuse_bomb(archive, name)
            yield zipfile.Path(archive)
    except FileNotFoundError as error:
        raise CollabVizError(f"There is no file or folder {source}. Check the path.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise CollabVizError(f"{name} is not a zip file, or it is damaged. Download it again.") from error
    except (NotImplementedError, RuntimeError) as error:
        raise CollabVizError(f"{name} cannot be unpacked ({error}). Unpack it and give the folder.") from error


def _refuse_bomb(archive: zipfile.ZipFile, name: str) -> None:
    """A table of ratings packs to a fourth or a tenth; what unpacks to a hundred times its size is none."""
    packed = sum(info.compress_size for info in archive.infolist())
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > min(100 * packed + 1_000_000, LARGEST_UNPACKED):
        raise CollabVizError(
            f"{name} would unpack to {unpacked / 1e6:,.0f} MB, which no data set does. It was not opened."
        )


def read_text(file: Traversable) -> str:
    """Read a text in UTF-8 or, where it is not, in Latin-1, as the older MovieLens sets are."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_table(file: Traversable, delimiter: str, columns: Sequence[str], *, header: bool = False) -> pd.DataFrame:
    """Read a small table of strings whose first column is a whole number.

    Args:
        file: where it is.
        delimiter: ``,`` (then fields may be quoted), any other character, or ``::``.
        columns: their names, in order; every line must have as many.
        header: whether the first line is to be skipped.

    Raises:
        CollabVizError: naming the first line that has another number of fields, or no number first.
    """
    text = read_text(file)
    if len(delimiter) > 1:
        # The csv module takes one character only; this one exists to separate fields.
        text, delimiter = text.replace(delimiter, "\x1f"), "\x1f"
    quotechar = '"' if delimiter == "," else None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quotechar)
    rows: list[list[str]] = []
    ids: list[int] = []
    try:
        if header:
            next(reader, None)
        for row in reader:
            if not row:
                continue
            if len(row) != len(columns):
                raise wrong_line(file.name, reader.line_num, f"has {len(row)} fields instead of {len(columns)}")
            if not row[0].isdecimal():
                raise wrong_line(file.name, reader.line_num, f"starts with {row[0][:40]!r} instead of a number")
            ids.append(int(row[0]))
            rows.append(row)
    except csv.Error as error:
        raise wrong_line(file.name, reader.line_num, f"cannot be read: {error}") from error
    table = pd.DataFrame(rows, columns=list(columns), dtype="str")
    return table.assign(**{columns[0]: ids})


def wrong_line(file: str, line: int, what: str) -> CollabVizError:
    """The error over one line of a file that comes from an archive."""
    return CollabVizError(f"{file}, line {line:,}, {what}. Unpack the archive again, or download it again.")
