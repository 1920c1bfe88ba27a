"""What is chosen in the frame, for the pages: ratings and run."""

import streamlit as st

from collabviz.errors import CollabVizError
from collabviz.jobs.loading import Loading
from collabviz.jobs.queue import Job
from collabviz.ratings import Ratings
from collabviz.runs import Run
from collabviz.ui import keys, services
from collabviz.ui.show import literal
from collabviz.ui.uploads import is_upload

# A cached data set is there sooner than this; only slower ones show how far they are.
PATIENCE_SECONDS = 0.4


def ratings() -> Ratings:
    """The chosen ratings; while they are fetched the page shows how far that is, and ends here."""
    name = st.session_state[keys.DATA]
    if is_upload(name):
        uploaded = services.uploads().get(name)
        if uploaded is None:
            raise CollabVizError("These uploaded ratings are gone: the server was restarted. Upload the file again.")
        return uploaded
    loading = services.loader().get(name)
    loading.finished.wait(PATIENCE_SECONDS)
    if loading.ratings is not None:
        services.job_queue().prepare(loading.ratings.name)
        return loading.ratings
    if loading.error:
        _show_failure(name, loading.error)
    else:
        _show_loading(name, loading)
    st.stop()


def job() -> Job | None:
    """The job behind the chosen run, as the queue remembers it."""
    run_id = st.session_state.get(keys.RUN)
    return services.job_queue().get(run_id) if run_id else None


def run() -> Run | None:
    """The chosen run; None when there is none, or it is still being trained."""
    run_id = st.session_state.get(keys.RUN)
    if run_id is None or services.job_queue().is_active(run_id):
        return None
    try:
        return services.run_store().get(run_id)
    except CollabVizError:
        return None


@st.fragment(run_every=0.5)
def _show_loading(name: str, loading: Loading) -> None:
    share = loading.done / loading.total if loading.total else 0.0
    st.progress(min(share, 1.0), text=f"{literal(name)}: {literal(loading.what)}")
    if loading.finished.is_set():
        st.rerun()


def _show_failure(name: str, error: str) -> None:
    st.error(literal(error), icon=":material/error:")
    if st.button("Try again", icon=":material/refresh:"):
        services.loader().retry(name)
        st.rerun()
