"""The official MovieLens archives, as a zip or unpacked (https://grouplens.org/datasets/movielens/).

Four layouts are told apart by their files:

    u.data, u.item, u.user, u.genre          100K: tabs and bars, Latin-1
    ratings.dat, movies.dat, users.dat       1M: "::", whole stars, Latin-1
    ratings.dat, movies.dat                  10M: "::", half stars, UTF-8
    ratings.csv, movies.csv                  latest-small, 25M, 32M: CSV, half stars, UTF-8
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings
from collabviz.sources import ml100k
from collabviz.sources.folder import open_folder, read_table, read_text
from collabviz.sources.normalise import normalise
from collabviz.sources.rating_lines import LineFormat, read_rating_lines

# Codes of users.dat, from the README of MovieLens 1M.
_AGES = {"1": "under 18", "18": "18-24", "25": "25-34", "35": "35-44", "45": "45-49", "50": "50-55", "56": "56+"}
_OCCUPATIONS = (
    "other",
    "academic/educator",
    "artist",
    "clerical/admin",
    "college/grad student",
    "customer service",
    "doctor/health care",
    "executive/managerial",
    "farmer",
    "homemaker",
    "K-12 student",
    "lawyer",
    "programmer",
    "retired",
    "sales/marketing",
    "scientist",
    "self-employed",
    "technician/engineer",
    "tradesman/craftsman",
    "unemployed",
    "writer",
)


@dataclass(frozen=True)
class _Layout:
    """The files that give an archive away, those it needs besides, and what reads them."""

    marks: tuple[str, ...]
    needs: tuple[str, ...]
    read: Callable[[Traversable, str], Ratings]


def load_archive(source: Path | BinaryIO, name: str | None = None) -> Ratings:
    """Read a MovieLens archive; ratings keep the order of their file.

    ``users`` has ``id`` and, for 100K and 1M, ``age`` (years; 1M knows ranges only), ``gender`` and
    ``occupation``. ``items`` has ``id`` (the smallest movie id of that title), ``title``, ``year`` (Int16, may
    be missing) and ``genres``. Movies nobody rated are left out. Movies are told apart by title in 100K, as in
    the fast.ai book, chapter 8, by id elsewhere.

    Args:
        source: a zip on disk or in memory, or the folder it was unpacked to.
        name: what to call the ratings; the name of the file or folder without ``.zip`` if None.

    Raises:
        CollabVizError: where it is no MovieLens archive, lacks a file, or a line of it cannot be read.
    """
    called = source.name if isinstance(source, Path) else f"{name}.zip"
    with open_folder(source, called) as root:
        found = _recognise(root)
        if found is None:
            raise CollabVizError(
                f"{called} is not a MovieLens archive: it has none of u.data, ratings.dat, or ratings.csv with "
                "movies.csv. Give the zip from grouplens.org, or the folder it unpacks to."
            )
        layout, folder = found
        for file in layout.needs:
            if not (folder / file).is_file():
                raise CollabVizError(f"{called} has {layout.marks[0]} but lacks {file}. Give the whole archive.")
        return layout.read(folder, name or called.removesuffix(".zip"))


def is_archive(source: Path | BinaryIO) -> bool:
    """Whether a zip or folder has the files of a MovieLens archive."""
    with open_folder(source, "The file") as root:
        return _recognise(root) is not None


def _recognise(root: Traversable) -> tuple[_Layout, Traversable] | None:
    """The layout, and the folder its files lie in: the root, or one right below it."""
    below = sorted((entry for entry in root.iterdir() if entry.is_dir()), key=lambda entry: entry.name)
    for folder in (root, *below):
        for layout in _LAYOUTS:
            if all((folder / mark).is_file() for mark in layout.marks):
                return layout, folder
    return None


def _read_100k(folder: Traversable, name: str) -> Ratings:
    raw = read_rating_lines(folder / "u.data", LineFormat("\t"))
    genres = [line.split("|")[0] for line in read_text(folder / "u.genre").splitlines() if line]
    movies = read_table(folder / "u.item", "|", ("id", "title", "released", "video", "imdb", *genres))
    flags = movies[genres].to_numpy() == "1"
    movies["genres"] = ["|".join(genre for genre, on in zip(genres, row, strict=True) if on) for row in flags]
    people = read_table(folder / "u.user", "|", ("id", "age", "gender", "occupation", "zip"))
    return normalise(name, raw, movies, ml100k.people(people), by_title=True, folds=ml100k.folds(raw.user))


def _read_dat(folder: Traversable, name: str) -> Ratings:
    raw = read_rating_lines(folder / "ratings.dat", LineFormat("::"))
    movies = read_table(folder / "movies.dat", "::", ("id", "title", "genres"))
    users = folder / "users.dat"
    return normalise(name, raw, movies, _people_1m(users) if users.is_file() else None)


def _people_1m(file: Traversable) -> pd.DataFrame:
    coded = read_table(file, "::", ("id", "gender", "age", "occupation", "zip"))
    occupations = {str(code): label for code, label in enumerate(_OCCUPATIONS)}
    return pd.DataFrame(
        {
            "id": coded["id"],
            "age": coded["age"].map(_AGES),
            "gender": coded["gender"],
            "occupation": coded["occupation"].map(occupations),
        }
    )


def _read_csv(folder: Traversable, name: str) -> Ratings:
    raw = read_rating_lines(folder / "ratings.csv", LineFormat(",", header="userId,movieId,rating,timestamp"))
    movies = read_table(folder / "movies.csv", ",", ("id", "title", "genres"), header=True)
    return normalise(name, raw, movies)


_LAYOUTS = (
    _Layout(("u.data",), ("u.item", "u.user", "u.genre"), _read_100k),
    _Layout(("ratings.dat",), ("movies.dat",), _read_dat),
    _Layout(("ratings.csv", "movies.csv"), (), _read_csv),
)
