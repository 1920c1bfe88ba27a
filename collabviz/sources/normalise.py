"""One form for ratings of movies, whichever archive they came in."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from collabviz.errors import CollabVizError
from collabviz.ratings import FloatArray, IntArray, Ratings, RatingScale
from collabviz.sources.rating_lines import RawRatings

WHOLE_STARS = RatingScale(1, 5, 1)
HALF_STARS = RatingScale(0.5, 5, 0.5)

# "Heat (1995)", "Cosmos (2014– )", "Death Note (2006–2007)", "... Great Giving (1995) (V)".
_YEAR = r"\((\d{4})\s*(?:[-–]\s*(?:\d{4})?\s*)?\)(?:\s*\([A-Z]+\))?$"

_NO_GENRES = ("(no genres listed)", "unknown")


def normalise(
    name: str,
    raw: RawRatings,
    movies: pd.DataFrame,
    people: pd.DataFrame | None = None,
    *,
    by_title: bool = False,
    folds: Mapping[str, IntArray] | None = None,
) -> Ratings:
    """Turn ids into codes: users ascending by id, movies ascending by the smallest id that has their title.

    Args:
        name: what the set is called.
        raw: the ratings, in file order, which stays.
        movies: ``id``, ``title`` and ``genres`` (joined by ``|``); those without a rating are left out.
        people: ``id`` and what else is known of the users.
        by_title: whether movies of the same title are one item.
        folds: rows of the splits the set comes with.

    Raises:
        CollabVizError: where a rating is of a movie that ``movies`` does not have.
    """
    movies = movies.assign(title=movies["title"].str.strip()).sort_values("id", ignore_index=True)
    movies["item"] = movies.groupby("title")["id"].transform("min") if by_title else movies["id"]
    user, user_ids = pd.factorize(raw.user, sort=True)
    movie, movie_ids = pd.factorize(raw.item, sort=True)
    item, item_ids = pd.factorize(_item_of(movie_ids, movies), sort=True)
    return Ratings(
        name=name,
        user=user.astype(np.int32),
        item=item.astype(np.int32)[movie],
        rating=raw.rating,
        time=raw.time,
        users=_users(user_ids, people),
        items=_items(item_ids, movies),
        scale=_scale(raw.rating),
        folds=folds or {},
    )


def _item_of(movie_ids: npt.NDArray[np.int32], movies: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The item id of each rated movie."""
    item = movies.drop_duplicates("id").set_index("id")["item"].reindex(movie_ids)
    if item.isna().any():
        missing = movie_ids[item.isna().to_numpy()][0]
        raise CollabVizError(
            f"Movie {missing} has ratings but no title. Unpack the archive again, or download it again."
        )
    return item.to_numpy(dtype=np.int64)


def _users(user_ids: npt.NDArray[np.int32], people: pd.DataFrame | None) -> pd.DataFrame:
    users = pd.DataFrame({"id": user_ids.astype(np.int64)})
    return users if people is None else users.merge(people, on="id", how="left")


def _items(item_ids: npt.NDArray[np.int64], movies: pd.DataFrame) -> pd.DataFrame:
    titled = movies.drop_duplicates("id").set_index("id").loc[item_ids]
    return pd.DataFrame(
        {
            "id": item_ids,
            "title": titled["title"].to_numpy(),
            "year": titled["title"].str.extract(_YEAR, expand=False).astype("Int16").to_numpy(),
            "genres": titled["genres"].replace(list(_NO_GENRES), "").to_numpy(),
        }
    ).astype({"title": "str", "genres": "str", "year": "Int16"})


def _scale(rating: FloatArray) -> RatingScale:
    return WHOLE_STARS if (rating == np.floor(rating)).all() else HALF_STARS
