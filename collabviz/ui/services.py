"""What all sessions of one server share."""

import streamlit as st

from collabviz.jobs.loading import Loader
from collabviz.jobs.queue import JobQueue
from collabviz.runs import RunStore
from collabviz.ui.uploads import Uploads


@st.cache_resource(show_spinner=False)
def run_store() -> RunStore:
    """Where runs are kept."""
    return RunStore()


@st.cache_resource(show_spinner=False, on_release=JobQueue.close)
def job_queue() -> JobQueue:
    """The queue and its warm workers."""
    return JobQueue(run_store())


@st.cache_resource(show_spinner=False)
def loader() -> Loader:
    """Ratings by name, loaded once for everybody."""
    return Loader()


@st.cache_resource(show_spinner=False)
def uploads() -> Uploads:
    """Ratings that people have uploaded."""
    return Uploads()
