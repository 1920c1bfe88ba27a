"""Ratings, chosen and brought along by a person in a browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.pages import App
from tests.sources.archives import write_100k, zipped

pytestmark = [pytest.mark.browser, pytest.mark.movielens]

OpenPage = Callable[[str], Page]


def messy_table() -> bytes:
    """Semicolons, decimal commas, Windows-1252, a column of scores that is not the rating, and four bad rows."""
    lines = ["Punkte;Wer;Was;Wertung"]
    for user in range(30):
        lines += [f"{user % 7};Nr {user};Brücke {item};{1 + (user + item) % 4},5" for item in range(user % 3, 30, 2)]
    lines += ["1;Nr 1;;4,5", "1;Nr 2;Brücke 2;sehr gut", "1;Nr 3;Brücke 1;2,5;zu viel", "1;Nr 4;Brücke 5"]
    return "\r\n".join(lines).encode("cp1252")


def test_a_messy_table_is_read_mended_and_trained_on(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/dataset"))
    app.view("Your own file")
    app.upload("messy.csv", messy_table())
    expect(app.page.get_by_text("Read as Windows-1252, separated by semicolon")).to_be_visible()
    expect(app.table("Rows set aside, with the reason")).to_be_visible()
    expect(app.figure("Usable rows")).to_contain_text("440 of 444")
    app.choose("Rating", "Punkte")
    expect(app.figure("Scale")).to_contain_text("0 to")
    app.choose("Rating", "Wertung")
    expect(app.figure("Scale")).to_have_text("0.5 to 5")
    app.button("Use the 440 good rows").click()
    expect(app.figure("Users")).to_have_text("30")

    app.page.get_by_role("link", name="Train").click()
    app.view("fast")
    app.begin()
    app.wait_until_trained()
    expect(app.box("Ratings")).to_have_value("messy (uploaded)")
    app.page.reload()
    expect(app.box("Ratings")).to_have_value("messy (uploaded)")
    expect(app.final_curve).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(64), "PNG"),
        ("empty.csv", b"", "empty"),
        ("words.csv", b"user,item,comment\nanna,Alien,good\nben,Heat,bad\n", "no column of ratings"),
    ],
)
def test_a_wrong_file_gets_its_sentence(
    server: Server, open_page: OpenPage, name: str, content: bytes, sentence: str
) -> None:
    app = App(open_page(f"{server.url}/dataset"))
    app.view("Your own file")
    app.upload(name, content)
    alert = app.page.get_by_role("alert")
    expect(alert).to_contain_text(name)
    expect(alert).to_contain_text(sentence)
    expect(app.page.get_by_role("button", name=re.compile("^Use "))).to_have_count(0)


def test_one_persons_list_is_kept_aside(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/dataset"))
    app.view("Your own file")
    app.upload("mine.csv", b"Title,Rating\nAlien,5\nHeat,4\nFargo,3\n")
    expect(app.page.get_by_text("one person's ratings")).to_be_visible()


def test_the_blanks_of_the_crosstab_are_filled_in(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?recipe=fast"))
    app.begin()
    app.wait_until_trained()
    app.page.get_by_role("link", name="Dataset").click()
    expect(app.final_curve).to_be_visible()
    expect(app.final_curve).not_to_contain_text(re.compile(r"≈\d"))
    app.page.get_by_text("Fill in the blanks").click()
    expect(app.final_curve).to_contain_text(re.compile(r"≈\d"))
    app.page.reload()
    expect(app.final_curve).to_contain_text(re.compile(r"≈\d"))


def test_kept_ratings_are_there_for_the_next_session(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/dataset"))
    app.view("Your own file")
    app.upload("kept.csv", messy_table())
    app.page.get_by_text("Keep them on this machine").click()
    app.settle()
    app.button("Use the 440 good rows").click()
    expect(app.figure("Users")).to_have_text("30")
    other = App(open_page(f"{server.url}/dataset"))
    other.view("Other ratings")
    expect(other.page.get_by_text("kept-", exact=False).first).to_be_visible()
    other.button("Delete").click()
    other.button("Delete for good").click()
    expect(other.button("Delete")).to_have_count(0)


def test_a_larger_set_is_not_fetched_by_a_link_alone(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/dataset?data=ml-1m"))
    expect(app.button("Fetch it from GroupLens")).to_be_visible()


def test_an_archive_of_movielens_can_be_dropped_on_the_page(
    server: Server, open_page: OpenPage, tmp_path: Path
) -> None:
    app = App(open_page(f"{server.url}/dataset"))
    app.view("Your own file")
    app.upload("ml-100k.zip", zipped(write_100k(tmp_path / "ml-100k")).read_bytes())
    app.button("Use these ratings").click()
    expect(app.box("Ratings")).to_have_value("ml-100k (uploaded)")
