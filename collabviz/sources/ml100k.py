"""What is known of MovieLens 100K beyond its files: its splits, and what it must come out as."""

import numpy as np
import pandas as pd

from collabviz.ratings import IntArray

N_RATINGS = 100_000
FINGERPRINT = "d3aa6e939105743a5ff7073033241bb85d308d8b0132ae54c57b35c5a6db451e"


def folds(user: IntArray) -> dict[str, IntArray]:
    """The official validation rows, by name, from the order of ``u.data`` alone.

    ``u1`` ... ``u5`` are its consecutive fifths (GroupLens's ``mku.sh``); ``ua`` is everybody's first ten
    ratings and ``ub`` everybody's second ten (``allbut.pl``). A shortened file has none.

    Args:
        user: int32[n], whose rating stands in each line.
    """
    if len(user) != N_RATINGS:
        return {}
    fifths = np.arange(N_RATINGS, dtype=np.int32).reshape(5, -1)
    place = pd.Series(user).groupby(user).cumcount().to_numpy()
    return {f"u{i + 1}": fifth for i, fifth in enumerate(fifths)} | {
        "ua": np.flatnonzero(place < 10).astype(np.int32),
        "ub": np.flatnonzero((place >= 10) & (place < 20)).astype(np.int32),
    }


def people(table: pd.DataFrame) -> pd.DataFrame:
    """The users' table as normalised: the age as a number, and no zip code, which tells too much of a person."""
    age = table["age"].str.extract(r"^(\d{1,3})$", expand=False).astype("Int16")
    return table.assign(age=age).drop(columns="zip")
