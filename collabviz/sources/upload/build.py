"""From a file of ratings to ``Ratings``, with every row that was not used and why."""

import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from collabviz.errors import CollabVizError
from collabviz.ratings import IntArray, Ratings, RatingScale
from collabviz.sources.upload.archive import unpack
from collabviz.sources.upload.checks import drop_blank, drop_repeated, read_ratings, read_times
from collabviz.sources.upload.columns import Columns
from collabviz.sources.upload.layout import Layout
from collabviz.sources.upload.problems import Rows, Sieve
from collabviz.sources.upload.table import Texts, read_table
from collabviz.sources.upload.text import decode

ONE_PERSON = "you"
"""The id of the one user of a file that has no column of users."""

_YEAR = r"((?:18|19|20)[0-9]{2})"
_SUFFIXES = re.compile(r"(\.(csv|tsv|tab|txt|dat|data))?(\.(gz|zip))?$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Upload:
    """What a file of ratings came to.

    Attributes:
        ratings: of the rows used, users and items in the order of their first appearance.
        problems: one row for each row of the file that was set aside: ``line`` (from 1, the header counted),
            ``column`` (blank for the whole row), ``value``, ``reason``; in the order of the file.
        n_read: the rows of the file, its header and blank lines not counted; ``n_used + len(problems)``.
        notes: sentences on what a person should know.
    """

    ratings: Ratings
    problems: pd.DataFrame
    n_read: int
    notes: tuple[str, ...]

    @property
    def n_used(self) -> int:
        """The rows of the file that became ratings."""
        return len(self.ratings)

    @property
    def single_user(self) -> bool:
        """Whether this is one person's own list, nothing a model can be trained on."""
        return self.ratings.n_users == 1


def read(
    source: bytes | Path, filename: str, layout: Layout, columns: Columns, scale: RatingScale | None = None
) -> Upload:
    """Read a file of ratings as a person has confirmed it.

    Args:
        source: the content of the file, or where it lies.
        filename: what the user calls it.
        layout: how it is written.
        columns: which column holds what.
        scale: the ratings that can be given, others are set aside; None infers it from the ratings.

    Raises:
        CollabVizError: where no ratings can be made of it at all.
    """
    content = decode(unpack(source, filename), layout.encoding, filename)
    table = read_table(content, layout, columns, filename)
    n_read = len(table.line) + len(table.misshapen)
    if n_read == 0:
        raise CollabVizError(f"{filename} has a header and no rows. Choose a file with one row a rating.")

    sieve, texts = Sieve(table.line, [table.misshapen]), table.texts
    user, item = texts.get("user"), texts["item"]
    if user is not None:
        drop_blank(user, "user", sieve)
    drop_blank(item, "item", sieve)
    rating = read_ratings(texts["rating"], layout, scale, sieve)
    time, time_note = read_times(texts["time"], layout, sieve) if "time" in texts else (None, "")
    if not sieve.standing.any():
        raise _nothing_usable(sieve.problems(), filename)
    drop_repeated(user, item, time, sieve)
    problems, rows = sieve.problems(), np.flatnonzero(sieve.standing)

    user_code, users = _users(user, rows)
    item_code, items = _items(texts, rows)
    if len(items) == 1:
        raise CollabVizError(
            f"{filename} rates a single item, {items['title'].iloc[0]!r}, and there is nothing to compare it with. "
            f"Is {item.name} the column that holds the items?"
        )
    aside = f"{len(problems):,} of {n_read:,} rows were set aside." if len(problems) else ""
    ratings = Ratings(
        name=_SUFFIXES.sub("", PureWindowsPath(filename).name) or filename,
        user=user_code,
        item=item_code,
        rating=rating[rows],
        users=users,
        items=items,
        scale=scale or RatingScale.infer(np.unique(rating[rows])),
        time=None if time is None else time[rows],
        note=aside,
    )
    notes = (aside, time_note, _shared_titles(items), _one_person(ratings))
    return Upload(ratings, problems, n_read, tuple(note for note in notes if note))


def _nothing_usable(problems: pd.DataFrame, filename: str) -> CollabVizError:
    first = problems.iloc[0]
    where = f"line {first['line']}" + (f", column {first['column']}" if first["column"] else "")
    return CollabVizError(
        f"No row of {filename} can be used ({len(problems):,} read). The first problem: {where}, "
        f"{first['value']!r}: {first['reason']} Check the separator, the header and the choice of columns."
    )


def _users(texts: Texts | None, rows: Rows) -> tuple[IntArray, pd.DataFrame]:
    """Codes and table of the users of these rows."""
    if texts is None:
        return np.zeros(len(rows), dtype=np.int32), pd.DataFrame({"id": [ONE_PERSON]}, dtype=str)
    code, ids = _compacted(texts, rows)
    return code, pd.DataFrame({"id": ids})


def _items(texts: dict[str, Texts], rows: Rows) -> tuple[IntArray, pd.DataFrame]:
    """Codes and table of the items of these rows: ``title``, and ``id``, ``year``, ``genres`` where there are any."""
    code, ids = _compacted(texts["item"], rows)
    first = {role: _first(texts[role], rows, code, ids.index) for role in ("title", "year", "genres") if role in texts}
    items = pd.DataFrame({"title": ids})
    if "title" in first:
        items["title"] = first["title"].where(first["title"] != "", ids)
        items["id"] = ids
    in_title = items["title"].str.extract(rf"\({_YEAR}\)$", expand=False)
    year = first["year"].str.extract(rf"^{_YEAR}", expand=False).fillna(in_title) if "year" in first else in_title
    if year.notna().any():
        items["year"] = pd.to_numeric(year).astype("Int16")
    if "genres" in first:
        items["genres"] = first["genres"].str.replace(r"\s*[,;|]\s*", "|", regex=True)
    return code, items


def _compacted(texts: Texts, rows: Rows) -> tuple[IntArray, "pd.Series[str]"]:
    """Codes without gaps for the texts of these rows, and the texts."""
    present = np.bincount(texts.code[rows], minlength=len(texts.distinct)) > 0
    renumbered = np.cumsum(present, dtype=np.int32) - 1
    return renumbered[texts.code[rows]], texts.distinct[present].reset_index(drop=True)


def _first(texts: Texts, rows: Rows, item: IntArray, index: pd.Index) -> "pd.Series[str]":
    """For each item the first text of its rows that is not blank; blank where all are."""
    filled = (texts.distinct != "").to_numpy()[texts.code[rows]]
    items, at = np.unique(item[filled], return_index=True)
    return pd.Series(texts.at(rows[filled][at]), index=items, dtype=str).reindex(index, fill_value="")


def _shared_titles(items: pd.DataFrame) -> str:
    shared = int(items["title"].duplicated().sum()) if "id" in items else 0
    return f"Items with the title of another: {shared:,}. They stay apart, for their ids differ." if shared else ""


def _one_person(ratings: Ratings) -> str:
    if ratings.n_users > 1:
        return ""
    return (
        "This is one person's list. A model learns from many people's ratings, so it is kept for the page on new "
        "users, where a trained model takes it up."
    )
