"""The one door to ratings that have a name: MovieLens, made-up ones, and what people keep.

Ratings are cached, and kept, as bundles in ``datasets/``; two processes may do so at once, since a bundle
appears whole or not at all.
"""

import re
import tempfile
import unicodedata
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from collabviz.errors import CollabVizError, unknown_name
from collabviz.home import datasets_dir
from collabviz.progress import Progress, silent
from collabviz.ratings import Ratings
from collabviz.sources import ml100k
from collabviz.sources.bundle import is_bundle, read_bundle, read_meta, write_bundle
from collabviz.sources.fetch import GROUPLENS, download
from collabviz.sources.movielens import is_archive, load_archive
from collabviz.sources.recbole import fetch_recbole
from collabviz.sources.synthetic import NOTE as SYNTHETIC_NOTE
from collabviz.sources.synthetic import synthetic_ratings

DEFAULT = "ml-100k"
SYNTHETIC = "synthetic"

_SUFFIX = ".ratings"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class DatasetInfo:
    """What one can choose from.

    Attributes:
        name: what ``load`` takes.
        title: what a list shows.
        description: one sentence.
        n_ratings: how many, or None where that is not known before loading.
        needs_download: whether it has to be fetched first.
        kept: whether somebody has kept it here, and it can be deleted.
    """

    name: str
    title: str
    description: str
    n_ratings: int | None
    needs_download: bool = False
    kept: bool = False


_MOVIELENS = {
    info.name: info
    for info in (
        DatasetInfo(DEFAULT, "MovieLens 100K", "943 people on 1,664 films, 1997-1998; whole stars.", 100_000),
        DatasetInfo("ml-latest-small", "MovieLens latest (small)", "610 people, up to 2018; half stars.", 100_836),
        DatasetInfo("ml-1m", "MovieLens 1M", "6,040 people on 3,706 films, 2000-2003; whole stars.", 1_000_209),
        DatasetInfo("ml-10m", "MovieLens 10M", "69,878 people on 10,677 films, 1995-2009; half stars.", 10_000_054),
        DatasetInfo("ml-25m", "MovieLens 25M", "162,541 people on 59,047 films, 1995-2019; half stars.", 25_000_095),
        DatasetInfo("ml-32m", "MovieLens 32M", "200,948 people on 84,432 films, 1995-2023; half stars.", 32_000_204),
    )
}


def available() -> list[DatasetInfo]:
    """Everything ``load`` knows: MovieLens, the made-up ratings, then what has been kept, by name."""
    movielens = [replace(info, needs_download=not _file(name).exists()) for name, info in _MOVIELENS.items()]
    synthetic = DatasetInfo(SYNTHETIC, title_of(SYNTHETIC), SYNTHETIC_NOTE, 100_000)
    return [*movielens, synthetic, *(_describe(name) for name in _kept())]


def title_of(name: str) -> str:
    """What people call the ratings of that name."""
    if name == SYNTHETIC:
        return "Made-up ratings"
    return _MOVIELENS[name].title if name in _MOVIELENS else name


def needs_download(name: str) -> bool:
    """Whether these ratings are one of the larger sets, and not on this machine yet."""
    return name in _MOVIELENS and name != DEFAULT and not _file(name).exists()


def load(name: str, progress: Progress = silent) -> Ratings:
    """Load ratings by name; what has to be fetched is fetched once and cached.

    ``ml-100k`` comes from the cache, else from GroupLens, else out of the ``recbole`` wheel, and is compared
    with a pinned fingerprint each time.

    Raises:
        CollabVizError: where the name is not known, or the ratings cannot be had, with the reason.
    """
    check_name(name)
    if name == SYNTHETIC:
        return synthetic_ratings()
    if name in _MOVIELENS:
        return _cached(name) or _fetched(name, progress)
    return read_bundle(_file(name))


def check_name(name: str) -> None:
    """Refuse a name that ``load`` does not know.

    Raises:
        CollabVizError: with the names it knows, and the nearest.
    """
    if name != SYNTHETIC and name not in _MOVIELENS and name not in _kept():
        raise _unknown(name)


def load_default(progress: Progress = silent) -> Ratings:
    """MovieLens 100K, or made-up ratings whose ``note`` says why it could not be had and what to do."""
    try:
        return load(DEFAULT, progress)
    except CollabVizError as error:
        note = (
            f"{SYNTHETIC_NOTE} MovieLens 100K could not be fetched: {error} To see the real ratings, connect to a "
            "network and start again, or download ml-100k.zip from grouplens.org elsewhere and open it with --file."
        )
        return replace(synthetic_ratings(), note=note)


def is_ours(path: Path) -> bool:
    """Whether ``load_path`` reads this; a table of ratings in any other form is the upload room's."""
    return path.is_dir() or is_bundle(path) or (zipfile.is_zipfile(path) and is_archive(path))


def load_path(path: Path, progress: Progress = silent) -> Ratings:
    """Load a MovieLens archive (a zip, or the unpacked folder) or a bundle.

    Raises:
        CollabVizError: where it is neither, or damaged.
    """
    progress(f"Reading {path.name}", 0, None)
    return read_bundle(path) if path.is_file() and is_bundle(path) else load_archive(path)


def keep(ratings: Ratings) -> str:
    """Store ratings under ``datasets/`` and return the name to load them by, such as ``my-ratings-1a2b3c4d``.

    The name ends in the beginning of the fingerprint, so the same ratings are kept once and others never
    overwritten. The ratings carry that name when they are loaded again.
    """
    stamp = ratings.fingerprint[:8]
    name = f"{_slug(ratings.name.removesuffix(f'-{stamp}'))}-{stamp}"
    write_bundle(replace(ratings, name=name), _file(name))
    return name


def forget(name: str) -> None:
    """Delete kept ratings.

    Raises:
        CollabVizError: where nothing is kept under that name.
    """
    if name not in _kept():
        raise CollabVizError(f"No ratings are kept under the name {name!r}, so there is nothing to delete.")
    _file(name).unlink(missing_ok=True)


def _cached(name: str) -> Ratings | None:
    """MovieLens as fetched before; None where it was not, or the cache does not hold what it should."""
    if not _file(name).exists():
        return None
    try:
        return _verified(read_bundle(_file(name)))
    except CollabVizError:
        return None


def _fetched(name: str, progress: Progress) -> Ratings:
    try:
        ratings = _from_grouplens(name, progress)
    except CollabVizError as grouplens:
        if name != DEFAULT:
            raise
        try:
            ratings = fetch_recbole(progress)
        except CollabVizError as recbole:
            raise CollabVizError(f"{grouplens} {recbole}") from recbole
    ratings = _verified(ratings)
    # A full or read-only disk costs the cache, not the ratings.
    with suppress(OSError):
        write_bundle(ratings, _file(name))
    return ratings


def _from_grouplens(name: str, progress: Progress) -> Ratings:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.zip"
        download(GROUPLENS[name], file, progress)
        progress(f"Reading {file.name}", 0, None)
        return load_archive(file, name)


def _verified(ratings: Ratings) -> Ratings:
    if ratings.name == DEFAULT and ratings.fingerprint != ml100k.FINGERPRINT:
        raise CollabVizError("What came as MovieLens 100K is something else, so it was not used. Try again later.")
    return ratings


def _file(name: str) -> Path:
    """Where a data set is cached or kept.

    Only names of ``_MOVIELENS``, of ``_kept`` and made by ``keep`` come here, so none leads out of the folder.
    """
    return datasets_dir() / f"{name}{_SUFFIX}"


def _kept() -> list[str]:
    names = (file.name.removesuffix(_SUFFIX) for file in datasets_dir().glob(f"*{_SUFFIX}"))
    return sorted(name for name in names if _NAME.fullmatch(name) and name not in _MOVIELENS)


def _describe(name: str) -> DatasetInfo:
    try:
        meta = read_meta(_file(name))
    except CollabVizError as error:
        return DatasetInfo(name, name, str(error), None, kept=True)
    return DatasetInfo(name, name, meta["note"] or "Ratings kept on this machine.", meta["n_ratings"], kept=True)


def _slug(name: str) -> str:
    """A name in lower-case letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "ratings"


def _unknown(name: str) -> CollabVizError:
    return CollabVizError(unknown_name("set of ratings", name, [*_MOVIELENS, SYNTHETIC, *_kept()]))
