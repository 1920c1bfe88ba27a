"""The first minute: a fresh machine, a link from a friend, no network."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from collabviz.ratings import Ratings
from tests.browser.conftest import Server
from tests.browser.pages import App

pytestmark = [pytest.mark.browser, pytest.mark.movielens]

OpenPage = Callable[[str], Page]
Serve = Callable[..., Server]

# Where nothing listens: every way out of the machine ends here.
NOWHERE = "http://127.0.0.1:9"
NO_NETWORK = {
    "HTTP_PROXY": NOWHERE,
    "HTTPS_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "https_proxy": NOWHERE,
    "NO_PROXY": "localhost",
    "no_proxy": "localhost",
    "PIP_INDEX_URL": NOWHERE,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_CONFIG_FILE": "/dev/null",
}


def test_a_stranger_trains_the_default_model_with_one_button(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(server.url))
    expect(app.figure("Ratings")).to_have_text("100,000")
    app.begin("Train the default model")
    app.wait_until_trained()
    assert float(app.figure("Validation MSE").inner_text()) < 0.82
    expect(app.page.get_by_role("link", name="Choose another model")).to_be_visible()


def test_the_first_visitor_may_come_by_a_link_to_a_page(serve: Serve, movielens: Ratings, open_page: OpenPage) -> None:
    server = serve(movielens)
    app = App(open_page(f"{server.url}/train"))
    expect(app.heading).to_have_text("Train")
    expect(app.button("Train")).to_be_visible()
    links = app.page.get_by_test_id("stSidebarNav").get_by_role("link")
    expect(links).to_have_count(3)
    assert [link.split()[-1] for link in links.all_inner_texts()] == ["Start", "Dataset", "Train"]


def test_without_a_network_the_app_opens_on_made_up_ratings_and_says_so(serve: Serve, open_page: OpenPage) -> None:
    server = serve(**NO_NETWORK)
    app = App(open_page(server.url))
    expect(app.page.get_by_text("These ratings are made up")).to_be_visible(timeout=60_000)
    expect(app.page.get_by_text("MovieLens 100K could not be fetched")).to_be_visible()
    app.begin("Train the default model")
    app.wait_until_trained()


def test_the_web_process_maps_neither_torch_nor_scikit_learn(
    serve: Serve, movielens: Ratings, open_page: OpenPage
) -> None:
    server = serve(movielens)
    app = App(open_page(server.url))
    for page in ("Dataset", "Train"):
        app.page.get_by_test_id("stSidebarNav").get_by_role("link", name=page).click()
        expect(app.heading).to_have_text(page)
    app.begin()
    app.wait_until_trained()
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text(encoding="utf-8")
    assert "pandas" in mapped
    assert "libtorch" not in mapped
    assert "sklearn" not in mapped


def test_an_id_that_is_no_run_changes_nothing(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?run=../../etc/passwd&data=ml-100k&epochs=-3&model=nonsense"))
    expect(app.heading).to_have_text("Train")
    expect(app.button("Train")).to_be_visible()
    expect(app.page.get_by_text("There is no run")).to_be_visible()


def test_ratings_nobody_knows_get_their_sentence(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/dataset?data=ml-100"))
    expect(app.page.get_by_role("alert")).to_contain_text("Did you mean ml-100k?")
