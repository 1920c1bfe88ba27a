"""What the ratings look like, and where they come from."""

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

crosstab, given, tail, times, batch = st.tabs(["Crosstab", "Ratings given", "Long tail", "Over time", "Sample batch"])
with crosstab:
    dataset_panel.crosstab(ratings, chosen.run())
with given:
    dataset_panel.histogram(ratings)
with tail:
    dataset_panel.long_tails(ratings)
with times:
    dataset_panel.over_time(ratings)
with batch:
    dataset_panel.sample_batch(ratings)
