"""The queue with real worker processes: one for all tests of this file, since each takes seconds to start."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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


def slow_job(queue: JobQueue, store: RunStore) -> str:
    """A job that would take an hour, once it has begun to train."""
    job_id = queue.submit(dataclasses.replace(QUICK, epochs=2), seconds_per_epoch=3_600)
    eventually(lambda: store.history(job_id))
    return job_id


def test_a_job_makes_the_run_that_training_in_place_makes(queue: JobQueue, store: RunStore, tmp_path: Path) -> None:
    recipe = dataclasses.replace(QUICK, epochs=2, lr=2e-2)
    job_id = queue.submit(recipe, name="In a worker")
    assert ended(queue, job_id) == Job(job_id, recipe, "In a worker", JobState.DONE)
    run = store.get(job_id)
    here = train_run(recipe, synthetic_ratings(), RunStore(tmp_path), new_id())
    assert (run.name, run.status, run.recipe, run.fingerprint) == ("In a worker", "done", recipe, here.fingerprint)
    assert run.metrics.valid_mse == pytest.approx(here.metrics.valid_mse, rel=1e-4)


def test_jobs_wait_in_line_and_a_waiting_one_is_cancelled_at_once(queue: JobQueue, store: RunStore) -> None:
    first = slow_job(queue, store)
    second, third, fourth = (queue.submit(QUICK) for _ in range(3))
    assert [(job(queue, j).state, job(queue, j).place) for j in (first, second, third, fourth)] == [
        (JobState.RUNNING, 0),
        (JobState.QUEUED, 1),
        (JobState.QUEUED, 2),
        (JobState.QUEUED, 3),
    ]
    queue.cancel(third)
    cancelled = job(queue, third)
    assert (cancelled.state, cancelled.reason) == (JobState.CANCELLED, "Cancelled before it began.")
    assert [active.id for active in queue.active()] == [first, second, fourth]
    assert job(queue, fourth).place == 2
    queue.cancel(first)
    assert ended(queue, second).state == ended(queue, fourth).state == JobState.DONE
    assert queue.active() == []
    assert store.history(third) == []


def test_a_stopped_job_keeps_what_it_has_learned(queue: JobQueue, store: RunStore) -> None:
    worker = queue.worker_pids()
    job_id = slow_job(queue, store)
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


def test_a_waiting_job_begins_at_the_pace_it_was_given_last(queue: JobQueue, store: RunStore) -> None:
    first = slow_job(queue, store)
    second = queue.submit(QUICK, seconds_per_epoch=3_600)
    queue.set_pace(second, 0)
    queue.cancel(first)
    assert ended(queue, second).state is JobState.DONE


def test_a_killed_worker_fails_its_job_and_another_takes_the_next(queue: JobQueue, store: RunStore) -> None:
    job_id = slow_job(queue, store)
    waiting = queue.submit(QUICK)
    (worker,) = queue.worker_pids()
    os.kill(worker, signal.SIGKILL)
    failed = ended(queue, job_id)
    assert failed.state is JobState.FAILED
    assert failed.reason == ("The worker was killed by SIGKILL, which often means that the machine ran out of memory.")
    assert ended(queue, waiting).state is JobState.DONE
    assert queue.worker_pids() != [worker]
    assert [damaged.folder for damaged in store.listing().damaged] == [f".unfinished-{job_id}"]
    store.discard(job_id)


def test_a_worker_killed_while_it_waits_is_replaced(queue: JobQueue) -> None:
    eventually(lambda: queue.device)
    (worker,) = queue.worker_pids()
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: queue.worker_pids() != [worker])
    assert ended(queue, queue.submit(QUICK)).state is JobState.DONE


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
    queue: JobQueue, settings: dict[str, str], sentence: str
) -> None:
    model = "dot-product" if "lr" in settings else "dot-product-bias"
    failed = ended(queue, queue.submit(dataclasses.replace(QUICK, model=model).with_settings(settings)))
    assert failed.state is JobState.FAILED
    assert failed.reason.endswith(sentence)


def test_ratings_nobody_knows_fail_with_a_sentence(queue: JobQueue) -> None:
    failed = ended(queue, queue.submit(dataclasses.replace(QUICK, dataset="sinthetic")))
    assert failed.state is JobState.FAILED
    assert "Did you mean synthetic?" in failed.reason


def test_a_job_nobody_submitted_is_unknown(queue: JobQueue) -> None:
    job_id = new_id()
    assert queue.get(job_id) is None
    queue.cancel(job_id)
    queue.set_pace(job_id, 1)
    assert queue.get(job_id) is None


def test_a_closed_queue_leaves_no_worker_behind(tmp_path: Path) -> None:
    queue = JobQueue(RunStore(tmp_path), n_workers=2)
    workers = queue.worker_pids()
    assert len(set(workers)) == 2
    queue.close()
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_worker_ends_when_nobody_speaks_to_it_any_more() -> None:
    subprocess.run([sys.executable, "-m", "collabviz.jobs.worker"], cwd=ROOT, input=b"", timeout=60, check=True)
