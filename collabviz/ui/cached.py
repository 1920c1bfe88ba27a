"""Analyses of ratings, worked out once for everybody who looks at the same ones."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from collabviz.ratings import Ratings

T = TypeVar("T")


def of_ratings(analyse: Callable[..., T], ratings: Ratings, *arguments: Hashable) -> T:
    """``analyse(ratings, *arguments)``, from the cache where these ratings have been analysed so before."""
    found: T = _worked_out(analyse.__qualname__, ratings.fingerprint, arguments, analyse, ratings)
    return found


@st.cache_resource(max_entries=64, show_spinner=False)
def _worked_out(
    name: str, fingerprint: str, arguments: tuple[Hashable, ...], _analyse: Callable[..., Any], _ratings: Ratings
) -> Any:
    # The key is the content's SHA-256: Streamlit's own hash of a large frame looks at a sample of it only.
    return _analyse(_ratings, *arguments)
