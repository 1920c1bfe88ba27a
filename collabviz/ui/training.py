"""From a choice to a job in the queue."""

from typing import NoReturn

import streamlit as st

from collabviz.ratings import Ratings
from collabviz.ui import keys, links, services
from collabviz.ui.recipe_form import Choice
from collabviz.ui.uploads import is_upload


def submit(choice: Choice, ratings: Ratings) -> NoReturn:
    """Queue the training and make it the chosen run, which the URL then names."""
    own = ratings if is_upload(st.session_state[keys.DATA]) else None
    queue = services.job_queue()
    links.choose(run=queue.submit(choice.recipe, own, name=choice.name, seconds_per_epoch=choice.seconds_per_epoch))
