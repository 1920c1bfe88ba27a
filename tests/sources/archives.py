"""Small archives in the layouts of MovieLens, written by the tests themselves."""

import zipfile
from pathlib import Path

GENRES_100K = ("unknown", "Action", "Children's", "Comedy", "Sci-Fi")

# id, name, year, genres. 2 and 9 are one film twice, 3 is the one without a name, 4 ends in a blank officially.
MOVIES_100K = (
    (1, "Café Society", "1995", ("Action", "Sci-Fi")),
    (2, "Chasing Amy", "1997", ("Comedy",)),
    (3, "unknown", "", ("unknown",)),
    (4, "Two Friends", "1986", ()),
    (5, "Land Before Time III: The Time of the Great Giving (1995)", "V", ("Children's",)),
    (9, "Chasing Amy", "1997", ("Action",)),
)
USERS_100K = ((1, 24, "M", "technician", "85711"), (2, 53, "F", "other", "94043"), (10, 7, "M", "student", "T8H1N"))

# user, item, rating, time
RATINGS = (
    (10, 9, 3, 881250949),
    (2, 1, 5, 891717742),
    (1, 2, 4, 878887116),
    (10, 4, 1, 880606923),
    (2, 3, 2, 886397596),
    (1, 5, 4, 884182806),
)


def write(folder: Path, files: dict[str, str], encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode(encoding))
    return folder


def lines(rows, delimiter: str, end: str = "\n") -> str:
    return "".join(delimiter.join(str(field) for field in row) + end for row in rows)


def write_100k(folder: Path, ratings=RATINGS) -> Path:
    items = []
    for number, name, year, genres in MOVIES_100K:
        title = f"{name} ({year})" if year else name
        blank = " " if number == 4 else ""
        items.append((number, title + blank, "01-Jan-1995", "", "http://x", *(int(g in genres) for g in GENRES_100K)))
    files = {
        "u.data": lines(ratings, "\t"),
        "u.item": lines(items, "|"),
        "u.user": lines(USERS_100K, "|"),
        "u.genre": lines(((genre, i) for i, genre in enumerate(GENRES_100K)), "|") + "\n",
    }
    return write(folder, files, "latin-1")


def write_1m(folder: Path) -> Path:
    files = {
        "ratings.dat": lines(((1, 1193, 5, 978300760), (2, 661, 3, 978302109), (1, 661, 4, 978301968)), "::"),
        "movies.dat": "661::Amélie: A Story (1996)::Animation|Children's\n1193::Cuckoo's Nest (1975)::Drama\n",
        "users.dat": "1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::0::55117\n",
    }
    return write(folder, files, "latin-1")


def write_10m(folder: Path) -> Path:
    files = {
        "ratings.dat": lines(((1, 122, "5", 838985046), (1, 185, "3.5", 838983525), (7, 122, "0.5", 838983392)), "::"),
        "movies.dat": "122::Boomerang (1992)::Comedy\n185::Amélie (2001)::(no genres listed)\n",
    }
    return write(folder, files, "utf-8")


def write_csv(folder: Path, end: str = "\r\n") -> Path:
    ratings = [("userId", "movieId", "rating", "timestamp"), (1, 7789, "4.0", 964982703), (3, 1, "0.5", 964981247)]
    movies = [
        ("movieId", "title", "genres"),
        (1, "Toy Story (1995) ", "Adventure|Animation"),
        (5, '"Unrated, The (2001)"', "Drama"),
        (7789, '"11\'09""01 - September 11, Amélie (2002)"', "(no genres listed)"),
    ]
    return write(folder, {"ratings.csv": lines(ratings, ",", end), "movies.csv": lines(movies, ",", end)})


def write_wheel(file: Path, ratings=RATINGS) -> Path:
    """A recbole wheel that pip accepts, with the same content as ``write_100k`` in RecBole's spelling."""
    items = [
        (number, "unkonwn", "unkonwn", "unknown") if name == "unknown" else (number, name, year, " ".join(genres))
        for number, name, year, genres in MOVIES_100K
    ]
    item_header = "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    user_header = "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    rating_header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    data, info = "recbole/dataset_example/ml-100k/ml-100k", "recbole-1.2.1.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr(f"{data}.inter", rating_header + lines(ratings, "\t"))
        wheel.writestr(f"{data}.item", item_header + lines(items, "\t"))
        wheel.writestr(f"{data}.user", user_header + lines(USERS_100K, "\t"))
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: recbole\nVersion: 1.2.1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return file


def zipped(folder: Path, below: str = "") -> Path:
    """The folder as a zip beside it, its files in a folder ``below`` if given."""
    file = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in folder.iterdir():
            archive.write(entry, f"{below}/{entry.name}" if below else entry.name)
    return file
