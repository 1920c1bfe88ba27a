"""The guess a person is shown: which column holds what, and a preview to check it by."""

import pytest

from collabviz.errors import CollabVizError
from collabviz.sources.upload import Columns, Layout, guess

CASES = {
    "userId,movieId,rating,timestamp\n1,2,3.5,978300760\n": Columns(0, 1, 2, 3),
    "196\t242\t3\t881250949\n186\t302\t3\t891717742\n": Columns(0, 1, 2, 3),
    "1::1193::5::978300760\n1::661::3::978302109\n": Columns(0, 1, 2, 3),
    '"User-ID";"ISBN";"Book-Rating"\n"276725";"034545104X";"0"\n': Columns(0, 1, 2),
    "Nutzer;Titel;Bewertung;Datum\nann;Heat;3,5;31.12.2003\n": Columns(0, 1, 2, 3),
    "utilisateur,titre,note\nann,Heat,3\n": Columns(0, 1, 2),
    "пользователь,фильм,оценка\nann,Heat,3\n": Columns(0, 1, 2),
    "Usuario|Película|Puntuación\nann|Heat|3\n": Columns(0, 1, 2),
    "rating,timestamp,movie,user\n3,978300760,Heat,ann\n": Columns(3, 2, 0, 1),
    "user_id,movie_id,movie,stars\n1,7,Heat,3\n": Columns(0, 1, 3, title=2),
    "user,item_id,score,title,year,genres\n1,7,3,Heat,1995,Crime\n": Columns(0, 1, 2, title=3, year=4, genres=5),
    "name,movie,rating\nann,Heat,3\n": Columns(0, 1, 2),
    "movie_id,name,rating\n7,Heat,3\n": Columns(None, 1 - 1, 2, title=1),
    "Date,Name,Year,Rating\n2020-01-02,Heat,1995,4.5\n": Columns(None, 1, 3, 0, year=2),
    "ann,Heat,5\nbob,Ran,4\n": Columns(0, 1, 2),
    "Heat,5\nRan,4\n": Columns(None, 0, 1),
    "who,what,how much\nann,Heat,5\n": Columns(0, 1, 2),
    "1,7,3.5,80\n2,8,4.0,90\n": Columns(0, 1, 2),
    "1,7,5,2003-12-31\n2,8,4,2003-12-30 10:00\n": Columns(0, 1, 2, 3),
    "1,7,5,76561197970982479\n2,8,4,76561197970982480\n": Columns(0, 1, 2),
    "2003-12-31,Heat,5\n2003-12-30,Ran,4\n": Columns(None, 1, 2, 0),
    "123456789,7,5\n123456790,8,4\n": Columns(0, 1, 2),
    "user,movie,rating,release_date\n1,2,5,2003-12-31\n": Columns(0, 1, 2),
    "76561197970982479,10,5\n76561197970982480,20,4\n": Columns(0, 1, 2),
    "1,7,Heat,3\n2,8,Ran,5\n": Columns(0, 1, 3, title=2),
    ",userId,movieId,rating\n0,1,7,3\n": Columns(1, 2, 3),
    "user,movie,watched\n1,2,978300760\n": Columns(0, 1, None),
    "userId,movieId,tag,timestamp\n1,2,funny,978300760\n": Columns(0, 1, None, 3),
}


@pytest.mark.parametrize(("text", "columns"), CASES.items())
def test_columns_are_told_by_name_or_by_content(text, columns):
    assert guess(text.encode(), "f.csv").columns == columns


@pytest.mark.parametrize(
    ("text", "separator", "header", "decimal"),
    [
        ("ann;Heat;3,5\nbob;Ran;4,5\n", ";", False, ","),
        ('user,item,rating\nann,"Good, the Bad","3,5"\nann,Ran,4\n', ",", True, ","),
        ("ann,Comedy|Drama,5\nbob,Crime|War,4\n", ",", False, "."),
        ("ann,A|B|C|D|E|F,5\n" * 3 + "bob,A,4\nbob,A|B,3\n", ",", False, "."),
        ("ann,Heat,5\nbob,Ran,4\nbob,Good, the Bad, and the Ugly,3\nann,Ran,5\n", ",", False, "."),
        ("a;b;3,5\nc;d;4,0\ne;f\ng;h;1,0\ni;j;2,5\n", ";", False, ","),
        ("ann::Heat::5\nbob::Ran, the film::4\n", "::", False, "."),
        ("title,stars\nRating,4\nNote,5\n", ",", True, "."),
        ("Note,4\nHeat,5\n", ",", False, "."),
    ],
)
def test_separator_header_and_decimal_sign_are_told_from_the_rows(text, separator, header, decimal):
    assert guess(text.encode(), "f.csv").layout == Layout("utf-8", separator, header, decimal)


def test_the_preview_shows_the_first_rows_as_text_with_their_lines():
    rows = "".join(f"u{i},007,3\n\n" for i in range(30))
    seen = guess(f"user,item,rating,rating,\n{rows}x,1\n".encode(), "f.csv")
    assert seen.preview.shape == (20, 3)
    assert seen.names == ["user", "item", "rating"]
    assert seen.preview.index[:2].tolist() == [2, 4]
    assert seen.preview["item"].iloc[0] == "007"


def test_names_are_made_unique_and_made_up_where_blank():
    assert guess(b"user,rating,rating,\n1,2,3,4\n", "f.csv").names == [
        "user",
        "rating",
        "rating (column 3)",
        "column 4",
    ]


def test_a_short_row_in_the_preview_is_filled_with_blanks():
    assert guess(b"user,item,rating\n1,2,3\n1,2\n1,2,3,4\n2,3,4\n", "f.csv").preview.iloc[1].tolist() == ["1", "2", ""]


def test_the_notes_say_in_words_what_was_guessed():
    notes = guess("Jürgen;Heat;3,5\nann;Ran;4,5\n".encode("cp1252"), "f.csv").notes
    assert notes == (
        "Read as Windows-1252, separated by semicolon, without a header, decimal comma.",
        "Found user in column 1, item in column 2, rating in column 3.",
    )
    assert "all ratings are taken as one person's" in guess(b"movie,rating\nHeat,5\n", "f.csv").notes[-1]
    assert guess(b"user,movie\n1,Heat\n", "f.csv").notes[-1] == "No column of ratings could be found: choose it."


def test_columns_are_guessed_anew_for_a_layout_a_person_has_chosen():
    data = b"a;b;c,d,5\ne;f;g,h,4\n"
    chosen = Layout("utf-8", ";", header=False)
    seen = guess(data, "f.csv", chosen)
    assert seen.layout == chosen
    assert seen.preview.iloc[0].tolist() == ["a", "b", "c,d,5"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"just\nsome words\n", "has a single column: none of comma, semicolon, tab"),
        (b"user,movie" + b",x" * 300 + b"\n" + b"1,2" + b",5" * 300 + b"\n", "more likely a matrix"),
        (b"1" + b",2" * 200_000, "more likely a matrix"),
    ],
)
def test_what_is_no_list_of_ratings_is_refused(data, sentence):
    with pytest.raises(CollabVizError, match=sentence):
        guess(data, "f.csv")


def test_many_blank_lines_at_the_beginning_do_not_hide_the_table():
    seen = guess(b"\n" * 400_000 + b"user,movie,rating\nann,Heat,5\n", "f.csv")
    assert seen.preview.index.tolist() == [400_002]


@pytest.mark.parametrize("wrong", [{"encoding": "rot13"}, {"separator": " "}, {"decimal": "'"}])
def test_a_layout_that_does_not_exist_is_refused(wrong):
    with pytest.raises(CollabVizError, match=f"layout.{next(iter(wrong))} is "):
        Layout(**{"encoding": "utf-8", "separator": ",", "header": True, "decimal": "."} | wrong)
