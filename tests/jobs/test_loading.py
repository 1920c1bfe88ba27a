"""Loading by name; what the catalogue would fetch is made up here, and waits where a test says so."""

import threading
from queue import SimpleQueue

import pytest

from collabviz.errors import CollabVizError
from collabviz.jobs import loading
from collabviz.jobs.loading import Loader, Loading
from collabviz.progress import Progress, silent
from collabviz.ratings import Ratings

# Generous: it only bounds how long a failing test takes.
PATIENCE_SECONDS = 60.0


class Catalogue:
    """Stands in for the catalogue: loads at once, but for the names it is told to hold back or to refuse."""

    def __init__(self, ratings: Ratings) -> None:
        self.asked: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.held_back: dict[str, threading.Event] = {}
        self.reported = threading.Event()
        self._ratings = ratings

    def load(self, name: str, progress: Progress = silent) -> Ratings:
        self.asked.append(name)
        progress(f"Fetching {name}", 3, 10)
        self.reported.set()
        if name in self.held_back:
            assert self.held_back[name].wait(PATIENCE_SECONDS)
        if name in self.errors:
            raise self.errors.pop(name)
        return self._ratings


@pytest.fixture
def catalogue(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    catalogue = Catalogue(small)
    monkeypatch.setattr(loading, "load", catalogue.load)
    return catalogue


def finished(found: Loading) -> Loading:
    assert found.finished.wait(PATIENCE_SECONDS)
    return found


def test_how_far_a_loading_has_come_is_seen_until_the_ratings_are_there(catalogue: Catalogue, small: Ratings) -> None:
    catalogue.held_back["ml-1m"] = threading.Event()
    found = Loader().get("ml-1m")
    assert catalogue.reported.wait(PATIENCE_SECONDS)
    assert (found.what, found.done, found.total) == ("Fetching ml-1m", 3, 10)
    assert not found.finished.is_set()
    assert found.ratings is None
    catalogue.held_back["ml-1m"].set()
    assert finished(found).ratings is small
    assert found.error == ""


def test_ratings_are_loaded_once_for_everybody(catalogue: Catalogue) -> None:
    loader = Loader()
    first = loader.get("ml-1m")
    assert loader.get("ml-1m") is first
    assert loader.get("ml-1m") is finished(first)
    assert catalogue.asked == ["ml-1m"]


def test_the_default_ratings_may_be_replaced_by_made_up_ones(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load_default", lambda progress: small)
    assert finished(Loader().get("ml-100k")).ratings is small


def test_a_failure_is_told_until_it_is_forgotten(catalogue: Catalogue, small: Ratings) -> None:
    catalogue.errors["ml-1m"] = CollabVizError("There is no network.")
    loader = Loader()
    failed = finished(loader.get("ml-1m"))
    assert (failed.error, failed.ratings) == ("There is no network.", None)
    assert loader.get("ml-1m") is failed
    loader.forget("ml-1m")
    loader.forget("ml-1m")
    assert finished(loader.get("ml-1m")).ratings is small


def test_an_unexpected_failure_is_told_too_and_reaches_the_log(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.errors["ml-1m"] = ZeroDivisionError("by nothing")
    logged: SimpleQueue[type[BaseException]] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda raised: logged.put(raised.exc_type))
    assert finished(Loader().get("ml-1m")).error == "ml-1m could not be loaded (ZeroDivisionError: by nothing)."
    assert logged.get(timeout=PATIENCE_SECONDS) is ZeroDivisionError


def test_what_was_asked_for_longest_ago_makes_room_but_never_a_loading_in_progress(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "KEPT", 2)
    catalogue.held_back["ml-1m"] = threading.Event()
    loader = Loader()
    slow = loader.get("ml-1m")
    first, second = finished(loader.get("ml-10m")), finished(loader.get("ml-25m"))
    assert loader.get("ml-10m") is first
    third = finished(loader.get("ml-32m"))
    assert loader.get("ml-32m") is third  # three are loaded now, and one too many
    assert loader.get("ml-10m") is first
    assert loader.get("ml-1m") is slow
    assert finished(loader.get("ml-25m")) is not second
    catalogue.held_back["ml-1m"].set()
    finished(slow)


def test_ratings_nobody_knows_are_refused_at_once() -> None:
    with pytest.raises(CollabVizError, match=r"Did you mean synthetic\?"):
        Loader().get("sinthetic")
