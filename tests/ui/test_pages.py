"""Every page by Streamlit's own test driver: what it shows, and how its controls hang together."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from collabviz.ratings import Ratings
from collabviz.sources.bundle import write_bundle
from collabviz.ui import services

ROOT = Path(__file__).parents[2]
PAGES = sorted(page.name for page in (ROOT / "pages").glob("*.py"))


@pytest.fixture
def app(home: Path, small: Ratings) -> Iterator[AppTest]:
    """The app on a small set of kept ratings, with a queue of its own."""
    (home / "datasets").mkdir(exist_ok=True)
    write_bundle(small, home / "datasets" / f"{small.name}-kept.ratings")
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.query_params["data"] = f"{small.name}-kept"
    yield test.run()
    services.job_queue.clear()  # lets its workers go


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_a_title_and_a_sentence(app: AppTest, page: str) -> None:
    app.switch_page(f"pages/{page}").run()
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    assert app.markdown[0].value.endswith(".")


def test_what_is_chosen_travels_to_the_next_page(app: AppTest, small: Ratings) -> None:
    app.switch_page("pages/dataset.py").run()
    assert app.query_params["data"] == f"{small.name}-kept"
    assert app.metric[2].value == f"{len(small):,}"


def test_a_change_of_model_starts_its_settings_anew(app: AppTest) -> None:
    app.switch_page("pages/train.py").run()
    app.number_input(key="lr").set_value(0.05).run()
    app.number_input(key="n_factors").set_value(7).run()
    assert app.number_input(key="n_factors").value == 7
    app.selectbox(key="model").select("Dot product with a range").run()
    assert app.number_input(key="lr").value == 0.005
    assert app.number_input(key="n_factors").value == 50


def test_the_sizes_of_a_model_are_its_own(app: AppTest) -> None:
    app.switch_page("pages/train.py").run()
    app.selectbox(key="model").select("Neural network").run()
    assert app.number_input(key="user_size").value == 23  # min(600, round(1.6 * 121 ** 0.56))
    assert app.number_input(key="n_hidden").value == 100
    assert not [box for box in app.number_input if box.key == "n_factors"]


def test_a_setting_that_cannot_be_gets_its_sentence(app: AppTest) -> None:
    app.switch_page("pages/train.py").run()
    app.text_input(key="y_range").set_value("five").run()
    assert not app.exception
    assert "two numbers with a comma between them" in app.error[0].value.replace("\\", "")


def test_the_crosstab_has_the_size_one_asks_for(app: AppTest) -> None:
    app.switch_page("pages/dataset.py").run()
    app.button_group(key="size").set_value(25).run()
    assert not app.exception
    heatmap = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert len(heatmap["layout"]["xaxis"]["ticktext"]) == 25


def test_ratings_that_nobody_knows_get_their_sentence(home: Path) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["data"] = "ml-1000k"
    app.run()
    assert not app.exception
    assert "Did you mean" in app.error[0].value
