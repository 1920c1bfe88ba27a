"""Fetching ratings off the page: one thread for each name, which a reload finds again instead of starting anew."""

import threading
from dataclasses import dataclass, field

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings
from collabviz.sources.catalogue import DEFAULT, check_name, load, load_default

# Ratings kept in memory: 25 million take about half a gigabyte.
KEPT = 3


@dataclass
class Loading:
    """How far the loading of some ratings has come; ``ratings`` or ``error`` is set when it is finished."""

    what: str = "Starting"
    done: int = 0
    total: int | None = None
    ratings: Ratings | None = None
    error: str = ""
    finished: threading.Event = field(default_factory=threading.Event)

    def report(self, what: str, done: int, total: int | None) -> None:
        """Take note of progress; fits ``collabviz.progress.Progress``."""
        self.what, self.done, self.total = what, done, total


class Loader:
    """Ratings by name, loaded once for everybody; the last few stay in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loadings: dict[str, Loading] = {}

    def get(self, name: str) -> Loading:
        """The loading of these ratings, begun now if it was not; one that failed is tried again after ``forget``.

        Raises:
            CollabVizError: when nothing is known by that name.
        """
        with self._lock:
            loading = self._loadings.pop(name, None)
            if loading is None:
                check_name(name)
                loading = Loading()
                threading.Thread(target=_load, args=(name, loading), daemon=True).start()
            self._loadings[name] = loading  # the last asked for is the last to go
            loaded = [known for known, other in self._loadings.items() if other.finished.is_set()]
            for old in loaded[:-KEPT]:
                del self._loadings[old]
            return loading

    def forget(self, name: str) -> None:
        """Let go of these ratings, or of how their loading failed, so that the next ``get`` begins anew."""
        with self._lock:
            self._loadings.pop(name, None)


def _load(name: str, loading: Loading) -> None:
    try:
        ratings = load_default(loading.report) if name == DEFAULT else load(name, loading.report)
        _ = ratings.fingerprint  # worked out here, not while a page waits
        loading.ratings = ratings
    except CollabVizError as error:
        loading.error = str(error)
    except Exception as error:
        loading.error = f"{name} could not be loaded ({type(error).__name__}: {error})."
        raise
    finally:
        loading.finished.set()
