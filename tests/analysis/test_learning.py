"""What a history tells, on histories written by hand."""

import numpy as np
import pandas as pd
import pytest

from collabviz.analysis.learning import epochs_table, overfitting, visible_range

NAN = np.nan


def history(*records: tuple[int, float, float, float, float]) -> pd.DataFrame:
    """A history out of (step, epoch, train_loss, valid_loss, seconds)."""
    frame = pd.DataFrame(records, columns=["step", "epoch", "train_loss", "valid_loss", "seconds"])
    return frame.assign(lr=1e-3, ratings_per_second=1e5, device_memory=NAN).astype({"valid_loss": float})


def validated(*losses: float) -> pd.DataFrame:
    """A history with one record an epoch."""
    return history(*((10 * n, float(n), 1.0, loss, float(n)) for n, loss in enumerate(losses, start=1)))


def test_an_epoch_weighs_its_records_by_their_batches():
    table = epochs_table(
        history((2, 0.2, 6.0, NAN, 0.5), (10, 1.0, 1.0, 0.9, 2.0), (15, 1.5, 0.9, NAN, 3.0), (20, 2.0, 0.7, 0.8, 5.0))
    )
    assert table["epoch"].tolist() == [1, 2]
    assert table["train_mse"].tolist() == pytest.approx([2.0, 0.8])
    assert table["valid_mse"].tolist() == [0.9, 0.8]
    assert table["seconds"].tolist() == [2.0, 3.0]


def test_an_epoch_in_the_middle_is_not_in_the_table():
    assert epochs_table(history((5, 0.5, 1.0, NAN, 1.0))).empty
    assert epochs_table(history((10, 1.0, 1.0, 0.9, 1.0), (12, 1.2, 1.0, NAN, 2.0)))["epoch"].tolist() == [1]


def test_an_empty_history_has_no_epochs_and_no_overfitting():
    assert epochs_table(history()).empty
    assert overfitting(history()) is None


def test_a_record_without_a_training_loss_does_not_count():
    table = epochs_table(history((9, 0.9, 2.0, NAN, 1.0), (10, 1.0, NAN, 0.9, 2.0)))
    assert table["train_mse"].tolist() == [2.0]


def test_an_epoch_a_hair_over_the_whole_number_is_still_that_epoch():
    assert epochs_table(history((10, 1.0000000001, 1.0, 0.9, 1.0)))["epoch"].tolist() == [1]


def test_the_chapters_overfitting_is_seen_and_said():
    turn = overfitting(validated(0.95, 0.861, 0.868, 0.885, 0.893))
    assert turn is not None
    assert (turn.best_epoch, turn.best, turn.latest) == (2, 0.861, 0.893)
    assert turn.fact == (
        "Validation loss was lowest after epoch 2 (0.861) and has risen to 0.893 since: the model is overfitting; "
        "more weight decay (wd) is the usual remedy."
    )


def test_a_loss_that_still_falls_or_only_trembles_is_not_overfitting():
    assert overfitting(validated(0.95, 0.88, 0.82)) is None
    assert overfitting(validated(0.95, 0.82, 0.824)) is None
    assert overfitting(validated(0.95, 0.82, 0.825)) is not None
    assert overfitting(validated(0.9, 0.95, 0.85)) is None


def test_the_first_epoch_is_left_out_of_sight_once_there_is_more():
    steep = history(
        (1, 0.5, 12.0, NAN, 1.0), (2, 0.75, 4.0, NAN, 1.0), (3, 1.0, 1.5, 1.3, 1.0), (4, 1.5, 1.1, NAN, 2.0)
    )
    low, high = visible_range([steep])
    assert 0.9 < low < 1.1
    assert 1.5 < high < 1.6


def test_the_first_half_epoch_is_left_out_of_sight():
    low, high = visible_range([history((1, 0.1, 7.0, NAN, 0), (5, 0.5, 1.0, NAN, 1), (10, 1.0, 0.9, 0.8, 2))]) or (0, 0)
    assert (low, high) == pytest.approx((0.784, 1.016))


def test_everything_is_visible_while_there_is_nothing_but_the_beginning():
    low, high = visible_range([history((1, 0.1, 7.0, NAN, 0), (2, 0.2, 5.0, NAN, 1))]) or (0, 0)
    assert low < 5
    assert high > 7


def test_the_range_spans_all_runs_and_is_never_empty():
    low, high = visible_range([validated(0.9), validated(0.7)]) or (0, 0)
    assert low < 0.7
    assert high > 1
    low, high = visible_range([validated(1.0)]) or (0, 0)
    assert low < 1 < high


def test_a_loss_that_is_not_a_number_does_not_spoil_the_range():
    low, high = visible_range([history((10, 1.0, np.inf, 0.9, 1), (20, 2.0, 0.8, NAN, 2))]) or (0, 0)
    assert (low, high) == pytest.approx((0.792, 0.908))


def test_there_is_no_range_without_a_loss():
    assert visible_range([]) is None
    assert visible_range([history()]) is None
