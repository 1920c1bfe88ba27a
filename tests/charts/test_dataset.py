"""Figures of ratings: what is drawn, read from the figure."""

import base64
import json

import numpy as np
import pandas as pd
import pytest

from collabviz.analysis.dataset import Crosstab, LongTail, OverTime
from collabviz.charts import dataset as charts
from collabviz.charts import theme
from collabviz.ratings import RatingScale

NAN = np.nan


def table(n_users: int = 2, n_items: int = 3) -> Crosstab:
    rating = np.full((n_users, n_items), NAN, dtype=np.float32)
    rating[0, :2] = 5, 3.5
    return Crosstab(
        user=np.arange(n_users, dtype=np.int32),
        item=np.arange(n_items, dtype=np.int32),
        user_labels=[f"u<{code}>" for code in range(n_users)],
        item_labels=["Tom & Jerry <b>", *["Twice (1990)"] * (n_items - 1)],
        rating=rating,
        scale=RatingScale(0.5, 5, 0.5),
    )


def predicted() -> np.ndarray:
    return np.array([[NAN, NAN, 4.04], [1.26, NAN, NAN]], dtype=np.float32)


def test_a_histogram_shows_every_level_of_a_short_scale():
    figure = charts.histogram(pd.DataFrame({"rating": [1.0, 2.0, 3.0], "count": [5, 0, 1], "share": [5 / 6, 0, 1 / 6]}))
    assert figure.data[0].y.tolist() == [5, 0, 1]
    assert figure.layout.xaxis.tickvals.tolist() == [1, 2, 3]
    assert figure.layout.xaxis.title.text == "rating"


def test_a_histogram_of_a_hundred_levels_leaves_the_ticks_to_plotly():
    level = np.arange(101.0)
    figure = charts.histogram(pd.DataFrame({"rating": level, "count": level, "share": level / level.sum()}))
    assert figure.layout.xaxis.tickvals is None


def test_the_long_tail_is_log_log_and_fills_the_top_tenth_only():
    rank = np.arange(1, 21)
    tail = LongTail("item", 20, rank, 40 // rank, np.linspace(0.2, 1, 20), 2, 0.4)
    figure = charts.long_tail(tail)
    _, filled, curve = figure.data
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    assert filled.x.tolist() == [1, 2]
    assert curve.y.tolist() == tail.count.tolist()
    assert "title" in figure.layout.xaxis.title.text


def test_a_long_tail_of_one_is_still_visible():
    one = np.array([1])
    assert charts.long_tail(LongTail("user", 1, one, one, np.ones(1), 1, 1.0)).data[-1].mode == "markers"


def test_counts_and_means_share_the_time_axis_but_not_the_panel():
    start = pd.date_range("1997-09-20", periods=3, freq="W")
    figure = charts.over_time(
        OverTime("week", pd.DataFrame({"start": start, "count": [3, 0, 1], "mean_rating": [3.5, NAN, 4]}))
    )
    count, mean = figure.data
    assert (count.yaxis, mean.yaxis) == (None, "y2")
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]
    assert "a week" in figure.layout.yaxis.title.text


def test_blanks_are_a_layer_of_their_own_outside_the_colours_of_ratings():
    blank, rated = charts.crosstab(table()).data
    np.testing.assert_array_equal(np.isnan(blank.z), ~np.isnan(rated.z))
    assert {colour for _, colour in blank.colorscale} == {theme.BLANK}
    assert (rated.coloraxis, rated.z.dtype) == ("coloraxis", np.float32)


def test_the_colours_span_the_scale_and_not_what_happens_to_be_in_sight():
    axis = charts.crosstab(table()).layout.coloraxis
    assert (axis.cmin, axis.cmax) == (0.5, 5)


def test_predictions_differ_from_ratings_in_shape_and_type_and_lie_on_blanks():
    figure = charts.crosstab(table(), predicted())
    rated, discs = figure.data[1:]
    assert (rated.type, discs.type) == ("heatmap", "scatter")
    assert list(zip(discs.x, discs.y, discs.text, strict=True)) == [(2, 0, "<i>≈4.0</i>"), (0, 1, "<i>≈1.3</i>")]
    assert discs.marker.color.tolist() == pytest.approx([4.04, 1.26])
    assert discs.marker.coloraxis == rated.coloraxis
    assert "prediction" in figure.layout.annotations[0].text
    np.testing.assert_array_equal(rated.z, table().rating)


def test_without_predictions_nothing_speaks_of_them():
    figure = charts.crosstab(table())
    assert not figure.layout.annotations
    assert "predict" not in figure.to_json()


def test_the_hover_says_who_what_and_whether_it_is_real():
    texts = charts.crosstab(table(), predicted()).data[0].hovertext
    assert texts[0, 0] == "<b>Tom &amp; Jerry &lt;b&gt;</b><br>user u&lt;0&gt;<br>rated 5"
    assert texts[0, 1].endswith("rated 3.5")
    assert texts[0, 2].endswith("not rated, predicted 4.04")
    assert texts[1, 1].endswith("not rated")


def test_titles_on_the_axis_are_escaped_and_equal_ones_stay_two():
    axis = charts.crosstab(table()).layout.xaxis
    assert axis.ticktext[0] == "Tom &amp; Jerry &lt;b&gt;"
    assert axis.tickvals.tolist() == [0, 1, 2]


def test_numbers_go_when_the_cells_get_too_small():
    assert charts.crosstab(table(25, 25)).data[1].texttemplate is not None
    big = np.full((26, 26), 3, dtype=np.float32)
    _, rated, discs = charts.crosstab(table(26, 26), big).data
    assert rated.texttemplate is None
    assert discs.mode == "markers"


def test_the_crosstab_is_at_least_as_high_as_a_main_figure():
    assert charts.crosstab(table()).layout.height == theme.MAIN_HEIGHT
    assert charts.crosstab(table(25, 3)).layout.height > theme.MAIN_HEIGHT


def test_numbers_travel_as_typed_arrays():
    z = json.loads(charts.crosstab(table()).to_json())["data"][1]["z"]
    assert z["dtype"] == "f4"
    assert len(base64.b64decode(z["bdata"])) == 4 * 6
