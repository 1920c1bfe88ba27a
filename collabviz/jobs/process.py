"""A worker process as the queue sees it: started, spoken to, listened to, ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from collabviz.jobs.messages import Message, received, send

ROOT = Path(__file__).resolve().parents[2]


class WorkerProcess:
    """One ``python -m collabviz.jobs.worker``, with so many threads for its arithmetic."""

    def __init__(self, threads: int) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "collabviz.jobs.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._outbox: SimpleQueue[tuple[Message, bytes] | None] = SimpleQueue()
        Thread(target=self._write, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, message: Message, payload: bytes = b"") -> None:
        """Tell it something, in the order of the calls and without waiting for it to listen.

        A dead worker hears nothing; its ``answers`` end.
        """
        self._outbox.put((message, payload))

    def answers(self) -> Iterator[Message]:
        """What it says, until it ends."""
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for message, _ in received(stdout):
                yield message

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> None:
        """Let it go: it ends when its pipe closes."""
        self._outbox.put(None)
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """Why it ended, in words."""
        code = self._process.wait()
        if code >= 0:
            return f"The worker ended by itself with exit code {code}."
        name = signal.Signals(-code).name
        hint = ", which often means that the machine ran out of memory" if name == "SIGKILL" else ""
        return f"The worker was killed by {name}{hint}."

    def _write(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError), self._process.stdin as stdin:  # a worker that died hears nothing
            while (letter := self._outbox.get()) is not None:
                send(stdin, *letter)
