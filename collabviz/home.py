"""Where everything a user keeps lives: ``COLLABVIZ_HOME``, or the platform's data folder."""

import os
from pathlib import Path

from platformdirs import user_data_path

from collabviz.errors import CollabVizError


def home() -> Path:
    """The folder that holds ``datasets/`` and ``runs/``; read afresh at each call so tests can move it."""
    chosen = os.environ.get("COLLABVIZ_HOME")
    return Path(chosen).expanduser().absolute() if chosen else user_data_path("collabviz", appauthor=False)


def datasets_dir() -> Path:
    """The folder of downloaded and kept ratings, made if missing."""
    return _made(home() / "datasets")


def runs_dir() -> Path:
    """The folder of trained runs, made if missing."""
    return _made(home() / "runs")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CollabVizError(
            f"{folder} cannot be made ({error.strerror}). Set COLLABVIZ_HOME to another folder."
        ) from None
    return folder
