"""What a file comes to: ratings, and a line number and reason for every row that was set aside."""

import numpy as np
import pytest

from collabviz.errors import CollabVizError
from collabviz.ratings import RatingScale
from collabviz.sources.upload import Columns, Layout, guess, read, table

COMMA = Layout("utf-8", ",", header=True)
USER_ITEM_RATING = Columns(0, 1, 2)


def upload(text: str, layout: Layout = COMMA, columns: Columns = USER_ITEM_RATING, **more):
    return read(text.encode(), "my ratings.csv", layout, columns, **more)


def problems(result) -> list[tuple[int, str, str, str]]:
    return list(result.problems.itertuples(index=False, name=None))


MESSY = """user,movie,rating,when

ann,Heat,5,100
ann,"Good, the
Bad, ""and""
the Ugly",4,101
ann,Ran,,102
,Ran,3,103
bob,  ,3,104
bob,Ran,great,105
bob,Ran,"4,5",106
bob,Ran,inf,107
bob,Ran,NaN,108
bob,Ran,1e99,109
bob,Ran
bob,Good, the Bad,3,110
bob,"Heat,3,111
bob,Ran,3,soon
bob,Ran,3,

bob,Heat,1,200
bob,Heat,2,199
ann,Heat,4,100
bob,"Ran" Film,4,110
"""


def test_every_kind_of_problem_has_its_line_column_value_and_reason():
    result = upload(MESSY, columns=Columns(0, 1, 2, 3))
    unread = "To use such rows, read the file without times."
    assert problems(result) == [
        (
            3,
            "user, movie",
            "ann, Heat",
            "The same user rates the same item on line 23, further down; that one is kept.",
        ),
        (7, "rating", "", "No rating."),
        (8, "user", "", "No user."),
        (9, "movie", "", "No item."),
        (10, "rating", "great", "Not a number."),
        (11, "rating", "4,5", "Not a number with a decimal point; is it a decimal comma?"),
        (12, "rating", "inf", "Not a finite number."),
        (13, "rating", "NaN", "Not a finite number."),
        (14, "rating", "1e99", "Not a finite number."),
        (15, "", "bob,Ran", "Too few fields: 2 instead of 4."),
        (16, "", "bob,Good, the Bad,3,110", 'Too many fields: 5 instead of 4. Put a text that contains a comma in "".'),
        (17, "", 'bob,"Heat,3,111', "A quotation mark opens a field here, and none closes it."),
        (18, "when", "soon", f"Not a time that can be read. {unread}"),
        (19, "when", "", f"No time. {unread}"),
        (
            22,
            "user, movie",
            "bob, Heat",
            "The same user rates the same item on line 21, later in time; that one is kept.",
        ),
        (24, "", 'bob,"Ran" Film,4,110', "A quotation mark opens a field here, and none closes it."),
    ]
    assert result.ratings.rating.tolist() == [4, 1, 4]
    assert result.n_read == result.n_used + len(result.problems) == 19
    assert result.notes[0] == "16 of 19 rows were set aside." == result.ratings.note


def test_line_numbers_do_not_depend_on_the_kind_of_line_end():
    expected = problems(upload(MESSY))
    for line_end in ("\r\n", "\r"):
        assert problems(upload(MESSY.replace("\n", line_end))) == expected


def test_without_times_the_line_further_down_is_kept():
    result = upload("user,movie,rating\nann,Heat,5\nann,Ran,1\nann,Heat,3\nann,Heat,4\n")
    assert result.problems["line"].tolist() == [2, 4]
    assert result.problems["reason"].str.contains("on line 5, further down").all()
    assert result.ratings.rating.tolist() == [1, 4]


def test_one_person_may_not_rate_an_item_twice_in_a_list_without_users():
    result = upload("movie,rating\nHeat,5\nRan,1\nHeat,3\n", columns=Columns(item=0, rating=1))
    assert problems(result)[0][:3] == (2, "movie", "Heat")


def test_ratings_off_a_given_scale_are_set_aside():
    text = "user,movie,rating\nann,Heat,5\nann,Ran,55\nbob,Ran,0\nbob,Heat,1\nbob,Jaws,2\n"
    result = upload(text, scale=RatingScale(1, 6, 1))
    assert result.problems["reason"].tolist() == ["Not on the scale from 1 to 6."] * 2
    assert result.ratings.scale == RatingScale(1, 6, 1)
    assert upload(text).problems.empty


@pytest.mark.parametrize(
    ("texts", "scale"),
    [
        (["1", "3", "5"], RatingScale(1, 5, 1)),
        (["0,5", "3,5", "5"], RatingScale(0.5, 5, 0.5)),
        (["1", "9", "10"], RatingScale(1, 10, 1)),
        (["-10", "−9", "+10"], RatingScale(-10, 10, 1)),
        (["0", "47", "100"], RatingScale(0, 100, 1)),
    ],
)
def test_ratings_of_any_scale_are_read(texts, scale):
    rows = "\n".join(f"u{i};m{i};{text}" for i, text in enumerate(texts))
    result = upload(rows, Layout("utf-8", ";", header=False, decimal=","))
    expected = [float(text.replace(",", ".").replace("−", "-")) for text in texts]
    assert result.ratings.rating.tolist() == expected
    assert result.ratings.scale == scale


def test_items_are_told_apart_by_id_and_called_by_their_first_title():
    text = """user,id,rating,title,year,genres
ann,007,5,,,
bob,7,4,Heat (1995),,Crime
bob,007,3,Solaris (1972),x,Drama; SciFi
ann,8,2,,1999,
bob,9,1,Heat (1995),2001,
"""
    result = upload(text, columns=Columns(0, 1, 2, title=3, year=4, genres=5))
    items = result.ratings.items
    assert items["id"].tolist() == ["007", "7", "8", "9"]
    assert items["title"].tolist() == ["Solaris (1972)", "Heat (1995)", "8", "Heat (1995)"]
    assert items["year"].tolist() == [1972, 1995, 1999, 2001]
    assert items["year"].dtype == "Int16"
    assert items["genres"].tolist() == ["Drama|SciFi", "Crime", "", ""]
    assert result.notes == ("Items with the title of another: 1. They stay apart, for their ids differ.",)


def test_items_without_years_have_no_column_of_years_and_some_may_lack_one():
    text = "user,movie,rating\nann,Heat,5\nann,Ran{},4\n"
    assert list(upload(text.format("")).ratings.items) == ["title"]
    years = upload(text.format(" (1985)")).ratings.items["year"]
    assert years.isna().tolist() == [True, False]
    assert years[1] == 1985
    assert "year" not in upload(text.format(" (1234)")).ratings.items


def test_users_and_items_of_rows_set_aside_leave_no_trace():
    result = upload("user,movie,rating\nzed,Jaws,\nann,Heat,5\nbob,Ran,4\nann,Ran,3\n")
    assert result.ratings.users["id"].tolist() == ["ann", "bob"]
    assert result.ratings.items["title"].tolist() == ["Heat", "Ran"]
    assert result.ratings.user.tolist() == [0, 1, 0]
    assert result.ratings.item.tolist() == [0, 1, 1]


@pytest.mark.parametrize("columns", [USER_ITEM_RATING, Columns(None, 1, 2)])
def test_one_persons_list_is_said_to_be_one(columns):
    result = upload("user,movie,rating\nann,Heat,5\nann,Ran,4\n", columns=columns)
    assert result.single_user
    assert "one person's list" in result.notes[-1]
    assert result.ratings.users["id"].tolist() == (["ann"] if columns.user == 0 else ["you"])
    assert not upload("user,movie,rating\nann,Heat,5\nbob,Ran,4\n").single_user


def test_times_that_cannot_be_read_at_all_are_left_out_with_a_note():
    result = upload("user,movie,rating,when\nann,Heat,5,soon\nbob,Ran,4,later\n", columns=Columns(0, 1, 2, 3))
    assert result.ratings.time is None
    assert result.problems.empty
    assert result.notes == ("No time in the column when can be read, so the ratings are used without times.",)


def test_times_are_kept_beside_their_ratings_and_doubts_about_them_are_noted():
    layout = Layout("utf-8", ",", header=True, day_first=True)
    text = "user,movie,rating,when\nann,Heat,x,01/01/2003\nann,Heat,5,01/02/2003\nbob,Ran,4,02/02/2003\n"
    result = upload(text, layout, Columns(0, 1, 2, 3))
    assert result.ratings.time.astype("datetime64[s]").astype(str).tolist() == [
        "2003-02-01T00:00:00",
        "2003-02-02T00:00:00",
    ]
    assert any("day/month" in note for note in upload(text, columns=Columns(0, 1, 2, 3)).notes)


@pytest.mark.parametrize(
    ("text", "columns", "sentence"),
    [
        ("user,movie,rating\n", USER_ITEM_RATING, "has a header and no rows"),
        ("user,movie,rating\nann,Heat,5\nbob,Heat,4\n", USER_ITEM_RATING, "rates a single item, 'Heat'"),
        ("user,movie\nann,Heat\n", Columns(0, 1), "has no column of ratings that could be found among user, movie"),
        ("user,rating\nann,5\n", Columns(0, None, 1), "has no column of items"),
        ("user,movie,rating\nann,Heat,5\n", Columns(0, 1, 1), "movie .* is chosen both as item and as rating"),
        ("user,movie,rating\nann,Heat,5\n", Columns(0, 1, 9), "columns.rating is 9, but .* has 3 columns"),
        ("user,movie,rating\nann,Heat,\n", USER_ITEM_RATING, "line 2, column rating, '': No rating"),
        ('user,movie,rating\nann,"Heat,5\n', USER_ITEM_RATING, "No row of my ratings.csv can be used .* line 2, "),
    ],
)
def test_what_gives_no_ratings_is_refused_in_a_sentence(text, columns, sentence):
    with pytest.raises(CollabVizError, match=sentence):
        upload(text, columns=columns)


def test_a_row_too_long_to_be_one_is_set_aside_and_shown_short():
    result = upload("user,movie,rating\nann," + "x" * 100_000 + ",5\nann,Heat,5\nbob,Ran,4\n")
    assert result.problems["reason"].tolist() == ["Too long: more than 100,000 bytes."]
    assert len(result.problems["value"][0]) < 250


@pytest.mark.parametrize("name", ["C:\\lists\\mine.csv", "lists/mine.tsv.gz", "mine.zip", "mine"])
def test_ratings_are_named_after_the_file(name):
    seen = guess(b"ann,Heat,5\nbob,Ran,4\n", name)
    assert read(b"ann,Heat,5\nbob,Ran,4\n", name, seen.layout, seen.columns).ratings.name == "mine"


def test_titles_are_plain_text_whatever_they_look_like():
    title = "=HYPERLINK(1)<script>alert(1)</script>{{7*7}}"
    assert upload(f"user,movie,rating\nann,{title},5\nann,Ran,4\n").ratings.items["title"][0] == title


def test_a_line_end_in_quotes_may_lie_where_two_blocks_of_the_bulk_reader_meet(monkeypatch):
    monkeypatch.setattr(table, "_BLOCK_BYTES", 100)
    text = "user,movie,rating\n" + "".join(f'u{i},"Part\n\n{i}",{i % 5 + 1}\n' for i in range(200))
    assert upload(text).ratings.items["title"].tolist() == [f"Part\n\n{i}" for i in range(200)]


def test_a_long_file_with_one_broken_line_in_the_middle_is_read_but_for_that_line():
    lines = [f'u{i % 300},"m, {i}",{i % 5 + 1}' for i in range(20_000)]
    lines[12_345] = 'u1,"broken,3'
    result = upload("user,movie,rating\n" + "\n".join(lines))
    assert result.problems["line"].tolist() == [12_347]
    assert np.array_equal(result.ratings.rating, np.delete(np.arange(20_000) % 5 + 1, 12_345))
