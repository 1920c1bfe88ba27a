from pathlib import Path

import numpy as np

from collabviz.training.history import Record, as_frame, read_history

FIRST = Record(
    step=3,
    epoch=0.5,
    train_loss=1.25,
    valid_loss=None,
    lr=0.001,
    ratings_per_second=1e5,
    device_memory=None,
    seconds=0.1,
)
SECOND = Record(
    step=6,
    epoch=1.0,
    train_loss=1.0,
    valid_loss=1.125,
    lr=0.002,
    ratings_per_second=2e5,
    device_memory=1_024,
    seconds=0.2,
)


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(FIRST.to_json() + "\n" + SECOND.to_json() + "\n")
    assert read_history(path) == [FIRST, SECOND]


def test_half_a_last_line_is_left_out_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    last = SECOND.to_json()
    for cut in range(len(last) + 1):
        path.write_text(FIRST.to_json() + "\n" + last[:cut])
        assert read_history(path) == [FIRST]


def test_a_history_not_begun_is_empty(tmp_path: Path) -> None:
    assert read_history(tmp_path / "history.jsonl") == []


def test_a_frame_has_a_row_for_each_record_and_nan_for_what_is_not_known() -> None:
    frame = as_frame([FIRST, SECOND])
    assert frame["step"].tolist() == [3, 6]
    assert np.isnan(frame["valid_loss"][0])
    assert frame["valid_loss"][1] == 1.125
    assert frame["device_memory"].dtype == np.float64


def test_the_frame_of_no_records_has_all_columns() -> None:
    assert as_frame([]).columns.tolist() == as_frame([FIRST]).columns.tolist()
    assert as_frame([]).dtypes["valid_loss"] == np.float64
