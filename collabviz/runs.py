"""What a training leaves on disk, and the store that keeps it.

A run is a folder. It is written under a temporary name and renamed when it is complete, so a folder with a run's
name is a whole run. Nothing in it is pickled: JSON, safetensors and Parquet only.
"""

import json
import platform
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from safetensors.numpy import load_file, save_file

from collabviz import __version__
from collabviz.errors import CollabVizError
from collabviz.home import runs_dir
from collabviz.training.history import Record, as_frame, read_history
from collabviz.training.recipe import Recipe

FORMAT = 1
UNFINISHED = ".unfinished-"
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{12}")

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Metrics:
    """The figures of a finished training; errors are mean squared, in squared units of the rating scale.

    ``baseline_mse`` is what predicting the training mean for everything costs on the validation ratings.
    """

    valid_mse: float
    valid_rmse: float
    train_mse: float | None
    baseline_mse: float
    best_epoch: int
    kept_epoch: int | None
    fit_seconds: float
    ratings_per_second: float
    device_memory: int | None
    n_train: int
    n_valid: int
    n_parameters: int
    epochs: list[dict[str, float]]


@dataclass(frozen=True)
class Run:
    """A finished training, read from its folder; the large parts are read when asked for.

    Attributes:
        id: names the folder and the link to it.
        name: what a person calls it.
        status: ``done``, ``stopped``, ``early`` or ``diverged``.
        reason: why it ended before its last epoch, in words; may be empty.
        recipe: every setting.
        dataset: what a person calls the ratings.
        fingerprint: of the ratings it was trained on.
        y_range: ends of the sigmoid range it was trained with.
        device: what it was trained on.
        device_reason: and why.
        created: when it was finished, in UTC, ISO 8601.
        versions: of what it was made with.
        metrics: its figures.
        folder: where it lies.
    """

    id: str
    name: str
    status: str
    reason: str
    recipe: Recipe
    dataset: str
    fingerprint: str
    y_range: tuple[float, float]
    device: str
    device_reason: str
    created: str
    versions: Mapping[str, str]
    metrics: Metrics
    folder: Path

    def history(self) -> pd.DataFrame:
        """Its records, one row each."""
        return as_frame(read_history(self.folder / "history.jsonl"))

    def items(self) -> pd.DataFrame:
        """The items as in the ratings, with ``count`` and ``mean`` over the training ratings."""
        return pd.read_parquet(self.folder / "items.parquet")

    def users(self) -> pd.DataFrame:
        """The users as in the ratings, with ``count`` and ``mean`` over the training ratings."""
        return pd.read_parquet(self.folder / "users.parquet")

    def predictions(self) -> pd.DataFrame:
        """Predictions for the most active users and the most rated items: ``user``, ``item``, ``prediction``."""
        return pd.read_parquet(self.folder / "predictions.parquet")

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The model's parameters by name."""
        return load_file(self.folder / "weights.safetensors")

    def frames(self) -> dict[int, npt.NDArray[np.float16]]:
        """Item factors float16[n_items + 1, k] by the number of epochs done, ascending."""
        frames = load_file(self.folder / "frames.safetensors")
        return {int(name): frames[name] for name in sorted(frames, key=int)}


@dataclass(frozen=True)
class Damaged:
    """A folder among the runs that cannot be read as one, and why."""

    folder: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """What a store holds: runs, newest first, and what cannot be read."""

    runs: list[Run]
    damaged: list[Damaged]


@dataclass(frozen=True)
class RunParts:
    """The large parts of a run, each a file of its own; see the methods of ``Run`` that read them."""

    weights: Arrays
    frames: Mapping[int, npt.NDArray[np.float16]]
    items: pd.DataFrame
    users: pd.DataFrame
    predictions: pd.DataFrame


class RunWriter:
    """A run while it is being made: first its history, then all the rest at once."""

    def __init__(self, root: Path, run_id: str) -> None:
        self.id = run_id
        self.folder = root / f"{UNFINISHED}{run_id}"
        self.folder.mkdir(parents=True)
        self._final = root / run_id
        self._history = (self.folder / "history.jsonl").open("a", encoding="utf-8", buffering=1)

    def record(self, record: Record) -> None:
        """Append to the history; a reader sees it at once."""
        self._history.write(record.to_json() + "\n")

    def finish(self, run: Run, parts: RunParts) -> Run:
        """Write the rest and give the folder its name."""
        self._history.close()
        save_file(dict(parts.weights), self.folder / "weights.safetensors")
        save_file({str(epoch): frame for epoch, frame in parts.frames.items()}, self.folder / "frames.safetensors")
        parts.items.to_parquet(self.folder / "items.parquet", index=False)
        parts.users.to_parquet(self.folder / "users.parquet", index=False)
        parts.predictions.to_parquet(self.folder / "predictions.parquet", index=False)
        sizes = {name: (self.folder / name).stat().st_size for name in _PARTS}
        _write_json(self.folder / "run.json", {"format": FORMAT, "parts": sizes, **_details(run)})
        self.folder.rename(self._final)
        return replace(run, folder=self._final)

    def abandon(self) -> None:
        """Remove what was written so far."""
        self._history.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class RunStore:
    """The runs under one folder, by default ``COLLABVIZ_HOME/runs``."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or runs_dir()

    def begin(self, run_id: str) -> RunWriter:
        """Start a run's folder under its temporary name."""
        return RunWriter(self.root, checked_id(run_id))

    def listing(self) -> Listing:
        """Every folder, read or named as damaged; nothing in it stops the listing."""
        runs, damaged = [], []
        for folder in sorted(f for f in self.root.iterdir() if f.is_dir()):
            try:
                runs.append(read_run(folder))
            except CollabVizError as error:
                damaged.append(Damaged(folder.name, str(error)))
        return Listing(sorted(runs, key=lambda run: (run.id[:15], run.created), reverse=True), damaged)

    def get(self, run_id: str) -> Run:
        """The run of that id; ``latest`` is the newest.

        Raises:
            CollabVizError: when there is none, or it is damaged.
        """
        if run_id == "latest":
            runs = self.listing().runs
            if not runs:
                raise CollabVizError("There is no run yet. Train one first: python -m collabviz train.")
            return runs[0]
        return read_run(self._folder(run_id))

    def history(self, run_id: str) -> list[Record]:
        """The records so far of a run that is finished or still being made."""
        folder = self.root / checked_id(run_id)
        if not folder.is_dir():
            folder = self.root / f"{UNFINISHED}{run_id}"
        return read_history(folder / "history.jsonl")

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name for people.

        Raises:
            CollabVizError: when the name is blank or longer than 80 characters.
        """
        name = name.strip()
        if not 0 < len(name) <= 80:
            raise CollabVizError("A run's name has 1 to 80 characters.")
        path = self.get(run_id).folder / "run.json"
        _write_json(path, {**json.loads(path.read_text(encoding="utf-8")), "name": name})

    def delete(self, run_id: str) -> None:
        """Remove a run for good, damaged or not.

        Raises:
            CollabVizError: when there is none.
        """
        shutil.rmtree(self._folder(run_id))

    def discard(self, run_id: str) -> None:
        """Remove what an unfinished run has left."""
        shutil.rmtree(self.root / f"{UNFINISHED}{checked_id(run_id)}", ignore_errors=True)

    def clear(self, damaged: Damaged) -> None:
        """Remove a folder that cannot be read as a run."""
        if damaged in self.listing().damaged:  # never a path that somebody made up
            shutil.rmtree(self.root / damaged.folder, ignore_errors=True)

    def _folder(self, run_id: str) -> Path:
        folder = self.root / checked_id(run_id)
        if not folder.is_dir():
            raise CollabVizError(f"There is no run {run_id}. It may have been deleted.")
        return folder


def new_id() -> str:
    """A run id: when it was begun, in UTC, and 48 random bits, so that nobody comes upon a link by chance."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(6)}"


def is_run_id(text: str) -> bool:
    """Whether a text (out of a URL, say) is a run id, and so safe in a path."""
    try:
        return _ID.fullmatch(text) is not None and began(text) is not None
    except ValueError:
        return False


def began(run_id: str) -> datetime:
    """When a run was begun, in UTC, out of its id."""
    return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def checked_id(run_id: str) -> str:
    """The id itself.

    Raises:
        CollabVizError: when it is not shaped like one.
    """
    if not is_run_id(run_id):
        raise CollabVizError(f"{run_id!r} is not the id of a run. Ids look like 20261122-093000-0123456789ab.")
    return run_id


def read_run(folder: Path) -> Run:
    """The run in a folder.

    Raises:
        CollabVizError: saying what is missing or wrong.
    """
    if folder.name.startswith(UNFINISHED):
        raise CollabVizError("It is not finished: cut short, or still being trained.")
    try:
        details = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if details.pop("format") != FORMAT:
            raise CollabVizError(f"run.json is of another format than {FORMAT}, which this version reads.")
        _require_whole(folder, details.pop("parts"))
        details["recipe"] = Recipe.from_dict(details["recipe"])
        details["metrics"] = Metrics(**details["metrics"])
        details["y_range"] = tuple(details["y_range"])
        run = Run(**details, folder=folder)
    except CollabVizError:
        raise
    except FileNotFoundError as error:
        raise CollabVizError(f"{Path(error.filename).name} is missing.") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CollabVizError(f"run.json cannot be read: {error}.") from None
    if run.id != checked_id(folder.name):
        raise CollabVizError(f"run.json belongs to run {run.id}.")
    return run


_PARTS = (
    "history.jsonl",
    "weights.safetensors",
    "frames.safetensors",
    "items.parquet",
    "users.parquet",
    "predictions.parquet",
)


def _require_whole(folder: Path, sizes: Mapping[str, int]) -> None:
    """Every part is there and as long as it was when the run was finished."""
    for name in _PARTS:
        size = (folder / name).stat().st_size
        if size != sizes[name]:
            raise CollabVizError(f"{name} is damaged: it has {size:,} bytes instead of {sizes[name]:,}.")


def _details(run: Run) -> dict[str, Any]:
    """What run.json holds of a run: all its fields but the folder, which may be moved."""
    values = {field.name: getattr(run, field.name) for field in fields(Run) if field.name != "folder"}
    return {**values, "recipe": run.recipe.as_dict(), "metrics": asdict(run.metrics)}


def made_with() -> dict[str, str]:
    """Versions of what decides a run's numbers."""
    libraries = {name: version(name) for name in ("torch", "numpy", "pandas")}
    return {"collabviz": __version__, "python": platform.python_version(), **libraries}


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file at once or not at all."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
