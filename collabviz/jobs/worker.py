"""A warm worker, started as ``python -m collabviz.jobs.worker``: torch imported, ratings at hand, waiting for work.

It reads messages from stdin and answers on stdout. It is a process of its own, started by module name, because a
spawn-based pool would run ``app.py`` once more: Streamlit puts it where ``__main__`` belongs.
"""

import io
import os
import queue
import signal
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO

from collabviz.errors import CollabVizError
from collabviz.jobs.messages import Message, received, send
from collabviz.jobs.work import train_run
from collabviz.ratings import Ratings
from collabviz.runs import RunStore, new_id
from collabviz.sources.bundle import read_bundle
from collabviz.sources.catalogue import load
from collabviz.sources.synthetic import synthetic_ratings
from collabviz.training.control import Control
from collabviz.training.device import release_memory
from collabviz.training.recipe import Recipe


class Worker:
    """Does one job at a time; stops and changes of pace reach it while it trains."""

    def __init__(self, messages: IO[bytes], answers: IO[bytes]) -> None:
        self._messages = messages
        self._answers = answers
        self._jobs: queue.SimpleQueue[tuple[Message, bytes] | None] = queue.SimpleQueue()
        self._controls: dict[str, Control] = {}
        self._wanted = ""

    def run(self) -> None:
        """Work until the messages end; then leave at once, whatever is going on: nobody waits for it."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._answer("ready", device=_warm_up())
        while True:
            job = self._jobs.get()
            if job is not None:
                self._train(*job)
                del job  # and with it the ratings of somebody's own file
                release_memory()
            elif self._jobs.empty():
                with suppress(Exception):  # whoever trains on them is told
                    _named(self._wanted)

    def _listen(self) -> None:
        try:
            for message, payload in received(self._messages):
                self._hear(message, payload)
        finally:
            os._exit(0)

    def _hear(self, message: Message, payload: bytes) -> None:
        control = self._controls.get(message.get("job", ""))  # None once the job has ended
        match message["do"]:
            case "stop" if control:
                control.stop()
            case "pace" if control:
                control.seconds_per_epoch = message["seconds_per_epoch"]
            case "train":
                self._controls[message["job"]] = Control(message["seconds_per_epoch"])
                self._jobs.put((message, payload))
            case "prepare":
                self._wanted = message["dataset"]  # only the newest wish counts
                self._jobs.put(None)

    def _train(self, message: Message, payload: bytes) -> None:
        job = message["job"]
        try:
            recipe = Recipe.from_dict(message["recipe"])
            ratings = read_bundle(io.BytesIO(payload)) if payload else _named(recipe.dataset)
            if ratings.fingerprint != message["fingerprint"]:
                _named.cache_clear()
                raise CollabVizError(
                    f"The ratings called {recipe.dataset} have changed. Reload the page and try again."
                )
            store = RunStore(Path(message["store"]))
            run = train_run(recipe, ratings, store, job, name=message["name"], control=self._controls[job])
            self._answer("done", status=run.status, reason=run.reason)
        except CollabVizError as error:
            self._answer("failed", reason=str(error))
        except Exception as error:
            traceback.print_exc()
            self._answer("failed", reason=f"The training failed unexpectedly ({type(error).__name__}: {error}).")
        finally:
            del self._controls[job]

    def _answer(self, event: str, **details: str) -> None:
        send(self._answers, {"event": event, **details})


@lru_cache(maxsize=2)
def _named(dataset: str) -> Ratings:
    """The ratings of that name, kept for the next jobs."""
    return load(dataset)


def _warm_up() -> str:
    """Train once on next to nothing, so that torch has its first step behind it; on what, in words, comes back."""
    ratings = synthetic_ratings(n_users=50, n_items=50, n_ratings=500, seed=0)
    recipe = Recipe(dataset="synthetic", epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        try:
            return train_run(recipe, ratings, store, new_id()).device
        except Exception:  # a GPU that is full or broken must not keep trainings from the CPU
            traceback.print_exc()
            return train_run(replace(recipe, device="cpu"), ratings, store, new_id()).device


def main() -> None:
    """Work for whoever started this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, which closes the pipe
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not look like an answer
    Worker(sys.stdin.buffer, answers).run()


if __name__ == "__main__":
    main()
