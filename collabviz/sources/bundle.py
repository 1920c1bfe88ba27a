"""Ratings as one file, exactly: the cache, what people keep, and what a worker process is sent.

A bundle is an uncompressed zip of Parquet tables (which compress themselves) and a small JSON file:

    meta.json         format, name, scale, note, and how many ratings there are
    ratings.parquet   user, item, rating and, where known, time
    users.parquet     the users' table
    items.parquet     the items' table
    folds.parquet     one line a fold: name, rows
"""

import io
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from collabviz.errors import CollabVizError
from collabviz.ratings import IntArray, Ratings, RatingScale

FORMAT = "collabviz-ratings-1"

# What the readers of zip, JSON and Parquet raise over bytes that are not theirs.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, LookupError, TypeError, ValueError, OSError, RuntimeError)


def write_bundle(ratings: Ratings, file: Path | BinaryIO) -> None:
    """Write ratings to a path or a binary stream.

    A path is written under a temporary name and renamed when complete, so that nobody ever reads half a bundle.
    """
    if not isinstance(file, Path):
        _write(ratings, file)
        return
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            _write(ratings, stream)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_bundle(file: Path | BinaryIO) -> Ratings:
    """Read ratings back as they were written: values, types, order and fingerprint.

    Raises:
        CollabVizError: where the file is missing, damaged or not a bundle.
    """
    with _opened(file) as (archive, meta):
        columns = {name: column.to_numpy() for name, column in _named_columns(archive, "ratings.parquet")}
        return Ratings(
            name=meta["name"],
            user=columns["user"],
            item=columns["item"],
            rating=columns["rating"],
            time=columns.get("time"),
            users=_read_table(archive, "users.parquet").to_pandas(),
            items=_read_table(archive, "items.parquet").to_pandas(),
            scale=RatingScale(**meta["scale"]),
            folds=_read_folds(archive),
            note=meta["note"],
        )


def read_meta(file: Path | BinaryIO) -> Mapping[str, Any]:
    """Read only what a list of data sets shows: ``name``, ``note``, ``n_ratings``.

    Raises:
        CollabVizError: where the file is missing, damaged or not a bundle.
    """
    with _opened(file) as (_, meta):
        return meta


def is_bundle(path: Path) -> bool:
    """Whether a file says of itself that it is a bundle; it may still be damaged."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return {"meta.json", "ratings.parquet"} <= set(archive.namelist())


def _write(ratings: Ratings, stream: BinaryIO) -> None:
    columns = {"user": ratings.user, "item": ratings.item, "rating": ratings.rating, "time": ratings.time}
    meta = {
        "format": FORMAT,
        "name": ratings.name,
        "note": ratings.note,
        "scale": asdict(ratings.scale),
        "n_ratings": len(ratings),
    }
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("meta.json", json.dumps(meta, ensure_ascii=False, indent=1))
        _write_table(archive, "ratings.parquet", pa.table({k: v for k, v in columns.items() if v is not None}))
        _write_table(archive, "users.parquet", _arrow(ratings.users))
        _write_table(archive, "items.parquet", _arrow(ratings.items))
        _write_table(archive, "folds.parquet", _fold_table(ratings.folds))


def _write_table(archive: zipfile.ZipFile, member: str, table: pa.Table) -> None:
    with archive.open(member, "w", force_zip64=True) as stream:
        pq.write_table(table, stream, compression="zstd")


def _arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def _fold_table(folds: Mapping[str, IntArray]) -> pa.Table:
    rows = pa.array(list(folds.values()), type=pa.list_(pa.int32()))
    return pa.table({"name": pa.array(list(folds), type=pa.string()), "rows": rows})


@contextmanager
def _opened(file: Path | BinaryIO) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """The zip and its meta data, with every way of being damaged turned into one sentence."""
    name = file.name if isinstance(file, Path) else "The bundle"
    try:
        with zipfile.ZipFile(file) as archive:
            meta = json.loads(archive.read("meta.json"))
            if meta["format"] != FORMAT:
                raise CollabVizError(f"it has the format {meta['format']!r}, this version reads {FORMAT!r}")
            yield archive, meta
    except FileNotFoundError as error:
        raise CollabVizError(f"There is no file {file}. Check the name, or load the ratings again.") from error
    except (*_DAMAGE, pa.ArrowException) as error:
        raise CollabVizError(
            f"{name} cannot be read as CollabViz ratings ({error}). Delete it and load or upload the ratings again."
        ) from error


def _read_table(archive: zipfile.ZipFile, member: str) -> pa.Table:
    # Read whole, so that the zip's checksum is compared before Parquet sees a byte.
    return pq.read_table(io.BytesIO(archive.read(member)))


def _named_columns(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[str, pa.ChunkedArray]]:
    table = _read_table(archive, member)
    return zip(table.column_names, table.columns, strict=True)


def _read_folds(archive: zipfile.ZipFile) -> dict[str, IntArray]:
    table = _read_table(archive, "folds.parquet")
    return {name: rows.values.to_numpy() for name, rows in zip(table["name"].to_pylist(), table["rows"], strict=True)}
