import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings
from collabviz.sources import catalogue, ml100k
from collabviz.sources.bundle import write_bundle
from collabviz.sources.catalogue import available, forget, is_ours, keep, load, load_default, load_path
from collabviz.sources.fetch import GROUPLENS, Archive
from collabviz.sources.movielens import load_archive
from collabviz.sources.recbole import read_wheel
from tests.sources.archives import write, write_100k, write_csv, write_wheel, zipped

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def grouplens(server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GroupLens with a tiny ml-100k and ml-latest-small, whose content is the one we insist on; its folder."""
    url, served = server
    zipped(write_100k(tmp_path / "ml-100k"), below="ml-100k").rename(served / "ml-100k.zip")
    zipped(write_csv(tmp_path / "ml-latest-small")).rename(served / "ml-latest-small.zip")
    md5 = hashlib.md5((served / "ml-100k.zip").read_bytes()).hexdigest()
    monkeypatch.setitem(GROUPLENS, "ml-100k", Archive(f"{url}/ml-100k.zip", md5))
    monkeypatch.setitem(GROUPLENS, "ml-latest-small", Archive(f"{url}/ml-latest-small.zip", None))
    monkeypatch.setattr(ml100k, "FINGERPRINT", load_archive(tmp_path / "ml-100k").fingerprint)
    monkeypatch.setattr(catalogue, "fetch_recbole", refuse)
    return served


def refuse(*_: object) -> Ratings:
    raise CollabVizError("No package index.")


def remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def test_what_is_fetched_once_comes_from_the_cache(grouplens: Path) -> None:
    seen: list[str] = []
    first = load("ml-latest-small", lambda what, done, total: seen.append(what))
    remove(grouplens)
    assert load("ml-latest-small").fingerprint == first.fingerprint
    assert seen[0] == "Downloading ml-latest-small.zip"
    assert seen[-1] == "Reading ml-latest-small.zip"


def test_ml_100k_comes_from_the_wheel_where_grouplens_fails(
    grouplens: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(grouplens)
    wheel = write_wheel(tmp_path / "recbole.whl")
    monkeypatch.setattr(catalogue, "fetch_recbole", lambda progress: read_wheel(wheel))
    assert load("ml-100k").fingerprint == ml100k.FINGERPRINT
    wheel.unlink()
    assert load("ml-100k").fingerprint == ml100k.FINGERPRINT


def test_where_neither_works_both_reasons_are_given(grouplens: Path) -> None:
    remove(grouplens)
    with pytest.raises(CollabVizError, match=r"ml-100k\.zip could not be downloaded: .* 404 .*No package index"):
        load("ml-100k")


def test_other_sets_do_not_ask_the_package_index(grouplens: Path) -> None:
    remove(grouplens)
    with pytest.raises(CollabVizError) as caught:
        load("ml-latest-small")
    assert "No package index" not in str(caught.value)


def test_ratings_that_are_not_ml_100k_are_not_taken_for_it(grouplens: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ml100k, "FINGERPRINT", "0" * 64)
    with pytest.raises(CollabVizError, match="came as MovieLens 100K is something else"):
        load("ml-100k")


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_cache_is_fetched_again(grouplens: Path, own_home: Path, damage: bytes) -> None:
    load("ml-100k")
    cached = own_home / "datasets" / "ml-100k.ratings"
    cached.write_bytes(damage)
    assert load("ml-100k").fingerprint == ml100k.FINGERPRINT
    assert cached.stat().st_size > 1_000


def test_a_cache_with_other_ratings_is_fetched_again(grouplens: Path, own_home: Path, small: Ratings) -> None:
    (own_home / "datasets").mkdir(parents=True)
    write_bundle(replace(small, name="ml-100k"), own_home / "datasets" / "ml-100k.ratings")
    assert load("ml-100k").fingerprint == ml100k.FINGERPRINT


def test_two_who_load_at_once_both_get_it_and_leave_one_file(grouplens: Path, own_home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        prints = list(pool.map(lambda _: load("ml-100k").fingerprint, range(8)))
    assert set(prints) == {ml100k.FINGERPRINT}
    assert [file.name for file in (own_home / "datasets").iterdir()] == ["ml-100k.ratings"]


def test_a_disk_that_cannot_be_written_costs_only_the_cache(grouplens: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(catalogue, "write_bundle", full)
    assert load("ml-100k").fingerprint == ml100k.FINGERPRINT


def test_the_default_is_ml_100k(grouplens: Path) -> None:
    default = load_default()
    assert (default.name, default.fingerprint, default.note) == ("ml-100k", ml100k.FINGERPRINT, "")


def test_without_a_network_the_default_is_made_up_and_says_so(grouplens: Path) -> None:
    remove(grouplens)
    default = load_default()
    assert default.name == "synthetic"
    for part in ("made up", "404", "No package index", "--file"):
        assert part in default.note


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".", "..", "C:x", "ML-100K ", "x" * 65, "ml-100k\n", "a\0"]
)
def test_a_name_never_leads_out_of_the_folder(own_home: Path, small: Ratings, name: str) -> None:
    keep(small)
    write_bundle(small, own_home / "x.ratings")
    with pytest.raises(CollabVizError, match="There is no set of ratings called"):
        load(name)
    with pytest.raises(CollabVizError, match="No ratings are kept under"):
        forget(name)
    assert (own_home / "x.ratings").exists()


def test_an_unknown_name_lists_the_known_and_suggests_the_nearest(small: Ratings) -> None:
    kept = keep(small)
    with pytest.raises(CollabVizError, match=rf"'ml-100'\. Did you mean ml-100k\? Known: ml-100k, .*, {kept}\."):
        load("ml-100")


def test_kept_ratings_come_back_under_their_name_until_forgotten(small: Ratings) -> None:
    name = keep(replace(small, name="Meine Bewertungen (Größe).csv"))
    assert name == f"meine-bewertungen-groe-csv-{small.fingerprint[:8]}"
    loaded = load(name)
    assert (loaded.name, loaded.fingerprint) == (name, small.fingerprint)
    assert keep(loaded) == name
    assert [info.name for info in available()][-1] == name
    forget(name)
    assert name not in [info.name for info in available()]
    with pytest.raises(CollabVizError):
        load(name)


def test_changed_ratings_never_overwrite_the_kept_ones(small: Ratings) -> None:
    name = keep(small)
    changed = keep(replace(load(name), rating=small.rating[::-1]))
    assert changed != name
    assert load(name).fingerprint == small.fingerprint


def test_a_name_without_a_letter_still_makes_a_file_name(small: Ratings) -> None:
    assert keep(replace(small, name="评分")) == f"ratings-{small.fingerprint[:8]}"


def test_only_kept_ratings_can_be_forgotten(grouplens: Path, own_home: Path) -> None:
    load("ml-100k")
    with pytest.raises(CollabVizError, match="No ratings are kept under the name 'ml-100k'"):
        forget("ml-100k")
    assert (own_home / "datasets" / "ml-100k.ratings").exists()


def test_the_list_knows_what_needs_a_download(grouplens: Path) -> None:
    load("ml-100k")
    needs = {info.name: info.needs_download for info in available()}
    assert needs == {
        "ml-100k": False,
        "ml-latest-small": True,
        "ml-1m": True,
        "ml-10m": True,
        "ml-25m": True,
        "ml-32m": True,
        "synthetic": False,
    }
    assert needs.keys() - {"synthetic"} == GROUPLENS.keys()


def test_the_list_survives_a_damaged_file_and_names_it(own_home: Path, small: Ratings) -> None:
    keep(small)
    (own_home / "datasets" / "broken-1a2b3c4d.ratings").write_bytes(b"nonsense")
    broken, good = available()[-2:]
    assert broken.n_ratings is None
    assert "broken-1a2b3c4d.ratings cannot be read" in broken.description
    assert good.n_ratings == len(small)
    with pytest.raises(CollabVizError, match="broken-1a2b3c4d"):
        load("broken-1a2b3c4d")


def test_synthetic_is_always_there() -> None:
    assert len(load("synthetic")) == 100_000


def test_a_path_can_be_an_archive_a_folder_or_a_bundle(tmp_path: Path, small: Ratings) -> None:
    folder = write_100k(tmp_path / "ml-100k")
    write_bundle(small, tmp_path / "mine.ratings")
    seen: list[str] = []
    assert load_path(folder).fingerprint == load_path(zipped(folder)).fingerprint
    assert load_path(tmp_path / "mine.ratings", lambda what, done, total: seen.append(what)).name == small.name
    assert seen == ["Reading mine.ratings"]


def test_a_table_of_ones_own_is_left_to_the_upload_room(tmp_path: Path, small: Ratings) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    write_bundle(small, tmp_path / "mine.ratings")
    folder = write_100k(tmp_path / "ml-100k")
    assert is_ours(folder)
    assert is_ours(zipped(folder))
    assert is_ours(tmp_path / "mine.ratings")
    assert not is_ours(tmp_path / "notes.txt")
    assert not is_ours(zipped(write(tmp_path / "text", {"notes.txt": "nothing"})))
