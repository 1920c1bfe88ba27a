"""MovieLens 100K out of the ``recbole`` wheel, for where GroupLens cannot be reached but a package index can.

RecBole 1.2.1 ships the same 100,000 ratings in the same order; only title and year stand apart there, genres
are separated by blanks, and one movie without a name is misspelled.
"""

import subprocess
import sys
import tempfile
from importlib.resources.abc import Traversable
from pathlib import Path

import pandas as pd

from collabviz.errors import CollabVizError
from collabviz.progress import Progress, silent
from collabviz.ratings import Ratings
from collabviz.sources import ml100k
from collabviz.sources.folder import open_folder, read_table
from collabviz.sources.normalise import normalise
from collabviz.sources.rating_lines import LineFormat, read_rating_lines

PACKAGE = "recbole==1.2.1"

_RATINGS_HEADER = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
_SECONDS = 120


def fetch_recbole(progress: Progress = silent) -> Ratings:
    """Download the wheel with pip, by the user's own index and proxy settings, and read MovieLens 100K from it.

    Raises:
        CollabVizError: where pip cannot get it, with its reason.
    """
    progress(f"Downloading MovieLens 100K with the package {PACKAGE}", 0, None)
    with tempfile.TemporaryDirectory() as folder:
        return read_wheel(_download(Path(folder)))


def read_wheel(path: Path) -> Ratings:
    """Read MovieLens 100K from a ``recbole`` wheel, as the official archive would give it.

    Raises:
        CollabVizError: where the wheel is damaged or has no such data.
    """
    with open_folder(path, path.name) as root:
        folder = root / "recbole" / "dataset_example" / "ml-100k"
        if not (folder / "ml-100k.inter").is_file():
            raise CollabVizError(f"{path.name} does not hold MovieLens 100K. Take the wheel of {PACKAGE}.")
        raw = read_rating_lines(folder / "ml-100k.inter", LineFormat("\t", header=_RATINGS_HEADER))
        columns = ("id", "age", "gender", "occupation", "zip")
        people = read_table(folder / "ml-100k.user", "\t", columns, header=True)
        movies = _movies(folder / "ml-100k.item")
    return normalise("ml-100k", raw, movies, ml100k.people(people), by_title=True, folds=ml100k.folds(raw.user))


def _movies(file: Traversable) -> pd.DataFrame:
    table = read_table(file, "\t", ("id", "name", "year", "genres"), header=True)
    # "unkonwn" (sic), in both columns, is the movie officially called "unknown", without a year.
    title = (table["name"] + " (" + table["year"] + ")").where(table["year"] != "unkonwn", "unknown")
    return pd.DataFrame({"id": table["id"], "title": title, "genres": table["genres"].str.replace(" ", "|")})


def _download(folder: Path) -> Path:
    # --only-binary: a wheel is only unpacked, while building from source would run the package's code.
    options = ["--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    patience = ["--timeout", "5", "--retries", "1"]
    command = [sys.executable, "-m", "pip", "download", *options, *patience, PACKAGE, "-d", str(folder)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CollabVizError(f"pip did not get {PACKAGE} within {_SECONDS} seconds.") from error
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode or wheel is None:
        raise CollabVizError(f"pip could not get {PACKAGE}: {_reason(done.stderr)}.")
    return wheel


def _reason(stderr: str) -> str:
    """The last thing pip complains about."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines or ["it gave no reason"]
    return errors[-1].removeprefix("ERROR: ").rstrip(".")
