"""What is chosen in the frame, for the pages: ratings and run."""

import streamlit as st

from collabviz.errors import CollabVizError
from collabviz.jobs.loading import Loading
from collabviz.jobs.queue import Job
from collabviz.ratings import Ratings
from collabviz.runs import Run
from collabviz.sources.catalogue import DEFAULT, needs_download
from collabviz.ui import keys, links, services
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
            raise CollabVizError("These uploaded ratings are gone from memory. Upload the file again.")
        return uploaded
    if needs_download(name) and st.session_state.get(keys.FETCH) != name:
        _offer_to_fetch(name)
        st.stop()
    loading = services.loader().get(name)
    loading.finished.wait(PATIENCE_SECONDS)
    if loading.ratings is None:
        if loading.error:
            _show_failure(name, loading.error)
        else:
            _show_loading(name, loading)
        st.stop()
    services.job_queue().prepare(loading.ratings.name if name == DEFAULT else name)
    return loading.ratings


def note(ratings: Ratings) -> None:
    """What a person should know about the chosen ratings; where they stand in for others, a way to get those."""
    if ratings.note:
        st.info(literal(ratings.note), icon=":material/info:")
    stands_in = st.session_state[keys.DATA] == DEFAULT and ratings.name != DEFAULT
    if stands_in and st.button("Try MovieLens again", icon=":material/refresh:"):
        services.loader().forget(DEFAULT)
        st.rerun()


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
        services.loader().forget(name)
        st.rerun()


def _offer_to_fetch(name: str) -> None:
    """A link must not start a download of hundreds of megabytes by itself."""
    st.info(f"{literal(name)} is not on this machine yet.", icon=":material/cloud_download:")
    if st.button("Fetch it from GroupLens", type="primary", icon=":material/download:"):
        links.choose(fetch=name)
