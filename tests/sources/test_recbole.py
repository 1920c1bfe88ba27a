from pathlib import Path

import pytest

from collabviz.errors import CollabVizError
from collabviz.sources import recbole
from collabviz.sources.movielens import load_archive
from collabviz.sources.recbole import fetch_recbole, read_wheel
from tests.sources.archives import write, write_100k, write_wheel, zipped

WHEEL = "recbole-1.2.1-py3-none-any.whl"


def test_the_wheel_gives_what_the_archive_gives(tmp_path: Path) -> None:
    official = load_archive(write_100k(tmp_path / "ml-100k"))
    wheel = read_wheel(write_wheel(tmp_path / WHEEL))
    assert wheel.items.to_dict("list") == official.items.to_dict("list")
    assert wheel.users.to_dict("list") == official.users.to_dict("list")
    assert (wheel.name, wheel.fingerprint) == (official.name, official.fingerprint)


def test_another_wheel_is_refused(tmp_path: Path) -> None:
    other = zipped(write(tmp_path / "other", {"setup.py": ""}))
    with pytest.raises(CollabVizError, match=r"other\.zip does not hold MovieLens 100K"):
        read_wheel(other)


def test_pip_fetches_by_the_users_own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is told by its own variables to look into a folder only, and the wheel comes from there."""
    write_wheel(tmp_path / WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    seen: list[str] = []
    ratings = fetch_recbole(lambda what, done, total: seen.append(what))
    assert len(ratings) == 6
    assert seen == ["Downloading MovieLens 100K with the package recbole==1.2.1"]


def test_pips_own_reason_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(CollabVizError, match=r"pip could not get recbole==1\.2\.1: No matching distribution found"):
        fetch_recbole()


def test_a_pip_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recbole, "_SECONDS", 0.01)
    with pytest.raises(CollabVizError, match=r"did not get recbole==1\.2\.1 within"):
        fetch_recbole()
