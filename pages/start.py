"""Where one begins: what this is, what is loaded, and one button."""

import streamlit as st

from collabviz.analysis.dataset import overview
from collabviz.charts.theme import SECONDARY_HEIGHT
from collabviz.sources.catalogue import title_of
from collabviz.ui import chosen, frame, live, recipe_form, run_panel, show, training
from collabviz.ui.cached import of_ratings
from collabviz.ui.show import literal

frame.heading(
    "CollabViz",
    "Train a model on who liked what, watch it learn, and look into what it has learned. "
    "It fills in the ratings nobody gave, by describing every user and every item with a few numbers of its own.",
)

ratings = chosen.ratings()
facts = of_ratings(overview, ratings)
show.figures(
    {
        "Ratings": f"{facts.n_ratings:,}",
        "Users": f"{facts.n_users:,}",
        "Items": f"{facts.n_items:,}",
        "Density": f"{facts.density:.2%}",
    },
    helps={"Density": "The share of all pairs of a user and an item that have a rating. The model predicts the rest."},
)
st.caption(f"Loaded: {literal(title_of(ratings.name))}.")
chosen.note(ratings)

job, run = chosen.job(), chosen.run()
busy = job is not None and job.active
with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("Train the default model", type="primary", icon=":material/play_arrow:", disabled=busy):
        training.submit(recipe_form.default_choice(ratings), ratings)
    st.page_link("pages/dataset.py", label="Look at the ratings", icon=":material/table_chart:")
    st.page_link("pages/train.py", label="Choose another model", icon=":material/model_training:")

if job and job.active:
    live.watch(job.id, [], height=SECONDARY_HEIGHT)
elif run:
    st.subheader(f"The chosen run: {literal(run.name)}, on {literal(title_of(run.dataset))}")
    run_panel.headline(run, ratings)
    run_panel.loss_chart([run], height=SECONDARY_HEIGHT)
elif job:
    live.ended(job)
else:
    st.caption("It takes about a second: a dot product with biases, five times through the ratings.")
