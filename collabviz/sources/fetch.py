"""MovieLens archives from GroupLens, by name."""

from dataclasses import dataclass
from pathlib import Path

from collabviz.errors import CollabVizError
from collabviz.progress import Progress, silent

# Seconds to connect, and to wait for the next bytes.
_TIMEOUT = (5, 30)
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Archive:
    """A file on the web and the MD5 its publisher gives for it, or None where the file changes over time."""

    url: str
    md5: str | None


def _grouplens(name: str, md5: str | None) -> Archive:
    return Archive(f"https://files.grouplens.org/datasets/movielens/{name}.zip", md5)


GROUPLENS = {
    "ml-100k": _grouplens("ml-100k", "0e33842e24a9c977be4e0107933c0723"),
    "ml-latest-small": _grouplens("ml-latest-small", None),
    "ml-1m": _grouplens("ml-1m", "c4d9eecfca2ab87c1945afe126590906"),
    "ml-10m": _grouplens("ml-10m", "ce571fd55effeba0271552578f2648bd"),
    "ml-25m": _grouplens("ml-25m", "6b51fb2759a8657d3bfcbfc42b592ada"),
    "ml-32m": _grouplens("ml-32m", "d472be332d4daa821edc399621853b57"),
}


def download(archive: Archive, file: Path, progress: Progress = silent) -> None:
    """Download an archive to ``file`` and compare its checksum; on failure no file is left.

    Raises:
        CollabVizError: saying what went wrong on the way, or that the checksum differs.
    """
    # Imported here: it brings requests along, which a start with a filled cache never needs.
    import pooch
    from requests import RequestException

    fetch = pooch.HTTPDownloader(
        progressbar=_Bar(f"Downloading {file.name}", progress), chunk_size=_CHUNK, timeout=_TIMEOUT
    )
    try:
        fetch(archive.url, str(file), pooch=None)
        if archive.md5 is not None and pooch.file_hash(str(file), alg="md5") != archive.md5:
            raise CollabVizError(f"{archive.url} came with a wrong checksum, so it was thrown away. Try again.")
    except RequestException as error:
        file.unlink(missing_ok=True)
        if error.response is not None:
            error.response.close()  # pooch leaves the connection of a refused request open
        raise CollabVizError(f"{archive.url} could not be downloaded: {_reason(error)}.") from error
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> str:
    """Why a request failed, in words."""
    from requests import ConnectionError, HTTPError, Response, Timeout
    from requests.exceptions import SSLError

    match error:
        case HTTPError(response=Response(status_code=code, reason=words)):
            return f"the server answered {code} {words}"
        case Timeout():
            return "the server did not answer in time"
        case SSLError():
            return "the server's certificate could not be verified"
        case ConnectionError():
            return "the server could not be reached"
    return str(error)


class _Bar:
    """What pooch takes for a progress bar, passed on to whoever waits."""

    def __init__(self, what: str, progress: Progress) -> None:
        self.total = 0
        self._what = what
        self._progress = progress
        self._done = 0

    def update(self, n: int) -> None:
        self._done = min(self._done + n, self.total) if self.total else self._done + n
        self._progress(self._what, self._done, self.total or None)

    def reset(self) -> None:
        """Called before the last update, which fills the bar: there is nothing to take back."""

    def close(self) -> None:
        """Called after the last update."""
