"""What a worker does first, in this process: its ratings are made up, and whoever asks for them ends it."""

import io
import threading
from queue import SimpleQueue

import pytest

from collabviz.errors import CollabVizError
from collabviz.jobs import worker as worker_module
from collabviz.jobs.messages import Message, send
from collabviz.jobs.worker import Worker
from collabviz.ratings import Ratings
from collabviz.runs import new_id
from collabviz.training.recipe import Recipe


class Messages(io.BytesIO):
    """What a worker is told; then silence, since the end of the messages would end the process."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__()
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self.heard = threading.Event()
        for message in messages:
            self.say(message)

    def say(self, message: Message) -> None:
        line = io.BytesIO()
        send(line, message)
        self._lines.put(line.getvalue())

    def readline(self, size: int | None = -1, /) -> bytes:
        if self._lines.empty():
            self.heard.set()
        return self._lines.get()


def prepare(dataset: str) -> Message:
    return {"do": "prepare", "dataset": dataset}


def train(dataset: str) -> Message:
    recipe = Recipe(dataset=dataset)
    return {"do": "train", "job": new_id(), "recipe": recipe.as_dict(), "seconds_per_epoch": 0.0}


@pytest.mark.parametrize(
    ("messages", "first"),
    [
        ([prepare("one")], "one"),
        ([prepare("one"), prepare("two")], "two"),
        ([prepare("one"), prepare("two"), train("three")], "three"),
        ([train("three"), prepare("one")], "three"),
    ],
)
def test_a_job_comes_before_what_is_prepared_and_of_that_only_the_newest_counts(
    monkeypatch: pytest.MonkeyPatch, messages: list[Message], first: str
) -> None:
    said = Messages(messages)
    asked: list[str] = []

    def warm_up() -> str:
        said.heard.wait()
        return "CPU"

    def named(dataset: str) -> Ratings:
        asked.append(dataset)
        raise SystemExit

    monkeypatch.setattr(worker_module, "_warm_up", warm_up)
    monkeypatch.setattr(worker_module, "_named", named)
    with pytest.raises(SystemExit):
        Worker(said, io.BytesIO()).run()
    assert asked == [first]


def test_what_cannot_be_prepared_keeps_no_job_from_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Messages([prepare("one")])
    asked: list[str] = []

    def named(dataset: str) -> Ratings:
        asked.append(dataset)
        if dataset == "one":
            said.say(train("two"))
            raise CollabVizError("It is damaged.")
        raise SystemExit

    monkeypatch.setattr(worker_module, "_warm_up", lambda: "CPU")
    monkeypatch.setattr(worker_module, "_named", named)
    with pytest.raises(SystemExit):
        Worker(said, io.BytesIO()).run()
    assert asked == ["one", "two"]
