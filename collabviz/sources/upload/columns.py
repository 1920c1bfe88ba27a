"""Which column holds what: by its name, in several languages, and by its content where names do not tell."""

import re
import unicodedata
from dataclasses import asdict, dataclass

from collabviz.errors import CollabVizError
from collabviz.sources.upload.layout import NUMBER, is_numeric

_DATE = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}\b")

# For each role the names in the order of preference. Roles are filled in this order, so that "movie" is the item
# where it stands alone and the title beside "movieId".
_NAMES = {
    "rating": """rating ratings score stars star bookrating yourrating myrating userrating movierating overall value
        vote points grade note bewertung sterne punkte wertung notes valoracion puntuacion calificacion voto voti
        valutazione punteggio nota avaliacao classificacao beoordeling cijfer betyg karakter vurdering arvosana ocena
        hodnoceni ertekeles puan рейтинг оценка 評価 评分 평점""",
    "time": """timestamp time unixtime unixreviewtime datetime ratedat createdat updatedat date daterated ratingdate
        reviewdate watcheddate ts datum zeit zeitstempel fecha data dato dag horodatage когда дата 日付 日期""",
    "year": "year releaseyear movieyear jahr annee ano anno год",
    "genres": "genres genre tags categories genero generos generi",
    "item": """itemid iid movieid filmid isbn isbn13 asin productid bookid animeid songid trackid artistid gameid
        businessid beerid recipeid jokeid const tconst imdbid tmdbid sku item movie film product book anime song track
        artist game title movietitle booktitle filmtitle itemtitle titel titre titulo titolo buch livre libro pelicula
        produkt produit producto артикул фильм книга название 映画 电影 作品""",
    "title": """title movietitle booktitle filmtitle itemtitle productname movietitle itemname bookname titel titre
        titulo titolo название movie film item product book anime song track game name""",
    "user": """userid uid user username customerid customer memberid member reviewerid reviewer readerid reader
        profilename personid person account accountid viewer critic student nutzer benutzer nutzerid benutzerid kunde
        utilisateur client usuario cliente utente gebruiker anvandare kayttaja uzytkownik пользователь ユーザー 用户""",
}


@dataclass(frozen=True)
class Columns:
    """Which column, counted from 0, holds what; None where no column does.

    Attributes:
        user: who rated; None means that everything is one person's.
        item: what tells items apart, an id or a title.
        rating: the rating.
        time: when it was given.
        title: what items are called, where ``item`` is an id.
        year, genres: what else is known about the items.
    """

    user: int | None = None
    item: int | None = None
    rating: int | None = None
    time: int | None = None
    title: int | None = None
    year: int | None = None
    genres: int | None = None

    def chosen(self) -> dict[str, int]:
        """The roles that have a column."""
        return {role: column for role, column in asdict(self).items() if column is not None}

    def check(self, names: list[str], filename: str) -> None:
        """Refuse a choice that cannot be read.

        Raises:
            CollabVizError: without a column of items or ratings, with one that does not exist, or one chosen twice.
        """
        for role, what in (("rating", "ratings"), ("item", "items")):
            if getattr(self, role) is None:
                raise CollabVizError(
                    f"{filename} has no column of {what} that could be found among {', '.join(names[:12])}. "
                    f"Choose the one that holds the {what}."
                )
        taken: dict[int, str] = {}
        for role, column in self.chosen().items():
            if not 0 <= column < len(names):
                raise CollabVizError(f"columns.{role} is {column}, but {filename} has {len(names)} columns, from 0.")
            if column in taken:
                raise CollabVizError(
                    f"The column {names[column]} of {filename} is chosen both as {taken[column]} and as {role}. "
                    "Choose another for one of them."
                )
            taken[column] = role


def is_known(name: str) -> bool:
    """Whether a cell reads like the name of a column."""
    return any(_plain(name) in known for known in _KNOWN.values())


def guess_columns(names: list[str] | None, cells: list[list[str]]) -> Columns:
    """Which column holds what.

    Args:
        names: the header, or None where there is none.
        cells: a sample of each column, all equally long.
    """
    roles = _by_name(names) if names else {}
    if names and _title_is_a_person(names, roles, cells):
        roles["user"] = roles.pop("title")
    free = [column for column in range(len(cells)) if column not in roles.values() and any(cells[column])]
    if "rating" not in roles:
        _take_rating(roles, free, cells)
    if "item" not in roles and "user" not in roles:
        if "time" not in roles:
            _take_time(roles, free, cells)
        _take_user_and_item(roles, free, cells)
    return Columns(**roles)


def _by_name(names: list[str]) -> dict[str, int]:
    plain = [_plain(name) for name in names]
    roles: dict[str, int] = {}
    for role, known in _KNOWN.items():
        if role == "title" and "item" not in roles:
            continue
        for name in known:
            if name in plain and plain.index(name) not in roles.values():
                roles[role] = plain.index(name)
                break
    if "item" not in roles and "name" in plain:
        roles["item"] = plain.index("name")
    return roles


def _title_is_a_person(names: list[str], roles: dict[str, int], cells: list[list[str]]) -> bool:
    """Whether, as in ``name, movie, rating``, the item says itself what it is called, so the name is a person's."""
    title = roles.get("title")
    is_name = title is not None and _plain(names[title]) == "name"
    return is_name and "user" not in roles and not is_numeric(cells[roles["item"]])


def _take_rating(roles: dict[str, int], free: list[int], cells: list[list[str]]) -> None:
    """The last column of small numbers, one with fractions before all."""
    small = [column for column in free if is_numeric(cells[column]) and max(map(abs, _numbers(cells[column]))) <= 100]
    fractional = [column for column in small if any(number % 1 for number in _numbers(cells[column]))]
    if small:
        roles["rating"] = (fractional or small)[-1]
        free.remove(roles["rating"])


def _take_time(roles: dict[str, int], free: list[int], cells: list[list[str]]) -> None:
    """The last column of times; among the first two columns large numbers are ids, though dates are dates."""
    times = [column for column in free if _is_time(cells[column]) and (column > 1 or not is_numeric(cells[column]))]
    if times:
        roles["time"] = times[-1]
        free.remove(times[-1])


def _take_user_and_item(roles: dict[str, int], free: list[int], cells: list[list[str]]) -> None:
    """The first two columns left, in this order; a single one is the item. A text after an item's id is its title."""
    if len(free) == 1:
        roles["item"] = free[0]
    elif free:
        roles["user"], roles["item"] = free[:2]
        texts = [column for column in free[2:] if not is_numeric(cells[column])]
        if texts and is_numeric(cells[roles["item"]]):
            roles["title"] = texts[0]


def _numbers(cells: list[str]) -> list[float]:
    return [float(cell.replace(",", ".").replace("−", "-")) for cell in cells if NUMBER.fullmatch(cell)]


def _is_time(cells: list[str]) -> bool:
    """Whether a column holds dates, or Unix times of 1973 to 2128 in seconds or milliseconds."""
    if is_numeric(cells):
        low, high = min(_numbers(cells)), max(_numbers(cells))
        return (low >= 1e8 and high < 5e9) or (low >= 1e11 and high < 5e12)
    filled = [cell for cell in cells if cell]
    return sum(bool(_DATE.match(cell)) for cell in filled) >= 0.9 * len(filled)


def _plain(name: str) -> str:
    """A name in lower case without accents, spaces and signs: ``User-ID`` and ``user_id`` are ``userid``."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if sign.isalnum())


_KNOWN = {role: tuple(_plain(name) for name in names.split()) for role, names in _NAMES.items()}
