import hashlib
import socket
from pathlib import Path

import pytest

from collabviz.errors import CollabVizError
from collabviz.sources.fetch import GROUPLENS, Archive, download

CONTENT = bytes(range(256)) * 4_000


def test_a_file_arrives_whole_and_tells_how_far_it_is(server: tuple[str, Path], tmp_path: Path) -> None:
    url, served = server
    (served / "a.zip").write_bytes(CONTENT)
    told: list[tuple[str, int, int | None]] = []
    archive = Archive(f"{url}/a.zip", hashlib.md5(CONTENT).hexdigest())
    download(archive, tmp_path / "a.zip", lambda *told_now: told.append(told_now))
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    done = [step[1] for step in told]
    assert len(told) > 3
    assert done == sorted(done)
    assert told[-1] == ("Downloading a.zip", len(CONTENT), len(CONTENT))


def test_without_a_known_checksum_the_file_is_taken_as_it_is(server: tuple[str, Path], tmp_path: Path) -> None:
    url, served = server
    (served / "a.zip").write_bytes(CONTENT)
    download(Archive(f"{url}/a.zip", None), tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_no_file(server: tuple[str, Path], tmp_path: Path) -> None:
    url, served = server
    (served / "a.zip").write_bytes(CONTENT)
    with pytest.raises(CollabVizError, match=r"a\.zip came with a wrong checksum"):
        download(Archive(f"{url}/a.zip", "0" * 32), tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_file_that_is_not_there_is_named_with_the_servers_answer(server: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CollabVizError, match=r"b\.zip could not be downloaded: the server answered 404"):
        download(Archive(f"{server[0]}/b.zip", None), tmp_path / "b.zip")
    assert not (tmp_path / "b.zip").exists()


def test_nobody_listening_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/c.zip"
        with pytest.raises(CollabVizError, match=r"c\.zip could not be downloaded: the server could not be reached"):
            download(Archive(address, None), tmp_path / "c.zip")
    assert not (tmp_path / "c.zip").exists()


def test_every_archive_lies_with_grouplens_under_its_name() -> None:
    for name, archive in GROUPLENS.items():
        assert archive.url == f"https://files.grouplens.org/datasets/movielens/{name}.zip"
        assert (archive.md5 is None) == (name == "ml-latest-small")
