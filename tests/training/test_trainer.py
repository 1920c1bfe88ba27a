import dataclasses
import threading
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from collabviz.ratings import Ratings, Split, SplitSpec, split_ratings
from collabviz.sources.synthetic import plant
from collabviz.training import trainer as trainer_module
from collabviz.training.control import Control
from collabviz.training.history import Record
from collabviz.training.presets import preset
from collabviz.training.recipe import Recipe
from collabviz.training.schedule import one_cycle
from collabviz.training.trainer import RECORDS_PER_EPOCH, Trainer, fresh_model
from models.registry import MODELS

every_model = pytest.mark.parametrize("model", MODELS)


def trainer_for(
    ratings: Ratings,
    *,
    split: Split | None = None,
    watch: Callable[[Record], None] | None = None,
    control: Control | None = None,
    **settings: Any,
) -> Trainer:
    """A trainer on the CPU with the chapter's recipe, small models and these settings."""
    recipe = Recipe(**{"dataset": ratings.name, "device": "cpu", "epochs": 2, **settings})
    sizes = {option.name: 4 for option in recipe.spec.size_options} | dict(recipe.sizes)
    recipe = dataclasses.replace(recipe, sizes=sizes)
    split = split or split_ratings(ratings, recipe.split)
    return Trainer(fresh_model(recipe, ratings), recipe, split, watch=watch, control=control)


def without_times(records: list[Record]) -> list[Record]:
    return [dataclasses.replace(record, seconds=0, ratings_per_second=0) for record in records]


# --- Learning


@every_model
def test_the_loss_falls_and_beats_the_mean(small: Ratings, model: str) -> None:
    trainer = trainer_for(small, model=model, lr=3e-2, epochs=4)
    epochs = trainer.fit().epochs
    split = split_ratings(small, trainer.recipe.split)
    rating = small.rating
    of_the_mean = np.square(rating[split.valid] - rating[split.train].mean()).mean()
    assert epochs[-1].train_mse < epochs[0].train_mse
    assert epochs[-1].valid_mse < of_the_mean


def test_planted_factors_and_ratings_are_recovered() -> None:
    truth = plant(n_users=400, n_items=150, n_ratings=24_000, n_factors=3, noise=0.4, seed=5)
    ratings = truth.ratings
    settings: dict[str, Any] = {"sizes": {"n_factors": 8}, "batch_size": 256, "lr": 2e-2, "wd": 0.3, "wd_bias": 0.05}
    trainer = trainer_for(ratings, epochs=8, **settings)
    untrained = recovered(trainer, ratings, truth.item_factors)
    fit = trainer.fit()
    assert untrained < 0.2
    assert recovered(trainer, ratings, truth.item_factors) > 0.8
    noise = 0.4**2 + 1 / 12  # and rounding to whole stars
    assert fit.valid_mse < 1.5 * noise < 0.5 * ratings.rating.var()


def recovered(trainer: Trainer, ratings: Ratings, planted: np.ndarray) -> float:
    """Share of the planted item factors' variance that a linear map of the learned ones explains (R squared).

    Fitted on every other well-rated item and measured on the rest, so that what is merely many does not help.
    """
    often = np.bincount(ratings.item, minlength=ratings.n_items) >= 60
    learned = trainer.weights()["item_factors.weight"][:-1][often]
    truth = planted[often]
    with_one = np.column_stack([learned, np.ones(len(learned))])
    mapping, *_ = np.linalg.lstsq(with_one[::2], truth[::2])
    left = truth[1::2] - with_one[1::2] @ mapping
    return float(1 - np.square(left).sum() / np.square(truth[1::2] - truth[::2].mean(axis=0)).sum())


@every_model
def test_a_step_is_adamw_with_decoupled_decay_as_its_paper_has_it(small: Ratings, model: str) -> None:
    lr, decays = 0.02, {"factors": 0.3, "biases": 0.05, "layer biases": 0.0}
    settings: dict[str, Any] = {"lr": lr, "wd": decays["factors"], "wd_bias": decays["biases"]}
    trainer = trainer_for(small, model=model, epochs=1, batch_size=10**6, schedule="constant", **settings)
    before = trainer.weights()
    before = {name: value.copy() for name, value in before.items()}
    gradients = gradients_of_the_loss(trainer, split_ratings(small, trainer.recipe.split))
    trainer.fit()
    for name, after in trainer.weights().items():
        kind = "biases" if name.startswith(("user_bias", "item_bias")) else "factors"
        kind = "layer biases" if name.startswith("layers") and name.endswith("bias") else kind
        g = gradients[name]
        mean, mean_square = 0.1 * g, 0.01 * g**2
        unbiased, unbiased_square = mean / (1 - 0.9), mean_square / (1 - 0.99)
        step = lr * unbiased / (np.sqrt(unbiased_square) + 1e-5)
        expected = before[name] * (1 - lr * decays[kind]) - step
        np.testing.assert_allclose(after, expected, rtol=1e-3, atol=1e-5, err_msg=name)


def gradients_of_the_loss(trainer: Trainer, split: Split) -> dict[str, np.ndarray]:
    user, item = (torch.tensor(codes) for codes in split.codes(split.train))
    error = trainer.model(user, item) - torch.tensor(split.ratings.rating[split.train])
    error.square().mean().backward()
    gradients = {name: value.grad.numpy().copy() for name, value in trainer.model.named_parameters()}  # type: ignore[union-attr]
    trainer.model.zero_grad()
    return gradients


def test_the_learning_rate_follows_the_schedule(small: Ratings) -> None:
    records: list[Record] = []
    trainer_for(small, epochs=4, batch_size=10**6, watch=records.append).fit()  # one step an epoch
    assert [record.lr for record in records] == pytest.approx(
        [one_cycle(progress, 5e-3).lr for progress in (0, 0.25, 0.5, 0.75)]
    )
    assert records[1].lr == pytest.approx(5e-3)


def test_the_validation_loss_is_the_mean_squared_error_of_the_predictions(small: Ratings) -> None:
    trainer = trainer_for(small)
    fit = trainer.fit()
    split = split_ratings(small, trainer.recipe.split)
    error = trainer.predict(*split.codes(split.valid)) - small.rating[split.valid]
    assert fit.valid_mse == pytest.approx(np.square(error).mean(), rel=1e-5)
    assert fit.valid_mse == fit.epochs[-1].valid_mse


@every_model
def test_users_and_items_only_in_validation_are_predicted_as_unknown(small: Ratings, model: str) -> None:
    held_out = np.flatnonzero((small.user < 20) | (small.item >= 140)).astype(np.int32)
    split = split_ratings(dataclasses.replace(small, folds={"new": held_out}), SplitSpec("fold", fold="new"))
    trainer = trainer_for(small, model=model, split=split)
    with torch.no_grad():
        for name in trainer.recipe.spec.offers.values():
            trainer.model.get_parameter(name)[-1] += 1  # so that the unknown row is unlike any other
    fit = trainer.fit()
    user, item = small.user[held_out], small.item[held_out]
    as_unknown = trainer.predict(np.where(user < 20, small.n_users, user), np.where(item >= 140, small.n_items, item))
    assert fit.valid_mse == pytest.approx(np.square(as_unknown - small.rating[held_out]).mean(), rel=1e-5)


@every_model
@pytest.mark.parametrize("batch_size", [1_000, 3_199, 3_200, 10**9])
def test_any_batch_size_sees_every_rating_once_an_epoch(small: Ratings, model: str, batch_size: int) -> None:
    trainer = trainer_for(small, model=model, epochs=1, batch_size=batch_size)
    seen: Counter[tuple[int, int]] = Counter()

    def count(module: torch.nn.Module, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
        if module.training:
            assert len(pair[0]) <= batch_size
            seen.update(zip(pair[0].tolist(), pair[1].tolist(), strict=True))

    trainer.model.register_forward_pre_hook(count)
    trainer.fit()
    user, item = small.user, small.item
    rows = split_ratings(small, trainer.recipe.split).train
    assert seen == Counter(zip(user[rows].tolist(), item[rows].tolist(), strict=True))


def test_each_epoch_has_an_order_of_its_own(small: Ratings) -> None:
    trainer = trainer_for(small, epochs=2, batch_size=10**6)
    orders: list[list[int]] = []
    trainer.model.register_forward_pre_hook(
        lambda module, pair: orders.append(pair[0].tolist()) if module.training else None
    )
    trainer.fit()
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


@pytest.mark.parametrize("model", ["dot-product-bias", "collab-nn"])
def test_the_seed_decides_everything(small: Ratings, model: str) -> None:
    def trained(seed: int) -> tuple[list[Record], dict[str, np.ndarray]]:
        records: list[Record] = []
        trainer = trainer_for(small, model=model, seed=seed, watch=records.append)
        trainer.fit()
        return without_times(records), trainer.weights()

    records, weights = trained(1)
    torch.manual_seed(99)
    again, same = trained(1)
    other, _ = trained(2)
    assert records == again
    assert all(np.array_equal(weights[name], same[name]) for name in weights)
    assert records != other


# --- What it tells on the way


@pytest.mark.parametrize(("batch_size", "epochs"), [(64, 3), (7, 1), (1_000, 2)])
def test_records_run_through_the_epochs_in_order(small: Ratings, batch_size: int, epochs: int) -> None:
    records: list[Record] = []
    fit = trainer_for(small, batch_size=batch_size, epochs=epochs, watch=records.append).fit()
    steps_per_epoch = -(-3_200 // batch_size)
    assert len(records) <= epochs * RECORDS_PER_EPOCH
    for name in ("step", "epoch", "seconds"):
        values = [getattr(record, name) for record in records]
        assert values == sorted(values)
    assert len({record.step for record in records}) == len(records)
    ends = [record for record in records if record.valid_loss is not None]
    assert [end.epoch for end in ends] == list(range(1, epochs + 1))
    assert [end.step for end in ends] == [steps_per_epoch * number for number in range(1, epochs + 1)]
    assert [end.valid_loss for end in ends] == [epoch.valid_mse for epoch in fit.epochs]
    assert all(record.device_memory is None for record in records)


def test_a_long_training_does_not_drown_in_records(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_module, "RECORDS_AT_MOST", 30)
    records: list[Record] = []
    trainer_for(small, epochs=6, watch=records.append).fit()
    assert 6 <= len(records) <= 30


def test_a_large_set_of_ratings_has_more_records_an_epoch(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer_module, "RATINGS_PER_RECORD", 80)
    records: list[Record] = []
    trainer_for(small, epochs=1, batch_size=16, watch=records.append).fit()
    assert len(records) == 3_200 // 80 > RECORDS_PER_EPOCH


def test_the_records_of_an_epoch_average_to_its_training_loss(small: Ratings) -> None:
    records: list[Record] = []
    fit = trainer_for(small, batch_size=60, epochs=1, watch=records.append).fit()
    rows = np.diff([record.epoch for record in records], prepend=0) * 3_200
    assert len(set(np.round(rows))) > 1  # the last stretch is a short one
    average = np.average([record.train_loss for record in records], weights=rows)
    assert fit.epochs[0].train_mse == pytest.approx(average)


def test_the_first_training_loss_is_that_of_the_untrained_model(small: Ratings) -> None:
    records: list[Record] = []
    trainer = trainer_for(small, model="dot-product", epochs=1, batch_size=10**6, watch=records.append)
    trainer.fit()
    rows = split_ratings(small, trainer.recipe.split).train
    assert records[0].train_loss == pytest.approx(np.square(small.rating[rows]).mean(), rel=1e-3)


@pytest.mark.parametrize("batch_size", [10**6, 1_500])
def test_the_speed_counts_ratings_and_not_steps(
    small: Ratings, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    ticks = iter(range(10**6))
    monkeypatch.setattr(trainer_module, "time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    records: list[Record] = []
    fit = trainer_for(small, epochs=2, batch_size=batch_size, watch=records.append).fit()
    # By this clock every stretch, every shuffle and every validation takes a second.
    assert sum(record.ratings_per_second for record in records) == pytest.approx(2 * 3_200)
    assert fit.ratings_per_second == pytest.approx(2 * 3_200 / (len(records) + 2))
    assert fit.fit_seconds == len(records) + 2 + 2


def test_frames_hold_the_item_factors_before_and_after_each_epoch(small: Ratings) -> None:
    trainer = trainer_for(small, epochs=3)
    before = trainer.weights()["item_factors.weight"].copy()
    frames = trainer.fit().frames
    assert list(frames) == [0, 1, 2, 3]
    assert np.array_equal(frames[0], before.astype(np.float16))
    assert np.array_equal(frames[3], trainer.weights()["item_factors.weight"].astype(np.float16))
    assert all(frame.shape == (small.n_items + 1, 4) and frame.dtype == np.float16 for frame in frames.values())


def test_a_long_training_keeps_at_most_so_many_frames_and_the_last_among_them(
    small: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "FRAMES_AT_MOST", 3)
    frames = trainer_for(small, epochs=8, batch_size=10**6).fit().frames
    assert list(frames) == [0, 3, 6, 8]


# --- Stopping and slowing down


def elsewhere(act: Callable[[], None]) -> None:
    """Do it on another thread, and wait until it is done."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def test_a_stop_from_another_thread_comes_before_the_next_step(small: Ratings) -> None:
    control = Control()
    trainer = trainer_for(small, control=control)
    steps = 0

    def stop_at_the_fifth(module: torch.nn.Module, pair: object) -> None:
        nonlocal steps
        steps += module.training
        if steps == 5:
            elsewhere(control.stop)

    trainer.model.register_forward_pre_hook(stop_at_the_fifth)
    fit = trainer.fit()
    assert steps == 5
    assert (fit.status, fit.reason) == ("stopped", "Stopped in epoch 1 of 2.")
    assert (fit.kept_epoch, fit.best_epoch, fit.epochs) == (None, 0, [])
    split = split_ratings(small, trainer.recipe.split)
    error = trainer.predict(*split.codes(split.valid)) - small.rating[split.valid]
    assert fit.valid_mse == pytest.approx(np.square(error).mean(), rel=1e-5)


def stopped_after(finished: int, ratings: Ratings, **settings: Any) -> Any:
    control = Control()

    def watch(record: Record) -> None:
        if record.epoch >= finished:
            control.stop()

    return trainer_for(ratings, control=control, watch=watch, **settings).fit()


def test_a_stop_between_two_epochs_keeps_the_one_that_is_finished(small: Ratings) -> None:
    fit = stopped_after(2, small, epochs=5)
    assert (fit.status, fit.reason, fit.kept_epoch, len(fit.epochs)) == ("stopped", "Stopped in epoch 3 of 5.", 2, 2)
    assert fit.valid_mse == fit.epochs[1].valid_mse


def test_a_stop_after_the_last_step_is_too_late(small: Ratings) -> None:
    assert stopped_after(2, small, epochs=2).status == "done"


def test_a_stop_before_the_first_step_leaves_the_model_untrained(small: Ratings) -> None:
    control = Control()
    control.stop()
    trainer = trainer_for(small, control=control)
    before = {name: value.copy() for name, value in trainer.weights().items()}
    fit = trainer.fit()
    assert (fit.status, fit.kept_epoch, fit.epochs) == ("stopped", 0, [])
    assert all(np.array_equal(before[name], value) for name, value in trainer.weights().items())


def test_a_stop_ends_a_pause() -> None:
    control = Control()
    waiting = threading.Thread(target=control.pause, args=(600,), daemon=True)
    waiting.start()
    control.stop()
    waiting.join(timeout=30)
    assert not waiting.is_alive()


def test_the_classroom_pace_fills_an_epoch_up_to_its_seconds(small: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(Control, "pause", lambda self, seconds: pauses.append(seconds))
    records: list[Record] = []
    control = Control(seconds_per_epoch=1_000)

    def watch(record: Record) -> None:
        records.append(record)
        if record.epoch == 1:
            control.seconds_per_epoch = 0

    trainer_for(small, control=control, watch=watch, batch_size=60).fit()
    rows = np.diff([record.epoch for record in records], prepend=0) * 3_200
    working = rows / [record.ratings_per_second for record in records]
    in_first = np.array([record.epoch < 1 for record in records])
    np.testing.assert_allclose((pauses + working)[in_first], 1_000 * rows[in_first] / 3_200)
    np.testing.assert_allclose((pauses + working)[~in_first], 0, atol=1e-9)  # at full speed from there


# --- Which weights are kept


def exploding(ratings: Ratings, epochs: int, **settings: Any) -> Trainer:
    """Each step multiplies a weight by about 1 - 30 * 30, one step an epoch: soon beyond any float."""
    wild: dict[str, Any] = {"lr": 30, "wd": 30, "schedule": "constant", "batch_size": 10**6}
    return trainer_for(ratings, model="dot-product", epochs=epochs, **wild, **settings)


def test_a_loss_that_is_no_number_ends_with_the_weights_of_the_last_good_epoch(small: Ratings) -> None:
    trainer = exploding(small, epochs=50)
    fit = trainer.fit()
    good = len(fit.epochs)
    assert 1 <= good < 50
    assert (fit.status, fit.kept_epoch) == ("diverged", good)
    assert fit.reason.startswith(f"The loss stopped being a number in epoch {good + 1}, at step {good + 1}: lr 30 is")
    assert fit.reason.endswith(f" The weights are those after epoch {good}.")
    assert fit.valid_mse == fit.epochs[-1].valid_mse
    shorter = exploding(small, epochs=good)
    assert shorter.fit().status == "done"
    for name, value in trainer.weights().items():
        assert np.isfinite(value).all()
        assert np.array_equal(value, shorter.weights()[name])


def test_a_loss_that_is_no_number_in_the_first_epoch_leaves_the_model_untrained(small: Ratings) -> None:
    records: list[Record] = []
    trainer = trainer_for(small, model="dot-product", lr=30, wd=30, schedule="constant", watch=records.append)
    before = {name: value.copy() for name, value in trainer.weights().items()}
    fit = trainer.fit()
    assert all(np.isfinite(record.train_loss) for record in records)
    assert (fit.status, fit.kept_epoch, fit.best_epoch) == ("diverged", 0, 0)
    assert np.isfinite(fit.valid_mse)
    assert all(np.array_equal(before[name], value) for name, value in trainer.weights().items())


OVERFITTING: dict[str, Any] = {"lr": 3e-2, "wd": 0.0, "epochs": 8, "schedule": "constant", "sizes": {"n_factors": 20}}


def test_by_default_the_last_weights_are_kept(small: Ratings) -> None:
    fit = trainer_for(small, **OVERFITTING).fit()
    assert fit.kept_epoch == 8
    assert fit.best_epoch < 8
    assert fit.valid_mse == fit.epochs[-1].valid_mse


def test_keep_best_ends_with_the_weights_of_the_lowest_validation_loss(small: Ratings) -> None:
    trainer = trainer_for(small, **OVERFITTING, keep_best=True)
    fit = trainer.fit()
    losses = [epoch.valid_mse for epoch in fit.epochs]
    assert len(losses) == 8
    assert fit.kept_epoch == fit.best_epoch == np.argmin(losses) + 1 < 8
    assert fit.valid_mse == min(losses)
    split = split_ratings(small, trainer.recipe.split)
    error = trainer.predict(*split.codes(split.valid)) - small.rating[split.valid]
    assert np.square(error).mean() == pytest.approx(min(losses), rel=1e-5)


def test_patience_runs_out_after_so_many_epochs_without_a_lower_loss(small: Ratings) -> None:
    full = trainer_for(small, **OVERFITTING).fit()
    fit = trainer_for(small, **OVERFITTING, patience=2).fit()
    assert fit.status == "early"
    assert fit.reason == "Stopped early: validation loss has not fallen for 2 epochs."
    assert len(fit.epochs) == full.best_epoch + 2 < 8
    assert fit.kept_epoch == len(fit.epochs)


def test_patience_that_runs_out_with_the_last_epoch_stops_nothing_early(small: Ratings) -> None:
    best = trainer_for(small, **OVERFITTING).fit().best_epoch
    fit = trainer_for(small, **{**OVERFITTING, "epochs": best + 2}, patience=2).fit()
    assert (fit.status, fit.reason) == ("done", "")


# --- On a GPU


@pytest.mark.gpu
@pytest.mark.parametrize("model", MODELS)
def test_a_gpu_learns_the_same_and_tells_its_memory(gpu: None, small: Ratings, model: str) -> None:
    recipe = preset(model, "fast", dataset="synthetic")
    on_cpu = trainer_for(small, **{**vars(recipe), "device": "cpu"}).fit()
    records: list[Record] = []
    trainer = trainer_for(small, **{**vars(recipe), "device": "cuda"}, watch=records.append)
    fit = trainer.fit()
    assert trainer.device.label.startswith("CUDA")
    assert fit.valid_mse == pytest.approx(on_cpu.valid_mse, abs=0.005)
    assert fit.device_memory is not None
    assert fit.device_memory > sum(value.nbytes for value in trainer.weights().values())
    assert all(record.device_memory for record in records)
