from pathlib import Path

import pytest

from collabviz.errors import CollabVizError
from collabviz.home import datasets_dir, home, runs_dir


def test_home_is_where_it_is_put_wherever_one_goes_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLABVIZ_HOME", "mine")
    assert home() == tmp_path / "mine"
    assert (datasets_dir(), runs_dir()) == (tmp_path / "mine" / "datasets", tmp_path / "mine" / "runs")
    assert datasets_dir().is_dir()
    assert runs_dir().is_dir()


def test_a_tilde_is_the_home_of_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLLABVIZ_HOME", "~/mine")
    assert home() == tmp_path / "mine"


def test_without_a_choice_it_is_the_platforms_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLLABVIZ_HOME")
    assert home().is_absolute()
    assert home().name == "collabviz"


def test_a_home_that_cannot_be_made_gets_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COLLABVIZ_HOME", str(tmp_path / "file"))
    with pytest.raises(CollabVizError) as caught:
        runs_dir()
    folder = tmp_path / "file" / "runs"
    assert str(caught.value) == f"{folder} cannot be made (Not a directory). Set COLLABVIZ_HOME to another folder."
