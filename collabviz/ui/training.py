"""From a choice to a job in the queue."""

from typing import NoReturn

import streamlit as st

from collabviz.ratings import Ratings
from collabviz.ui import keys, links, services
from collabviz.ui.recipe_form import Choice
from collabviz.ui.uploads import is_upload


def submit(choice: Choice, ratings: Ratings) -> NoReturn:
    """Queue the training and make it the chosen run, which the URL then names."""
    job_id = services.job_queue().submit(
        choice.recipe,
        ratings,
        by_name=not is_upload(st.session_state[keys.DATA]),
        name=choice.name,
        seconds_per_epoch=choice.seconds_per_epoch,
    )
    links.choose(run=job_id)
