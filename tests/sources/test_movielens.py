import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings, RatingScale
from collabviz.sources import ml100k
from collabviz.sources.movielens import is_archive, load_archive
from tests.sources.archives import write, write_1m, write_10m, write_100k, write_csv, zipped

WRITERS = [write_100k, write_1m, write_10m, write_csv]


def rated(ratings: Ratings) -> list[tuple[int, str, float, int]]:
    """Each line in the source's own words."""
    users, titles = ratings.users["id"][ratings.user], ratings.items["title"][ratings.item]
    assert ratings.time is not None
    return list(zip(users, titles, ratings.rating.tolist(), ratings.time.tolist(), strict=True))


def test_100k_is_read_by_title_with_its_users_and_genres(tmp_path: Path) -> None:
    ratings = load_archive(write_100k(tmp_path / "ml-100k"))
    assert ratings.name == "ml-100k"
    assert ratings.scale == RatingScale(1, 5, 1)
    land = "Land Before Time III: The Time of the Great Giving (1995) (V)"
    expected = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "title": ["Café Society (1995)", "Chasing Amy (1997)", "unknown", "Two Friends (1986)", land],
            "year": pd.array([1995, 1997, None, 1986, 1995], dtype="Int16"),
            "genres": ["Action|Sci-Fi", "Comedy", "", "", "Children's"],
        }
    )
    pd.testing.assert_frame_equal(ratings.items, expected)
    assert ratings.users.to_dict("list") == {
        "id": [1, 2, 10],
        "age": [24, 53, 7],
        "gender": ["M", "F", "M"],
        "occupation": ["technician", "other", "student"],
    }
    assert rated(ratings)[:3] == [
        (10, "Chasing Amy (1997)", 3.0, 881250949),
        (2, "Café Society (1995)", 5.0, 891717742),
        (1, "Chasing Amy (1997)", 4.0, 878887116),
    ]
    assert ratings.item.tolist() == [1, 0, 1, 3, 2, 4]


def test_1m_is_read_in_latin_1_with_its_codes_in_words(tmp_path: Path) -> None:
    ratings = load_archive(write_1m(tmp_path / "ml-1m"))
    assert ratings.scale == RatingScale(1, 5, 1)
    assert ratings.items["title"].tolist() == ["Amélie: A Story (1996)", "Cuckoo's Nest (1975)"]
    assert ratings.items["genres"].tolist() == ["Animation|Children's", "Drama"]
    assert ratings.users.to_dict("list") == {
        "id": [1, 2],
        "age": ["under 18", "56+"],
        "gender": ["F", "M"],
        "occupation": ["K-12 student", "self-employed"],
    }
    assert rated(ratings)[0] == (1, "Cuckoo's Nest (1975)", 5.0, 978300760)


def test_10m_is_read_in_utf_8_with_half_stars(tmp_path: Path) -> None:
    ratings = load_archive(write_10m(tmp_path / "ml-10M100K"), "ml-10m")
    assert ratings.name == "ml-10m"
    assert ratings.scale == RatingScale(0.5, 5, 0.5)
    assert ratings.items["title"].tolist() == ["Boomerang (1992)", "Amélie (2001)"]
    assert ratings.items["genres"].tolist() == ["Comedy", ""]
    assert list(ratings.users.columns) == ["id"]
    assert [row[2] for row in rated(ratings)] == [5, 3.5, 0.5]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_csv_is_read_with_either_line_end_and_quoted_titles(tmp_path: Path, end: str) -> None:
    ratings = load_archive(write_csv(tmp_path / "ml-latest-small", end))
    assert ratings.scale == RatingScale(0.5, 5, 0.5)
    assert ratings.items["id"].tolist() == [1, 7789]
    assert ratings.items["title"].tolist() == ["Toy Story (1995)", "11'09\"01 - September 11, Amélie (2002)"]
    assert ratings.items["genres"].tolist() == ["Adventure|Animation", ""]
    assert rated(ratings)[0] == (1, "11'09\"01 - September 11, Amélie (2002)", 4.0, 964982703)


@pytest.mark.parametrize("writer", WRITERS)
def test_folder_and_zip_flat_or_nested_give_the_same(tmp_path: Path, writer) -> None:
    folder = writer(tmp_path / "outer" / "ml")
    flat = load_archive(zipped(folder), "ml").fingerprint
    nested = load_archive(zipped(folder, below="ml-dir"), "ml").fingerprint
    assert load_archive(folder).fingerprint == load_archive(folder.parent).fingerprint == flat == nested


def test_films_of_one_title_stay_apart_outside_100k(tmp_path: Path) -> None:
    folder = write_10m(tmp_path / "ml")
    write(folder, {"movies.dat": "122::Emma (1996)::Comedy\n185::Emma (1996)::Drama\n"})
    assert load_archive(folder).items["title"].tolist() == ["Emma (1996)", "Emma (1996)"]


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Heat (1995)", 1995),
        ("Cosmos (2014– )", 2014),
        ("Death Note: Desu nôto (2006–2007)", 2006),
        ("Great Giving, The (1995) (V)", 1995),
        ("2001: A Space Odyssey", None),
        ("Blade Runner (2049) Returns", None),
        ("Babylon 5", None),
    ],
)
def test_the_year_is_what_ends_the_title(tmp_path: Path, title: str, year: int | None) -> None:
    folder = write_10m(tmp_path / "ml")
    write(folder, {"movies.dat": f"122::{title}::Drama\n185::Other (1990)::Drama\n"})
    found = load_archive(folder).items["year"]
    assert found.dtype == "Int16"
    assert found[0] is pd.NA if year is None else found[0] == year


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("u.data", "1\t2\t3\t4\n1\t2\n", r"u\.data, line 2, has 2 fields instead of 4"),
        ("u.item", "1|Heat (1995)|x\n", r"u\.item, line 1, has 3 fields instead of 10"),
        ("u.user", "1|24|M|other|1\nx|24|M|other|1\n", r"u\.user, line 2, starts with 'x' instead of a number"),
        ("u.data", "1\t999\t3\t4\n", r"Movie 999 has ratings but no title"),
        ("u.data", "", r"u\.data holds no ratings"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, file: str, text: str, complaint: str) -> None:
    write(write_100k(tmp_path / "ml"), {file: text})
    with pytest.raises(CollabVizError, match=complaint):
        load_archive(tmp_path / "ml")


def test_an_open_quote_in_movies_csv_is_an_error(tmp_path: Path) -> None:
    write(write_csv(tmp_path / "ml"), {"movies.csv": 'movieId,title,genres\n1,"Toy,x\n2,y,z\n'})
    with pytest.raises(CollabVizError, match=r"movies\.csv, line \d"):
        load_archive(tmp_path / "ml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (write_100k(tmp_path / "ml") / "u.item").unlink()
    with pytest.raises(CollabVizError, match=r"ml has u\.data but lacks u\.item"):
        load_archive(tmp_path / "ml")


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    file = zipped(write(tmp_path / "letterboxd", {"ratings.csv": "Date,Name\n", "diary.csv": "Date\n"}))
    assert not is_archive(file)
    with pytest.raises(CollabVizError, match=r"letterboxd\.zip is not a MovieLens archive"):
        load_archive(file)


def test_archives_are_recognised(tmp_path: Path) -> None:
    assert all(is_archive(zipped(writer(tmp_path / writer.__name__))) for writer in WRITERS)


def test_a_truncated_zip_is_refused(tmp_path: Path) -> None:
    file = zipped(write_100k(tmp_path / "ml"))
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(CollabVizError, match=r"ml\.zip is not a zip file, or it is damaged"):
        load_archive(file)


def test_a_zip_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    file = zipped(write_100k(tmp_path / "ml"))
    content = bytearray(file.read_bytes())
    content[content.index(b"u.data") + len(b"u.data") + 8] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(CollabVizError):
        load_archive(file)


def test_nothing_at_the_path_says_so(tmp_path: Path) -> None:
    with pytest.raises(CollabVizError, match="There is no file or folder"):
        load_archive(tmp_path / "ml-1m.zip")


def test_a_shortened_file_has_no_folds() -> None:
    assert ml100k.folds(np.zeros(99_999, dtype=np.int32)) == {}


def test_folds_are_fifths_and_everybodys_first_and_second_ten() -> None:
    user = np.random.default_rng(0).integers(0, 500, 100_000).astype(np.int32)
    folds = ml100k.folds(user)
    assert folds["u2"].tolist() == list(range(20_000, 40_000))
    mine = np.flatnonzero(user == 3)
    assert [row for row in folds["ua"] if user[row] == 3] == mine[:10].tolist()
    assert [row for row in folds["ub"] if user[row] == 3] == mine[10:20].tolist()


@pytest.mark.movielens
def test_the_real_100k_is_the_chapters(movielens: Ratings) -> None:
    assert (len(movielens), movielens.n_users, movielens.n_items) == (100_000, 943, 1_664)
    assert movielens.items["year"].isna().sum() == 1
    assert movielens.items["title"].is_unique
    assert movielens.scale.y_range == (0, 5.5)
    assert movielens.fingerprint == ml100k.FINGERPRINT


# SHA-256 of the int32 rows; compared with u1.test ... ub.test of the official archive when they were pinned.
REAL_FOLDS = {
    "u1": "bc995f75a4732ad808f5e637dda6107583b0303ec454d6f55042f5f69609c659",
    "u2": "2aa914a6744d242f17d1f0f152f6f11cfa58ca28b00b591497e0f30912e227f3",
    "u3": "9f8b43d09437c40fb813bc6510e0f0c36975808b0da2192d8a1c351d7fe3ed6a",
    "u4": "7ec3c2bcc362c0618ff478ab2b371d80dac833ec8b23402c985649e18e37e2cb",
    "u5": "35594f770b5929413d026942215910b160cfce06d9f682f031543172f784318e",
    "ua": "ad2501e294e0f36b71297bcf475ff8088e7dc2dbd6e5c0810f08d077f85f2807",
    "ub": "ce5f1803f8f6dba69b9ded3d40245a324929aa31850ebeb4d799a23e238b919b",
}


@pytest.mark.movielens
def test_the_real_folds_are_the_official_ones(movielens: Ratings) -> None:
    assert {name: hashlib.sha256(rows.tobytes()).hexdigest() for name, rows in movielens.folds.items()} == REAL_FOLDS
