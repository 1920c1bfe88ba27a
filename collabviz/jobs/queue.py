"""Training off the page: a queue in the web process, warm workers beside it.

A job is known by the id of the run it makes, so that one link finds it while it waits, while it trains, and as a
run afterwards. The queue knows nothing of pages and imports no torch.
"""

import io
import os
import threading
from dataclasses import dataclass, replace
from enum import StrEnum

from collabviz.errors import CollabVizError
from collabviz.jobs.messages import Message
from collabviz.jobs.process import WorkerProcess
from collabviz.ratings import Ratings
from collabviz.runs import RunStore, new_id
from collabviz.sources.bundle import write_bundle
from collabviz.training.recipe import Recipe

# How long a worker may take to heed a stop and save what it has learned before it is killed.
GRACE_SECONDS = 30.0
# Jobs that may wait: each of an own file holds its ratings in memory.
WAITING_AT_MOST = 50
# Ended jobs remembered, so that a page that looks again learns how they ended.
REMEMBERED = 200


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """A job at one moment.

    Attributes:
        id: of the job, and of the run it makes.
        recipe: what it trains.
        name: what its run will be called.
        state: where it stands.
        place: 1 for the next in the queue; 0 when it does not wait.
        reason: why it failed or was cancelled, in words.
        seconds_per_epoch: its classroom pace.
    """

    id: str
    recipe: Recipe
    name: str
    state: JobState = JobState.QUEUED
    place: int = 0
    reason: str = ""
    seconds_per_epoch: float = 0.0

    @property
    def active(self) -> bool:
        """Whether it still waits or trains."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)


@dataclass
class _Slot:
    """A place for a worker, and the job it is doing there."""

    worker: WorkerProcess
    device: str = ""
    job: str | None = None

    @property
    def ready(self) -> bool:
        return bool(self.device)


class JobQueue:
    """First come, first served, by as many workers as the machine carries; a dead worker is replaced.

    Args:
        store: where runs go.
        n_workers: trainings at a time; by default one for every four cores, four at most.
    """

    def __init__(self, store: RunStore, n_workers: int | None = None) -> None:
        cores = os.cpu_count() or 1
        n = n_workers or max(1, min(4, cores // 4))
        self._store = store
        self._threads = max(1, cores // n)
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._letters: dict[str, tuple[Message, bytes]] = {}
        self._waiting: list[str] = []
        self._stopping: set[str] = set()
        self._prepared: str | None = None
        self._closed = False
        self._slots = [_Slot(WorkerProcess(self._threads)) for _ in range(n)]
        for slot in self._slots:
            threading.Thread(target=self._serve, args=(slot,), daemon=True).start()

    def submit(
        self,
        recipe: Recipe,
        ratings: Ratings,
        *,
        by_name: bool = False,
        name: str = "",
        seconds_per_epoch: float = 0.0,
    ) -> str:
        """Put a training at the end of the queue; its id comes back at once.

        Args:
            recipe: what to train.
            ratings: what to train on.
            by_name: whether the catalogue of sources knows these ratings by ``recipe.dataset``, so that the worker
                loads them itself; they are sent to it otherwise.
            name: what to call the run.
            seconds_per_epoch: the classroom pace; 0 is full speed.

        Raises:
            CollabVizError: when too many jobs wait already.
        """
        job = Job(new_id(), recipe, name, seconds_per_epoch=seconds_per_epoch)
        message = {
            "do": "train",
            "job": job.id,
            "name": name,
            "recipe": recipe.as_dict(),
            "fingerprint": ratings.fingerprint,
            "store": str(self._store.root),
        }
        payload = b"" if by_name else _packed(ratings)
        with self._changed:
            if len(self._waiting) >= WAITING_AT_MOST:
                raise CollabVizError(f"{WAITING_AT_MOST} trainings wait already. Try again when some of them are done.")
            self._jobs[job.id] = job
            self._letters[job.id] = (message, payload)
            self._waiting.append(job.id)
            self._forget_old()
            self._changed.notify()
        return job.id

    def get(self, job_id: str) -> Job | None:
        """The job as it is now; None when this queue does not know it."""
        with self._changed:
            return self._jobs.get(job_id) and self._placed(job_id)

    def is_active(self, job_id: str) -> bool:
        """Whether this id is a job that waits or trains."""
        job = self.get(job_id)
        return job is not None and job.active

    @property
    def device(self) -> str:
        """What the workers train on unless a recipe says otherwise, in words; empty until one has started up."""
        return next((slot.device for slot in self._slots if slot.ready), "")

    def worker_pids(self) -> list[int]:
        """Process ids of the workers."""
        return [slot.worker.pid for slot in self._slots]

    def cancel(self, job_id: str) -> None:
        """End a job: at once when it waits, before its next step when it trains; a deaf worker is killed."""
        with self._changed:
            if job_id in self._waiting:
                self._waiting.remove(job_id)
                self._end(job_id, JobState.CANCELLED, "Cancelled before it began.")
            for slot in self._slots:
                if slot.job == job_id:
                    self._stopping.add(job_id)
                    slot.worker.send({"do": "stop", "job": job_id})
                    grace = threading.Timer(GRACE_SECONDS, self._kill_if_still, (slot, job_id))
                    grace.daemon = True
                    grace.start()

    def set_pace(self, job_id: str, seconds_per_epoch: float) -> None:
        """Slow a job down for a class to watch, or let it run; 0 is full speed."""
        with self._changed:
            if job_id in self._jobs:
                self._jobs[job_id] = replace(self._jobs[job_id], seconds_per_epoch=seconds_per_epoch)
            for slot in self._slots:
                if slot.job == job_id:
                    slot.worker.send({"do": "pace", "job": job_id, "seconds_per_epoch": seconds_per_epoch})

    def prepare(self, dataset: str) -> None:
        """Have the workers load named ratings that are on disk, before somebody trains on them."""
        with self._changed:
            if self._prepared != dataset:
                self._prepared = dataset
                for slot in self._slots:
                    slot.worker.send({"do": "prepare", "dataset": dataset})

    def close(self) -> None:
        """Let all workers go; what they were training stays unfinished."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for slot in self._slots:
            slot.worker.close()

    def _serve(self, slot: _Slot) -> None:
        """The life of one slot: hand its worker job after job, and put a new worker in when it dies."""
        while True:
            answers = slot.worker.answers()
            ready = next(answers, None)
            slot.device = ready["device"] if ready else ""
            while (job := self._take(slot)) is not None:
                answer = next(answers, None)
                self._conclude(slot, job, answer or {"event": "failed", "reason": slot.worker.last_words()})
                if answer is None:
                    break
            with self._changed:
                if self._closed:
                    return
                slot.worker.close()
                slot.device, slot.worker = "", WorkerProcess(self._threads)
                self._prepared = None  # the next page asks again; if that is what killed it, not over and over

    def _take(self, slot: _Slot) -> str | None:
        """Wait for a job and send it to the worker; None when the queue closes or a ready worker dies idle."""
        with self._changed:
            while not (over := self._closed or (slot.ready and not slot.worker.alive)) and not self._waiting:
                self._changed.wait(timeout=1)
            if over:
                return None
            slot.job = self._waiting.pop(0)
            job = replace(self._jobs[slot.job], state=JobState.RUNNING)
            self._jobs[job.id] = job
            message, payload = self._letters.pop(job.id)
            slot.worker.send({**message, "seconds_per_epoch": job.seconds_per_epoch}, payload)
            return job.id

    def _conclude(self, slot: _Slot, job_id: str, answer: Message) -> None:
        """Note how a job ended."""
        with self._changed:
            stopped = job_id in self._stopping
            if answer["event"] == "done":
                state = JobState.CANCELLED if answer["status"] == "stopped" else JobState.DONE
            else:
                state = JobState.CANCELLED if stopped else JobState.FAILED
            if stopped and not slot.worker.alive:
                self._store.discard(job_id)
            self._end(job_id, state, "Stopped." if state is JobState.CANCELLED else answer["reason"])
            slot.job = None

    def _kill_if_still(self, slot: _Slot, job_id: str) -> None:
        """Kill a worker that has not heeded a stop."""
        with self._changed:
            if slot.job == job_id:
                slot.worker.kill()

    def _end(self, job_id: str, state: JobState, reason: str) -> None:
        self._jobs[job_id] = replace(self._jobs[job_id], state=state, reason=reason)
        self._letters.pop(job_id, None)
        self._stopping.discard(job_id)

    def _placed(self, job_id: str) -> Job:
        """The job with its place in the queue as it is now."""
        place = self._waiting.index(job_id) + 1 if job_id in self._waiting else 0
        return replace(self._jobs[job_id], place=place)

    def _forget_old(self) -> None:
        ended = [job_id for job_id, job in self._jobs.items() if not job.active]
        for job_id in ended[:-REMEMBERED]:
            del self._jobs[job_id]


def _packed(ratings: Ratings) -> bytes:
    """Ratings as bytes for a worker: those of a session's own file touch no disk."""
    file = io.BytesIO()
    write_bundle(ratings, file)
    return file.getvalue()
