"""Train a model and watch it learn."""

import streamlit as st

from collabviz.charts.theme import MAIN_HEIGHT
from collabviz.ui import chosen, frame, live, recipe_form, run_panel, training

frame.heading("Train", "Choose a model and a recipe, press Train, and watch the loss fall.")

ratings = chosen.ratings()
controls = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
with controls:
    start = recipe_form.model_and_preset(ratings)
choice = recipe_form.more(ratings, start)
with controls:
    recipe_form.architecture(ratings, choice.recipe if choice else start)
    pressed = st.button("Train", type="primary", icon=":material/play_arrow:", disabled=choice is None)
    if pressed and choice:
        training.submit(choice, ratings)

job, run = chosen.job(), chosen.run()
if job and job.active:
    main_figure = st.container()
    others = run_panel.pick_others(job.id)
    with main_figure:
        live.watch(job.id, run_panel.curves(others), height=MAIN_HEIGHT)
elif run:
    run_panel.headline(run, ratings)
    main_figure = st.container()
    others = run_panel.pick_others(run.id)
    with main_figure:
        run_panel.loss_chart([run, *others])
    if others:
        run_panel.comparison([run, *others])
    run_panel.details(run)
    run_panel.keep_or_delete(run)
elif job:
    live.ended(job)
else:
    st.info("Nothing has been trained yet. Press Train: five epochs take a few seconds.", icon=":material/info:")
run_panel.damaged()

with st.expander("How to read this", icon=":material/menu_book:"):
    st.markdown(
        "**Loss** is the mean squared error: the average of (predicted rating − given rating)². "
        "The *training* loss is measured on the ratings the model learns from, the *validation* loss on ratings held "
        "out. While both fall the model learns; when training falls and validation rises it **overfits**: it "
        "remembers instead of understanding. **Weight decay** (wd) pulls every weight towards zero at each step, "
        r"$w \leftarrow w\,(1 - \mathrm{lr} \cdot \mathrm{wd})$, and so keeps it from remembering."
    )
