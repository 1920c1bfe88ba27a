"""The views of a set of ratings, each with its table and how to read it."""

import pandas as pd
import streamlit as st

from collabviz.analysis import dataset as analysis
from collabviz.analysis.dataset import Crosstab, Overview
from collabviz.charts import dataset as charts
from collabviz.ratings import FloatArray, IntArray, Ratings, SplitSpec, split_ratings
from collabviz.runs import Run
from collabviz.sources.catalogue import title_of
from collabviz.ui import show
from collabviz.ui.cached import of_ratings
from collabviz.ui.show import literal

_SIZES = (10, 15, 25, 40)


def in_words(ratings: Ratings, facts: Overview) -> str:
    """One line on the ratings: their scale, their middle, their days."""
    days = f" They were given from {facts.first_day:%d %B %Y} to {facts.last_day:%d %B %Y}." if facts.first_day else ""
    return (
        f"{literal(title_of(ratings.name))}: ratings from {ratings.scale.min:g} to {ratings.scale.max:g} in steps of "
        f"{ratings.scale.step:g}, {facts.mean_rating:.2f} on average. The median user rated "
        f"{facts.median_per_user:,.0f} items, the median item has {facts.median_per_item:,.0f} ratings.{days}"
    )


def crosstab(ratings: Ratings, run: Run | None) -> None:
    """The chapter's table: the most active users by the most rated items, its blanks visible or filled in."""
    fits = run is not None and run.fingerprint == ratings.fingerprint
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        size = st.segmented_control(
            "Users and items", _SIZES, default=15, required=True, key="size", bind="query-params"
        )
        filled = st.toggle(
            "Fill in the blanks",
            key="fill",
            bind="query-params",
            disabled=not fits,
            help="With the predictions of the chosen run." if fits else "Train a model on these ratings first.",
        )
    table = of_ratings(analysis.crosstab, ratings, size, size)
    predicted = analysis.fill(table, run.predictions()) if run and fits and filled else None
    show.chart(
        charts.crosstab(table, predicted), key="crosstab", alt="Ratings of the most active users and most rated items"
    )
    show.download(_long(table, predicted), "crosstab.csv")
    _how_to_read(
        "Each row is a user, each column an item; the most active and the most rated come first. A tile is a rating "
        "somebody gave, a bare cell a rating nobody gave. These blanks are what a model learns to fill in. "
        "Filled in, a disc with ≈ is what the chosen run predicts there: never a real rating."
    )


def histogram(ratings: Ratings) -> None:
    """How often each rating was given."""
    frame = of_ratings(analysis.rating_histogram, ratings)
    show.chart(charts.histogram(frame), key="histogram", alt="How often each rating was given")
    show.download(frame, "ratings-given.csv")
    _how_to_read(
        "People rate what they chose to see, so high ratings are common. A model that always predicted the mean, "
        f"{ratings.rating.mean():.2f}, would have a mean squared error of {ratings.rating.var():.3f}: the variance of "
        "these ratings, and the figure every model has to beat."
    )


def long_tails(ratings: Ratings) -> None:
    """A few items have most of the ratings, and so have a few users."""
    side = st.segmented_control("Of", ["Items", "Users"], default="Items", required=True, key="of", bind="query-params")
    tail = of_ratings(analysis.long_tail, ratings, "user" if side == "Users" else "item")
    st.markdown(tail.fact)
    show.chart(charts.long_tail(tail), key="long-tail", alt="Number of ratings by rank")
    show.download(pd.DataFrame({"rank": tail.rank, "ratings": tail.count}), "long-tail.csv")
    _how_to_read(
        "Both axes are logarithmic: each step is ten times as many. An item far to the right has a handful of ratings, "
        "and whatever a model says of it rests on them."
    )


def over_time(ratings: Ratings) -> None:
    """When the ratings were given, and how generous people were."""
    times = of_ratings(analysis.ratings_over_time, ratings)
    if times is None:
        st.info("These ratings have no times that can be read as dates.", icon=":material/schedule:")
        return
    show.chart(charts.over_time(times), key="over-time", alt="Ratings and their mean over time")
    show.download(times.frame, "ratings-over-time.csv")
    _how_to_read("Above, how many ratings were given; below, their mean. Days are in UTC.")


def sample_batch(ratings: Ratings) -> None:
    """A few ratings as a model meets them, like fastai's ``show_batch``."""
    draw = st.session_state.setdefault("draw", 0)
    frame = analysis.sample_batch(ratings, of_ratings(_training_rows, ratings), size=10, seed=draw)
    st.dataframe(frame, hide_index=True, alt="Ten ratings out of the training part")
    if st.button("Another batch", icon=":material/casino:"):
        st.session_state["draw"] = draw + 1
        st.rerun()
    _how_to_read(
        "A batch is what the model sees at each step: who, what, and the rating to predict. The model gets the first "
        "two as numbers, the rows of its tables of factors."
    )


def _training_rows(ratings: Ratings) -> IntArray:
    return split_ratings(ratings, SplitSpec()).train


def _long(table: Crosstab, predicted: FloatArray | None) -> pd.DataFrame:
    """The crosstab as one row a cell: user, title, rating, and the prediction where there is one."""
    frame = pd.DataFrame(
        {
            "user": pd.Series(table.user_labels).repeat(len(table.item_labels)).to_numpy(),
            "title": table.item_labels * len(table.user_labels),
            "rating": table.rating.ravel(),
        }
    )
    return frame if predicted is None else frame.assign(prediction=predicted.ravel())


def _how_to_read(text: str) -> None:
    with st.expander("How to read this", icon=":material/menu_book:"):
        st.markdown(text)
