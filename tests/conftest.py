"""What all tests share: a home of their own, made-up ratings, and the real MovieLens 100K where it is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from collabviz.ratings import Ratings
from collabviz.sources.catalogue import load
from collabviz.sources.synthetic import synthetic_ratings

# The same examples at every run: a red test is then always a change of the code.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Fetched once for all test runs in this checkout; git ignores it.
DOWNLOADS = Path(__file__).parents[1] / ".cache" / "home"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test sees, or touches, what the person running it keeps."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLLABVIZ_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def movielens(home: Path) -> Ratings:
    """The real MovieLens 100K, by the way a fresh machine gets it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLLABVIZ_HOME", str(DOWNLOADS))
        return load("ml-100k")


@pytest.fixture(scope="session")
def small() -> Ratings:
    """Made-up ratings, small enough to train on in a moment."""
    return synthetic_ratings(n_users=120, n_items=150, n_ratings=4_000, seed=7)


@pytest.fixture
def gpu() -> None:
    """Skips where there is no CUDA device: CI has none."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
