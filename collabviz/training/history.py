"""What a training tells while it runs: records, appended to a file that pages, command line and tests read."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd


@dataclass(frozen=True)
class Record:
    """A training's state after some step.

    Attributes:
        step: batches done.
        epoch: epochs done, fractional.
        train_loss: mean squared error over the ratings trained on since the record before.
        valid_loss: mean squared error on the validation ratings at the end of an epoch; None within one.
        lr: learning rate of the last step.
        ratings_per_second: training ratings over training time since the record before.
        device_memory: bytes at the highest so far, None where the device does not tell.
        seconds: time spent training and validating so far, without any pause of a classroom pace.
    """

    step: int
    epoch: float
    train_loss: float
    valid_loss: float | None
    lr: float
    ratings_per_second: float
    device_memory: int | None
    seconds: float

    def to_json(self) -> str:
        """One line of history.jsonl."""
        return json.dumps(asdict(self))


def read_history(path: Path) -> list[Record]:
    """The records of a history.jsonl, also while it is being written: a last line that is not whole is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    whole = text[: text.rfind("\n") + 1]
    return [Record(**json.loads(line)) for line in whole.splitlines()]


def as_frame(records: Iterable[Record]) -> pd.DataFrame:
    """One row a record, a column a field; what is not known is NaN."""
    columns = [field.name for field in fields(Record)]
    frame = pd.DataFrame([asdict(record) for record in records], columns=columns)
    return frame.astype({"valid_loss": "float64", "device_memory": "float64"})
