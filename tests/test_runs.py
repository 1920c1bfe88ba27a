import dataclasses
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from collabviz.errors import CollabVizError
from collabviz.jobs.work import train_run
from collabviz.ratings import Ratings, split_ratings
from collabviz.runs import Damaged, Listing, Run, RunStore, began, is_run_id, new_id
from collabviz.training.control import Control
from collabviz.training.history import Record
from collabviz.training.recipe import Recipe

PARTS = {"history.jsonl", "weights.safetensors", "frames.safetensors", "items.parquet", "users.parquet"}
FILES = PARTS | {"predictions.parquet", "run.json"}
RECIPE = Recipe(dataset="synthetic", epochs=2, batch_size=256, sizes={"n_factors": 4}, device="cpu", lr=2e-2)


@pytest.fixture(scope="module")
def finished(small: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that tests copy before they damage it."""
    store = RunStore(tmp_path_factory.mktemp("runs"))
    return train_run(RECIPE, small, store, new_id(), name="  First ")


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


@pytest.fixture
def run(store: RunStore, finished: Run) -> Run:
    """The finished run in a store of its own."""
    shutil.copytree(finished.folder, store.root / finished.id)
    return store.get(finished.id)


def details(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return content


# --- What a run holds


def test_a_run_is_read_as_it_was_written(finished: Run) -> None:
    assert RunStore(finished.folder.parent).get(finished.id) == finished


def test_a_run_says_what_it_was_made_of(finished: Run, small: Ratings) -> None:
    assert (finished.name, finished.status, finished.reason) == ("First", "done", "")
    assert (finished.recipe, finished.dataset, finished.fingerprint) == (RECIPE, small.name, small.fingerprint)
    assert finished.y_range == (0, 5.5)
    assert finished.device.startswith("CPU")
    assert finished.device_reason == "the recipe asks for it"
    assert {"collabviz", "python", "torch", "numpy", "pandas"} <= set(finished.versions)


def test_the_figures_of_a_run_are_those_of_its_training(finished: Run, small: Ratings) -> None:
    metrics = finished.metrics
    split = split_ratings(small, RECIPE.split)
    rating = small.rating
    assert (metrics.n_train, metrics.n_valid) == (3_200, 800)
    assert metrics.n_parameters == sum(value.size for value in finished.weights().values())
    assert metrics.valid_rmse == pytest.approx(np.sqrt(metrics.valid_mse))
    assert metrics.valid_mse == metrics.epochs[-1]["valid_mse"]
    assert metrics.train_mse == metrics.epochs[-1]["train_mse"]
    of_the_mean = np.square(rating[split.valid] - rating[split.train].mean(dtype=float)).mean()
    assert metrics.baseline_mse == pytest.approx(of_the_mean)
    assert metrics.kept_epoch == 2


def test_a_run_is_these_files_and_none_is_a_pickle(finished: Run) -> None:
    assert {file.name for file in finished.folder.iterdir()} == FILES
    assert not [file.name for file in finished.folder.iterdir() if file.read_bytes()[:1] == b"\x80"]


def test_a_run_whose_name_is_blank_is_called_after_its_model(small: Ratings, store: RunStore) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=1)
    assert train_run(recipe, small, store, new_id(), name=" ").name == "Dot product with biases"


def test_a_range_can_be_chosen(small: Ratings, store: RunStore) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=1, y_range=(2.0, 3.0))
    run = train_run(recipe, small, store, new_id())
    assert run.y_range == (2, 3)
    assert run.predictions()["prediction"].between(2, 3).all()


def test_items_and_users_have_their_training_ratings_beside_them(finished: Run, small: Ratings) -> None:
    rows = split_ratings(small, RECIPE.split).train
    for table, own, codes in (
        (finished.items(), small.items, small.item[rows]),
        (finished.users(), small.users, small.user[rows]),
    ):
        grouped = pd.Series(small.rating[rows]).groupby(codes).mean().reindex(range(len(table)))
        assert table["count"].tolist() == np.bincount(codes, minlength=len(table)).tolist()
        np.testing.assert_allclose(table["mean"], grouped, rtol=1e-5)
        pd.testing.assert_frame_equal(table[own.columns.tolist()], own, check_dtype=False)


def test_a_run_has_an_animation_of_its_items(finished: Run, small: Ratings) -> None:
    frames = finished.frames()
    assert {epoch: frame.shape for epoch, frame in frames.items()} == dict.fromkeys(range(3), (small.n_items + 1, 4))
    assert np.array_equal(frames[2], finished.weights()["item_factors.weight"].astype(np.float16))
    assert not np.array_equal(frames[0], frames[1])


def test_frames_stay_in_order_beyond_nine(small: Ratings, store: RunStore) -> None:
    run = train_run(dataclasses.replace(RECIPE, epochs=11, batch_size=4_000), small, store, new_id())
    assert list(run.frames()) == list(range(12))
    assert np.array_equal(run.frames()[11], run.weights()["item_factors.weight"].astype(np.float16))


def test_predictions_are_the_models_for_the_busiest_corner(finished: Run, small: Ratings) -> None:
    corner = finished.predictions()
    assert len(corner) == 40 * 40
    busiest = set(np.argsort(-np.bincount(small.user), kind="stable")[:20])
    assert busiest <= set(corner["user"])
    weights = {name: value.astype(float) for name, value in finished.weights().items()}
    user, item = corner["user"].to_numpy(), corner["item"].to_numpy()
    dot = (weights["user_factors.weight"][user] * weights["item_factors.weight"][item]).sum(axis=1)
    logit = dot + weights["user_bias.weight"][user, 0] + weights["item_bias.weight"][item, 0]
    np.testing.assert_allclose(corner["prediction"], 5.5 / (1 + np.exp(-logit)), rtol=1e-4)


def test_other_ratings_have_another_fingerprint(finished: Run, small: Ratings, store: RunStore) -> None:
    rating = small.rating.copy()
    rating[0] = 6 - rating[0] if rating[0] != 3 else 4
    recipe = dataclasses.replace(RECIPE, epochs=1)
    assert train_run(recipe, dataclasses.replace(small, rating=rating), store, new_id()).fingerprint != (
        finished.fingerprint
    )


# --- While it is being made


def test_the_history_is_read_while_it_is_written(small: Ratings, store: RunStore) -> None:
    run_id = new_id()
    seen: list[int] = []

    def watch(record: Record) -> None:
        assert store.history(run_id)[-1] == record
        seen.append(len(store.history(run_id)))

    run = train_run(RECIPE, small, store, run_id, watch=watch)
    assert seen == list(range(1, len(seen) + 1))
    assert len(store.history(run_id)) == len(run.history()) == len(seen)


def test_a_run_that_is_not_finished_is_named_and_never_read(small: Ratings, store: RunStore) -> None:
    run_id = new_id()

    def look(record: Record) -> None:
        listing = store.listing()
        assert listing.runs == []
        assert [damaged.folder for damaged in listing.damaged] == [f".unfinished-{run_id}"]
        assert "not finished" in listing.damaged[0].reason
        with pytest.raises(CollabVizError, match="There is no run"):
            store.get(run_id)

    train_run(RECIPE, small, store, run_id, watch=look)
    assert [run.id for run in store.listing().runs] == [run_id]
    assert store.listing().damaged == []


def test_half_a_last_line_of_a_history_is_left_out(store: RunStore) -> None:
    run_id = new_id()
    writer = store.begin(run_id)
    assert store.history(run_id) == []
    record = Record(1, 0.5, 1.0, None, 0.01, 1e5, None, 0.1)
    writer.record(record)
    with (writer.folder / "history.jsonl").open("a") as file:
        file.write(record.to_json()[:20])
    assert store.history(run_id) == [record]
    writer.abandon()


def test_what_an_unfinished_run_has_left_can_be_discarded(store: RunStore) -> None:
    run_id = new_id()
    writer = store.begin(run_id)
    writer.record(Record(1, 0.5, 1.0, None, 0.01, 1e5, None, 0.1))
    writer.abandon()
    store.begin(run_id).abandon()
    (store.root / f".unfinished-{run_id}").mkdir()
    store.discard(run_id)
    store.discard(run_id)
    assert list(store.root.iterdir()) == []


def test_a_training_that_fails_leaves_nothing(small: Ratings, store: RunStore) -> None:
    def fail(record: Record) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train_run(RECIPE, small, store, new_id(), watch=fail)
    assert list(store.root.iterdir()) == []


def test_a_training_in_which_nothing_was_learned_leaves_nothing_and_says_why(small: Ratings, store: RunStore) -> None:
    wild = dataclasses.replace(RECIPE, model="dot-product", lr=30, wd=30)
    with pytest.raises(CollabVizError, match=r"stopped being a number in epoch 1.*Nothing was learned yet"):
        train_run(wild, small, store, new_id())
    assert list(store.root.iterdir()) == []


def test_a_stopped_training_is_kept_with_what_it_has_learned(small: Ratings, store: RunStore) -> None:
    control = Control()
    run = train_run(RECIPE, small, store, new_id(), watch=lambda record: control.stop(), control=control)
    assert (run.status, run.reason) == ("stopped", "Stopped in epoch 1 of 2.")
    assert (run.metrics.kept_epoch, run.metrics.train_mse, run.metrics.epochs) == (None, None, [])
    assert np.isfinite(run.metrics.valid_mse)
    assert store.get(run.id) == run


def test_an_unfinished_run_is_not_begun_twice(store: RunStore) -> None:
    run_id = new_id()
    writer = store.begin(run_id)
    with pytest.raises(FileExistsError):
        store.begin(run_id)
    writer.abandon()


# --- Damage


def damaged_reason(store: RunStore, run: Run) -> str:
    listing = store.listing()
    assert listing.runs == []
    assert [damaged.folder for damaged in listing.damaged] == [run.id]
    with pytest.raises(CollabVizError) as caught:
        store.get(run.id)
    assert str(caught.value) == listing.damaged[0].reason
    return listing.damaged[0].reason


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(store: RunStore, run: Run, name: str) -> None:
    (run.folder / name).unlink()
    assert damaged_reason(store, run) == f"{name} is missing."


@pytest.mark.parametrize("name", sorted(FILES - {"run.json"}))
def test_a_truncated_file_is_named(store: RunStore, run: Run, name: str) -> None:
    whole = (run.folder / name).read_bytes()
    (run.folder / name).write_bytes(whole[:-10])
    expected = f"{name} is damaged: it has {len(whole) - 10:,} bytes instead of {len(whole):,}."
    assert damaged_reason(store, run) == expected


def edited(**changes: Any) -> Callable[[Path], None]:
    """Change run.json; None takes a key away."""

    def edit(folder: Path) -> None:
        content = {**details(folder), **changes}
        kept = {key: value for key, value in content.items() if value is not None}
        (folder / "run.json").write_text(json.dumps(kept))

    return edit


def overwritten(content: bytes) -> Callable[[Path], None]:
    def overwrite(folder: Path) -> None:
        (folder / "run.json").write_bytes(content)

    return overwrite


def cut_in_half(folder: Path) -> None:
    text = (folder / "run.json").read_text()
    (folder / "run.json").write_text(text[: len(text) // 2])


def a_folder_in_its_place(folder: Path) -> None:
    (folder / "run.json").unlink()
    (folder / "run.json").mkdir()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut_in_half, "run.json cannot be read"),
        (overwritten(b""), "run.json cannot be read"),
        (overwritten(b"\xff\xfe\x00"), "run.json cannot be read"),
        (overwritten(b"[1, 2]"), "run.json cannot be read"),
        (overwritten(b"42"), "run.json cannot be read"),
        (overwritten(b'{"name": "of another program"}'), "run.json cannot be read"),
        (a_folder_in_its_place, "run.json cannot be read"),
        (edited(format=2), "run.json is of another format than 1"),
        (edited(parts=None), "run.json cannot be read"),
        (edited(parts={}), "run.json cannot be read"),
        (edited(metrics={"valid_mse": 1}), "run.json cannot be read"),
        (edited(recipe={"model": "telepathy"}), "There is no model called 'telepathy'"),
        (edited(recipe={"y_range": [1, 2, 3]}), "run.json cannot be read"),
        (edited(recipe={"epochs": "many"}), "run.json cannot be read"),
        (edited(recipe={"split": {"sort": "random"}}), "run.json cannot be read"),
        (edited(surprise=1), "run.json cannot be read"),
        (edited(status=None), "run.json cannot be read"),
        (edited(id="20260101-000000-0123456789ab"), "run.json belongs to run 20260101-000000-0123456789ab"),
    ],
)
def test_a_damaged_run_json_is_named_and_the_listing_survives(
    store: RunStore, run: Run, damage: Callable[[Path], None], reason: str
) -> None:
    damage(run.folder)
    assert damaged_reason(store, run).startswith(reason)


def test_a_listing_reads_what_is_whole_beside_what_is_not(store: RunStore, run: Run) -> None:
    (store.root / "holiday photos").mkdir()
    (store.root / "notes.txt").write_text("not a folder, not a run")
    listing = store.listing()
    assert listing.runs == [run]
    assert [(damaged.folder, damaged.reason) for damaged in listing.damaged] == [
        ("holiday photos", "run.json is missing.")
    ]


# --- The store


def copied(store: RunStore, run: Run, run_id: str) -> None:
    """The run once more under another id."""
    shutil.copytree(run.folder, store.root / run_id)
    edited(id=run_id)(store.root / run_id)


def test_runs_are_listed_newest_first_and_latest_is_the_first(store: RunStore, run: Run) -> None:
    copied(store, run, "20200101-000000-0123456789ab")
    copied(store, run, "29991231-235959-0123456789ab")
    assert [run.id[:4] for run in store.listing().runs] == ["2999", run.id[:4], "2020"]
    assert store.get("latest").id.startswith("2999")


def test_latest_of_nothing_says_how_to_train(store: RunStore) -> None:
    with pytest.raises(CollabVizError, match=r"There is no run yet\. Train one first"):
        store.get("latest")


def test_a_new_id_is_one_and_no_two_are_equal() -> None:
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(map(is_run_id, ids))


def test_an_id_tells_when_its_run_was_begun() -> None:
    assert began("20261122-093000-0123456789ab") == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../20261122-093000-0123456789ab",
        "20261122-093000-0123456789ab/..",
        "20261122-093000-0123456789ab\n",
        "/etc/passwd",
        "20261122-093000-0123456789AB",
        "20261122-093000-0123456789a",
        "20261322-093000-0123456789ab",
        "20260230-093000-0123456789ab",
        "20261122-240000-0123456789ab",
        ".unfinished-20261122-093000-0123456789ab",
    ],
)
def test_only_an_id_gets_near_a_path(store: RunStore, text: str) -> None:
    assert not is_run_id(text)
    for use in (
        store.get,
        store.history,
        store.delete,
        store.discard,
        store.begin,
        lambda run_id: store.rename(run_id, "x"),
    ):
        with pytest.raises(CollabVizError, match="is not the id of a run"):
            use(text)


def test_a_run_that_is_not_there_may_have_been_deleted(store: RunStore) -> None:
    for use in (store.get, store.delete, lambda run_id: store.rename(run_id, "x")):
        with pytest.raises(CollabVizError, match=r"no run 20261122-093000-0123456789ab\. It may have been deleted"):
            use("20261122-093000-0123456789ab")
    assert store.history("20261122-093000-0123456789ab") == []


def test_a_run_can_be_renamed_and_nothing_else_changes(store: RunStore, run: Run) -> None:
    store.rename(run.id, "  Über 5 ★  ")
    assert store.get(run.id) == dataclasses.replace(run, name="Über 5 ★")
    assert {file.name for file in run.folder.iterdir()} == FILES


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_name_that_is_blank_or_too_long_is_refused(store: RunStore, run: Run, name: str) -> None:
    with pytest.raises(CollabVizError, match="A run's name has 1 to 80 characters"):
        store.rename(run.id, name)
    assert store.get(run.id).name == "First"


def test_a_run_can_be_deleted_also_when_it_is_damaged(store: RunStore, run: Run) -> None:
    copied(store, run, "20200101-000000-0123456789ab")
    (run.folder / "run.json").unlink()
    store.delete(run.id)
    listing = store.listing()
    assert ([run.id for run in listing.runs], listing.damaged) == (["20200101-000000-0123456789ab"], [])


def test_a_damaged_folder_can_be_cleared_and_nothing_else(store: RunStore, run: Run) -> None:
    outside = store.root.parent / "outside"
    outside.mkdir()
    (store.root / f".unfinished-{new_id()}").mkdir()
    (damaged,) = store.listing().damaged
    for folder in (run.id, "../outside", str(outside)):
        store.clear(Damaged(folder, damaged.reason))
    assert store.listing() == Listing([run], [damaged])
    assert outside.is_dir()
    store.clear(damaged)
    store.clear(damaged)
    assert store.listing() == Listing([run], [])


def test_the_default_store_is_under_home(home: Path) -> None:
    assert RunStore().root == home / "runs"
    assert RunStore().root.is_dir()
