"""From what a person hands over to the bytes of one table: size limits, gzip, zip, and files that are neither.

Everything here distrusts its input: sizes are checked before reading, archives are unpacked as a stream that stops
at a limit, and an archive within an archive is refused.
"""

import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from collabviz.errors import CollabVizError

MAX_INPUT_BYTES = 200_000_000
"""The largest file taken, packed or not."""

MAX_UNPACKED_BYTES = 500_000_000
"""The largest table an archive may unpack to, some 15 million ratings; reading takes several times its size."""

MAX_RATIO = 250
"""How much larger than its archive a table may be once it is over ``RATIO_FREE_BYTES``; ratings reach about 10."""

RATIO_FREE_BYTES = 10_000_000
_CHUNK_BYTES = 1_000_000

_TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt", ".dat", ".data"})
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")

_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
}
_FOREIGN_ARCHIVES = {
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}
_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)


def unpack(source: bytes | Path, filename: str) -> bytes:
    """The bytes of the one table in a file, unpacked where it is a gzip or zip archive.

    Raises:
        CollabVizError: on a file that is empty, too large, damaged, no table, or holds several tables or none.
    """
    data = _taken(source, filename)
    if data.startswith(_GZIP):
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            table = _drained(stream, len(data), filename)
    elif data.startswith(_ZIP):
        table = _from_zip(data, filename)
    else:
        _refuse_foreign(data, filename)
        return data
    if table.startswith((_GZIP, *_ZIP)) or table[257:262] == b"ustar":
        raise CollabVizError(f"{filename} holds another archive. Unpack it and choose the table of ratings inside.")
    if not table:
        raise CollabVizError(f"The table in {filename} is empty. Choose a file with one row a rating.")
    _refuse_foreign(table, filename)
    return table


def _taken(source: bytes | Path, filename: str) -> bytes:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > MAX_INPUT_BYTES:
            raise CollabVizError(
                f"{filename} is {_megabytes(size)}, and at most {_megabytes(MAX_INPUT_BYTES)} can be taken. "
                "Pack it with gzip or zip, or use a part of its rows."
            )
        data = source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise CollabVizError(f"{filename} cannot be read: {error.strerror}.") from error
    if not data:
        raise CollabVizError(f"{filename} is empty. Choose a file with one row a rating.")
    return data


def _from_zip(data: bytes, filename: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = _only_table(archive.infolist(), filename)
            if member.flag_bits & 0x1:
                raise CollabVizError(f"{filename} is locked with a password. Pack the table again without one.")
            with archive.open(member) as stream:
                return _drained(stream, member.compress_size, filename)
    except _DAMAGED as error:
        raise _damaged(filename) from error


def _only_table(members: list[zipfile.ZipInfo], filename: str) -> zipfile.ZipInfo:
    """The one member that is a table, or of several the only one named like ratings."""
    names = {member.filename for member in members}
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise _foreign(filename, "a spreadsheet or another office document")
    visible = [member for member in members if _is_visible(member)]
    tables = [member for member in visible if PurePosixPath(member.filename).suffix.lower() in _TABLE_SUFFIXES]
    if not tables and len(visible) == 1:
        return visible[0]
    if not tables:
        raise CollabVizError(f"{filename} holds no table. Put one CSV file with one row a rating into it.")
    if len(tables) == 1:
        return tables[0]
    named = [table for table in tables if _named_like_ratings(table)]
    if len(named) != 1:
        shown = ", ".join(table.filename for table in tables[:5]) + (", …" if len(tables) > 5 else "")
        raise CollabVizError(
            f"{filename} holds {len(tables)} tables ({shown}). Unpack it and choose the one with the ratings."
        )
    return named[0]


def _is_visible(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    hidden = any(part == "__MACOSX" or part.startswith(".") for part in path.parts)
    return not (member.is_dir() or hidden or path.stem.lower().startswith("readme"))


def _named_like_ratings(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename).name.lower()
    return "rating" in name or name == "u.data"


def _drained(stream: gzip.GzipFile | IO[bytes], packed_size: int, filename: str) -> bytes:
    """All of a stream, unless it grows beyond what an honest archive of ratings holds."""
    chunks: list[bytes] = []
    total = 0
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            total += len(chunk)
            if total > MAX_UNPACKED_BYTES:
                raise CollabVizError(
                    f"{filename} unpacks to more than {_megabytes(MAX_UNPACKED_BYTES)}, the most that can be taken. "
                    "Use a part of its rows."
                )
            if total > max(RATIO_FREE_BYTES, MAX_RATIO * packed_size):
                raise CollabVizError(
                    f"{filename} unpacks to more than {MAX_RATIO} times its size, as no table of ratings does, "
                    "so it was not opened further. Choose another file."
                )
            chunks.append(chunk)
    except _DAMAGED as error:
        raise _damaged(filename) from error
    return b"".join(chunks)


def _refuse_foreign(data: bytes, filename: str) -> None:
    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            raise _foreign(filename, what)
    for magic, what in _FOREIGN_ARCHIVES.items():
        if data.startswith(magic):
            raise CollabVizError(f"{filename} is {what}. Unpack it, or pack the table with gzip or zip instead.")


def _foreign(filename: str, what: str) -> CollabVizError:
    return CollabVizError(f"{filename} looks like {what}, not like a table in text. Save the table as CSV.")


def _damaged(filename: str) -> CollabVizError:
    return CollabVizError(f"{filename} is a damaged or incomplete archive. Pack it again, or use the table itself.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"
