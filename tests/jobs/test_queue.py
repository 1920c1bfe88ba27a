"""The queue with real worker processes: one for all tests of this file, since each takes seconds to start."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from collabviz.errors import CollabVizError
from collabviz.jobs import process as process_module
from collabviz.jobs import queue as queue_module
from collabviz.jobs.process import ROOT
from collabviz.jobs.queue import Job, JobQueue, JobState
from collabviz.jobs.work import train_run
from collabviz.ratings import Ratings
from collabviz.runs import RunStore, new_id
from collabviz.sources.synthetic import synthetic_ratings
from collabviz.training.recipe import Recipe

# Generous: it only bounds how long a failing test takes.
PATIENCE_SECONDS = 120.0

QUICK = Recipe(dataset="synthetic", epochs=1, batch_size=4_096, sizes={"n_factors": 4}, device="cpu")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def queue(store: RunStore) -> Iterator[JobQueue]:
    queue = JobQueue(store, n_workers=1)
    yield queue
    queue.close()


@pytest.fixture(scope="module")
def made_up() -> Ratings:
    """What the catalogue of sources calls synthetic; as bytes, more than a pipe holds."""
    return synthetic_ratings()


def eventually(holds: Callable[[], Any]) -> None:
    """Wait until it holds; fail when it does not in a long time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def job(queue: JobQueue, job_id: str) -> Job:
    found = queue.get(job_id)
    assert found is not None
    return found


def ended(queue: JobQueue, job_id: str) -> Job:
    eventually(lambda: not job(queue, job_id).active)
    return job(queue, job_id)


def submit(queue: JobQueue, ratings: Ratings, **settings: Any) -> str:
    """Put a quick job on the made-up ratings, known by name, into the queue."""
    return queue.submit(dataclasses.replace(QUICK, **settings), ratings, by_name=True)


def slow_job(queue: JobQueue, store: RunStore, ratings: Ratings) -> str:
    """A job that would take an hour, once it has begun to train."""
    job_id = queue.submit(dataclasses.replace(QUICK, epochs=2), ratings, by_name=True, seconds_per_epoch=3_600)
    eventually(lambda: store.history(job_id))
    return job_id


def test_a_job_makes_the_run_that_training_in_place_makes(
    queue: JobQueue, store: RunStore, made_up: Ratings, tmp_path: Path
) -> None:
    recipe = dataclasses.replace(QUICK, epochs=2, lr=2e-2)
    job_id = queue.submit(recipe, made_up, by_name=True, name="In a worker")
    assert ended(queue, job_id) == Job(job_id, recipe, "In a worker", JobState.DONE)
    run = store.get(job_id)
    here = train_run(recipe, made_up, RunStore(tmp_path), new_id())
    assert (run.name, run.status, run.recipe, run.fingerprint) == ("In a worker", "done", recipe, here.fingerprint)
    assert run.metrics.valid_mse == pytest.approx(here.metrics.valid_mse, rel=1e-4)


def test_jobs_wait_in_line_and_a_waiting_one_is_cancelled_at_once(
    queue: JobQueue, store: RunStore, made_up: Ratings
) -> None:
    first = slow_job(queue, store, made_up)
    second, third, fourth = (submit(queue, made_up) for _ in range(3))
    assert [(job(queue, j).state, job(queue, j).place) for j in (first, second, third, fourth)] == [
        (JobState.RUNNING, 0),
        (JobState.QUEUED, 1),
        (JobState.QUEUED, 2),
        (JobState.QUEUED, 3),
    ]
    queue.cancel(third)
    cancelled = job(queue, third)
    assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, "Cancelled before it began.")
    assert [queue.is_active(j) for j in (first, second, third, fourth)] == [True, True, False, True]
    assert job(queue, fourth).place == 2
    queue.cancel(first)
    assert ended(queue, second).state == ended(queue, fourth).state == JobState.DONE
    assert not any(map(queue.is_active, (first, second, third, fourth)))
    assert store.history(third) == []


def test_a_stopped_job_keeps_what_it_has_learned(queue: JobQueue, store: RunStore, made_up: Ratings) -> None:
    worker = queue.worker_pids()
    job_id = slow_job(queue, store, made_up)
    queue.cancel(job_id)
    stopped = ended(queue, job_id)
    assert (stopped.state, stopped.reason) == (JobState.CANCELLED, "Stopped.")
    run = store.get(job_id)
    assert run.status == "stopped"
    assert run.reason.startswith("Stopped in epoch")
    assert queue.worker_pids() == worker  # it heeded, nobody had to kill it


def test_the_pace_of_a_running_job_can_be_changed(queue: JobQueue, store: RunStore, small: Ratings) -> None:
    recipe = dataclasses.replace(QUICK, epochs=300)
    job_id = queue.submit(recipe, small, seconds_per_epoch=1)  # five minutes, longer than this test waits
    eventually(lambda: store.history(job_id))
    queue.set_pace(job_id, 0)
    assert job(queue, job_id).seconds_per_epoch == 0
    assert ended(queue, job_id).state is JobState.DONE


def test_a_waiting_job_begins_at_the_pace_it_was_given_last(queue: JobQueue, store: RunStore, made_up: Ratings) -> None:
    first = slow_job(queue, store, made_up)
    second = queue.submit(QUICK, made_up, by_name=True, seconds_per_epoch=3_600)
    queue.set_pace(second, 0)
    queue.cancel(first)
    assert ended(queue, second).state is JobState.DONE


def test_a_killed_worker_fails_its_job_and_another_takes_the_next(
    queue: JobQueue, store: RunStore, made_up: Ratings
) -> None:
    job_id = slow_job(queue, store, made_up)
    waiting = submit(queue, made_up)
    (worker,) = queue.worker_pids()
    os.kill(worker, signal.SIGKILL)
    failed = ended(queue, job_id)
    assert failed.state is JobState.FAILED
    assert failed.reason == ("The worker was killed by SIGKILL, which often means that the machine ran out of memory.")
    assert ended(queue, waiting).state is JobState.DONE
    assert queue.worker_pids() != [worker]
    assert [damaged.folder for damaged in store.listing().damaged] == [f".unfinished-{job_id}"]
    store.discard(job_id)


def test_a_worker_killed_while_it_waits_is_replaced(queue: JobQueue, made_up: Ratings) -> None:
    eventually(lambda: queue.device)
    (worker,) = queue.worker_pids()
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: queue.worker_pids() != [worker])
    assert ended(queue, submit(queue, made_up)).state is JobState.DONE


def test_ratings_of_somebodys_own_travel_to_the_worker(queue: JobQueue, store: RunStore, small: Ratings) -> None:
    ratings = dataclasses.replace(small, name="my own")
    job_id = queue.submit(dataclasses.replace(QUICK, dataset="my own"), ratings)
    assert ended(queue, job_id).state is JobState.DONE
    run = store.get(job_id)
    assert (run.dataset, run.fingerprint) == ("my own", small.fingerprint)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"split.kind": "fold", "split.fold": "u9"}, "synthetic has no fold 'u9'; it comes with none."),
        ({"lr": "30", "wd": "30"}, "Nothing was learned yet, so nothing is kept."),
    ],
)
def test_a_job_that_cannot_be_done_fails_with_a_sentence(
    queue: JobQueue, made_up: Ratings, settings: dict[str, str], sentence: str
) -> None:
    model = "dot-product" if "lr" in settings else "dot-product-bias"
    recipe = dataclasses.replace(QUICK, model=model).with_settings(settings)
    failed = ended(queue, queue.submit(recipe, made_up, by_name=True))
    assert failed.state is JobState.FAILED
    assert failed.reason.endswith(sentence)


def test_ratings_nobody_knows_fail_with_a_sentence(queue: JobQueue, made_up: Ratings) -> None:
    failed = ended(queue, submit(queue, made_up, dataset="sinthetic"))
    assert failed.state is JobState.FAILED
    assert "Did you mean synthetic?" in failed.reason


def test_ratings_that_changed_under_their_name_fail_with_a_sentence(queue: JobQueue, small: Ratings) -> None:
    failed = ended(queue, submit(queue, small))
    assert failed.state is JobState.FAILED
    assert failed.reason == "The ratings called synthetic have changed. Reload the page and try again."


def test_more_jobs_than_may_wait_are_refused(
    queue: JobQueue, store: RunStore, made_up: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "WAITING_AT_MOST", 1)
    first = slow_job(queue, store, made_up)
    second = submit(queue, made_up)
    with pytest.raises(CollabVizError, match="1 trainings wait already"):
        submit(queue, made_up)
    queue.cancel(second)
    third = submit(queue, made_up)
    queue.cancel(first)
    assert ended(queue, third).state is JobState.DONE


def test_a_worker_told_to_prepare_ratings_goes_on_with_its_jobs(queue: JobQueue, made_up: Ratings) -> None:
    eventually(lambda: queue.device)
    worker = queue.worker_pids()
    queue.prepare("synthetic")
    first = submit(queue, made_up)
    queue.prepare("sinthetic")
    assert ended(queue, first).state is JobState.DONE
    assert ended(queue, submit(queue, made_up)).state is JobState.DONE
    assert queue.worker_pids() == worker


# --- Workers that do not listen, or not any more


@contextmanager
def deaf(worker: int) -> Iterator[None]:
    """Let this process hear nothing meanwhile; it may be dead afterwards."""
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)


def test_a_deaf_worker_is_killed_when_its_job_is_cancelled(
    queue: JobQueue, store: RunStore, made_up: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_module, "GRACE_SECONDS", 0.1)
    job_id = slow_job(queue, store, made_up)
    (worker,) = queue.worker_pids()
    with deaf(worker):
        queue.cancel(job_id)
        cancelled = ended(queue, job_id)
    assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, "Stopped.")
    assert store.listing().damaged == []
    assert ended(queue, submit(queue, made_up)).state is JobState.DONE
    assert queue.worker_pids() != [worker]


def test_nobody_waits_for_a_worker_to_listen_and_it_hears_all_in_the_end(queue: JobQueue, made_up: Ratings) -> None:
    eventually(lambda: queue.device)
    (worker,) = queue.worker_pids()

    def send_and_stop() -> None:
        sent.append(queue.submit(QUICK, made_up, seconds_per_epoch=3_600))
        eventually(lambda: job(queue, sent[0]).state is JobState.RUNNING)
        queue.cancel(sent[0])

    sent: list[str] = []
    sender = threading.Thread(target=send_and_stop)
    with deaf(worker):
        sender.start()
        sender.join(PATIENCE_SECONDS)
        assert not sender.is_alive()
        assert job(queue, sent[0]).state is JobState.RUNNING
    cancelled = ended(queue, sent[0])
    assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, "Stopped.")
    assert queue.worker_pids() == [worker]


def test_a_worker_that_cannot_start_fails_its_job_with_a_reason(
    store: RunStore, made_up: Ratings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "collabviz" / "jobs" / "worker.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("raise SystemExit(3)\n")
    monkeypatch.setattr(process_module, "ROOT", tmp_path)
    queue = JobQueue(store, n_workers=1)
    (worker,) = queue.worker_pids()
    failed = ended(queue, submit(queue, made_up))
    assert failed.state is JobState.FAILED
    assert failed.reason == "The worker ended by itself with exit code 3."
    eventually(lambda: queue.worker_pids() != [worker])
    assert queue.device == ""
    queue.close()


def test_a_job_nobody_submitted_is_unknown(queue: JobQueue) -> None:
    job_id = new_id()
    assert queue.get(job_id) is None
    queue.cancel(job_id)
    queue.set_pace(job_id, 1)
    assert queue.get(job_id) is None


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_closed_queue_leaves_no_worker_behind(tmp_path: Path) -> None:
    queue = JobQueue(RunStore(tmp_path), n_workers=2)
    workers = queue.worker_pids()
    assert len(set(workers)) == 2
    queue.close()
    assert not any(map(exists, workers))


def test_a_queue_closed_while_it_trains_ends_the_training(tmp_path: Path, made_up: Ratings) -> None:
    store = RunStore(tmp_path)
    queue = JobQueue(store, n_workers=1)
    job_id = slow_job(queue, store, made_up)
    (worker,) = queue.worker_pids()
    queue.close()
    assert not exists(worker)
    assert ended(queue, job_id).state is JobState.FAILED
    assert queue.worker_pids() == [worker]  # and no other begins


def test_a_worker_ends_when_nobody_speaks_to_it_any_more() -> None:
    subprocess.run([sys.executable, "-m", "collabviz.jobs.worker"], cwd=ROOT, input=b"", timeout=60, check=True)
