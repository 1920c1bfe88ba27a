"""What the ratings look like, and where they come from."""

from collections.abc import Callable

import streamlit as st

from collabviz.analysis.dataset import overview
from collabviz.ui import chosen, dataset_panel, frame, show, sources_panel, upload_form
from collabviz.ui.cached import of_ratings

frame.heading(
    "Dataset",
    "Who rated what: the table every model starts from. Most of it is blank, and that is what a model fills in.",
)

view = sources_panel.pick_view()
if view == sources_panel.OWN_FILE:
    upload_form.upload()
    st.stop()
if view == sources_panel.OTHER_SETS:
    sources_panel.others()
    st.stop()

ratings = chosen.ratings()
facts = of_ratings(overview, ratings)
show.figures(
    {
        "Users": f"{facts.n_users:,}",
        "Items": f"{facts.n_items:,}",
        "Ratings": f"{facts.n_ratings:,}",
        "Density": f"{facts.density:.2%}",
    },
    helps={"Density": "The share of all pairs of a user and an item that have a rating."},
)
st.caption(dataset_panel.in_words(ratings, facts))
chosen.note(ratings)

views: dict[str, Callable[[], None]] = {
    "Crosstab": lambda: dataset_panel.crosstab(ratings, chosen.run()),
    "Ratings given": lambda: dataset_panel.histogram(ratings),
    "Long tail": lambda: dataset_panel.long_tails(ratings),
    "Over time": lambda: dataset_panel.over_time(ratings),
    "Sample batch": lambda: dataset_panel.sample_batch(ratings),
}
tabs = st.tabs(list(views), key="tab", on_change="rerun", bind="query-params")
for tab, draw in zip(tabs, views.values(), strict=True):
    if tab.open:
        with tab:
            draw()
