import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from collabviz import __version__, cli
from collabviz.cli import main
from collabviz.runs import RunStore
from collabviz.sources.catalogue import load
from collabviz.training.history import Record
from models.registry import MODELS

ROOT = Path(__file__).parents[1]
QUICK = ["train", "--dataset", "synthetic", "--device", "cpu", "--set", "epochs=2", "--set", "batch_size=8192"]


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLLABVIZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command says on stdout with --json, which is to be one line."""
    main([*arguments, "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    return json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence a command ends with."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (sentence,) = captured.err.strip().splitlines()
    return sentence


# --- As a process


def test_help_comes_without_torch_and_scikit_learn() -> None:
    code = (
        "import runpy, sys; sys.argv = ['collabviz', 'train', '--help']\n"
        "try: runpy.run_module('collabviz', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, *{'torch', 'sklearn', 'scipy', 'streamlit'} & set(sys.modules))"
    )
    result = python("-c", code)
    assert result.stdout.splitlines()[-1] == "0"
    assert "--set SETTING=VALUE" in result.stdout
    assert all(model in result.stdout.replace("-\n" + " " * 24, "-") for model in MODELS)


def test_an_error_is_one_sentence_on_stderr_and_exit_code_2() -> None:
    result = python("-m", "collabviz", "data", "--dataset", "sinthetic")
    assert (result.returncode, result.stdout) == (2, "")
    (sentence,) = result.stderr.splitlines()
    assert "'sinthetic'. Did you mean synthetic?" in sentence


def test_no_command_is_a_usage_error() -> None:
    result = python("-m", "collabviz")
    assert result.returncode == 2
    assert result.stderr.startswith("usage: python -m collabviz")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"collabviz {__version__}\n"


# --- data


def test_data_says_what_the_ratings_hold(capsys: pytest.CaptureFixture[str]) -> None:
    ratings = load("synthetic")
    told = answer(capsys, "data", "--dataset", "synthetic")
    assert told["name"] == "synthetic"
    assert told["fingerprint"] == ratings.fingerprint
    assert "made up" in told["note"]
    assert {943, 1_664, 100_000} <= {value for value in told.values() if isinstance(value, int)}


def test_data_for_people_is_a_table_and_the_note_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "--dataset", "synthetic"])
    captured = capsys.readouterr()
    assert "100,000" in captured.out
    assert load("synthetic").fingerprint[:16] in captured.out
    assert "made up" in captured.err


@pytest.mark.parametrize("command", ["data", "train"])
def test_a_file_that_is_not_there_gets_a_sentence(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert "There is no file or folder nowhere.zip" in refusal(capsys, command, "--file", "nowhere.zip")


# --- train


def test_train_ends_with_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(capsys, *QUICK, "--model", "dot-product", "--seed", "3", "--name", "Mine")
    promised = {"run", "model", "valid_mse", "valid_rmse", "train_mse", "fit_seconds", "ratings_per_second", "device"}
    assert promised | {"epochs"} <= set(told)
    run = RunStore().get(told["run"])
    assert (run.name, told["model"]) == ("Mine", "dot-product")
    assert (run.recipe.seed, run.recipe.split.seed, run.recipe.epochs, run.recipe.batch_size) == (3, 3, 2, 8_192)
    assert told["valid_mse"] == run.metrics.valid_mse
    assert told["valid_rmse"] ** 2 == pytest.approx(told["valid_mse"])
    assert told["train_mse"] == run.metrics.train_mse
    assert told["fit_seconds"] > 0
    assert told["ratings_per_second"] > 0
    assert told["device"].startswith("CPU")
    assert [set(epoch) for epoch in told["epochs"]] == [{"train_mse", "valid_mse", "seconds"}] * 2
    assert told["valid_mse"] == told["epochs"][-1]["valid_mse"]


def test_train_for_people_shows_the_epochs_and_where_the_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    main(QUICK)
    captured = capsys.readouterr()
    run = RunStore().get("latest")
    assert run.id in captured.out
    for epoch in run.metrics.epochs:
        assert f"{epoch['valid_mse']:.4f}" in captured.out
    assert captured.err == ""  # a progress bar is for a terminal


def test_train_shows_a_person_how_far_it_has_come(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "ERRORS", Console(stderr=True, force_terminal=True, width=120))
    main(QUICK)
    run = RunStore().get("latest")
    bar = capsys.readouterr().err
    assert "Training dot-product-bias" in bar
    assert f"validation {run.metrics.valid_mse:.4f}" in bar


def write_csv(path: Path, *further: str) -> None:
    rows = [f"user{u},Film {i},{1 + (u * i) % 5}" for u in range(10) for i in range(8)]
    path.write_text("\n".join(["user,film,rating", *rows, *further]) + "\n")


def test_train_takes_a_persons_own_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_csv(tmp_path / "mine.csv")
    told = answer(capsys, "train", "--file", str(tmp_path / "mine.csv"), "--device", "cpu")
    run = RunStore().get(told["run"])
    assert (run.metrics.n_train + run.metrics.n_valid, len(run.users()), len(run.items())) == (80, 10, 8)


def test_rows_that_cannot_be_used_are_named_and_skipped_only_when_asked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_csv(tmp_path / "mine.csv", "user1,Film 9,good")
    with pytest.raises(SystemExit) as exit_:
        main(["data", "--file", str(tmp_path / "mine.csv")])
    assert exit_.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("1 of 81 rows of mine.csv cannot be used, the first at line 82:")
    assert last.endswith("or pass --skip-problems to use the rest.")
    told = answer(capsys, "data", "--file", str(tmp_path / "mine.csv"), "--skip-problems")
    assert told["n_ratings"] == 80


def test_train_tells_why_a_training_ended_early(capsys: pytest.CaptureFixture[str]) -> None:
    overfitting = ["--set", "epochs=9", "--set", "lr=0.1", "--set", "wd=0", "--set", "schedule=constant"]
    main([*QUICK, *overfitting, "--set", "patience=1", "--json"])
    captured = capsys.readouterr()
    assert json.loads(captured.out)["status"] == "early"
    assert "Stopped early: validation loss has not fallen for 1 epoch." in captured.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "lr"], "--set lr: it takes SETTING=VALUE, such as --set lr=0.01."),
        (["--set", "lr=fast"], "lr=fast: it takes a number."),
        (["--set", "epoch=3"], "There is no setting called 'epoch'. Did you mean epochs?"),
        (["--set", "epochs=0"], "epochs is 0; it must be between 1 and 1,000."),
        (["--set", "split.kind=fold", "--set", "split.fold=u1"], "synthetic has no fold 'u1'; it comes with none."),
        (["--model", "dot-produkt"], "There is no model called 'dot-produkt'. Did you mean dot-product?"),
        (["--recipe", "bok"], "There is no recipe called 'bok'. Did you mean book?"),
        (["--seed", "-1"], "split.seed is -1; it must be 0 or more."),
    ],
)
def test_train_refuses_with_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert refusal(capsys, "train", "--dataset", "synthetic", *arguments).startswith(sentence)


def test_a_sentence_is_not_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "train", "--set", "[bold]").startswith("--set [bold]: it takes")


def test_a_long_sentence_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(capsys, "train", "--model", "x" * 200).endswith("collab-nn, " + ", ".join(sorted(MODELS)[1:]) + ".")


def wait_for_a_record(process: subprocess.Popen[str]) -> None:
    """Wait until the training has begun; fail when the process ends before."""
    while not any(file.stat().st_size for file in RunStore().root.glob(".unfinished-*/history.jsonl")):
        assert process.poll() is None
        time.sleep(0.02)


def test_ctrl_c_stops_the_training_and_keeps_what_was_learned() -> None:
    long = ["train", "--dataset", "synthetic", "--device", "cpu", "--set", "epochs=500", "--json"]
    command = [sys.executable, "-m", "collabviz", *long]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_for_a_record(process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 0
    told = json.loads(out)
    assert told["status"] == RunStore().get(told["run"]).status == "stopped"
    assert err.startswith("Stopped in epoch ")


def test_a_second_ctrl_c_ends_with_130_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Record) -> str:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second one went unheard")

    monkeypatch.setattr(Record, "to_json", interrupted)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as exit_:
        main(QUICK)
    assert exit_.value.code == 130
    assert list(RunStore().root.iterdir()) == []
    assert signal.getsignal(signal.SIGINT) == before


# --- runs


def test_runs_lists_what_was_trained_and_names_what_is_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    trained = answer(capsys, *QUICK)
    (RunStore().root / "20200101-000000-0123456789ab").mkdir()
    assert answer(capsys, "runs") == {
        "runs": [trained],
        "damaged": [{"folder": "20200101-000000-0123456789ab", "reason": "run.json is missing."}],
    }


def test_runs_for_people_is_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    main([*QUICK, "--name", "Mine"])
    (RunStore().root / "20200101-000000-0123456789ab").mkdir()
    capsys.readouterr()
    main(["runs"])
    captured = capsys.readouterr()
    assert "Mine" in captured.out
    assert RunStore().get("latest").id in captured.out
    assert captured.err.strip() == "20200101-000000-0123456789ab cannot be read: run.json is missing."


def test_no_runs_yet_say_how_to_train(capsys: pytest.CaptureFixture[str]) -> None:
    main(["runs"])
    assert "There is no run yet. Train one: python -m collabviz train" in capsys.readouterr().out
