"""The frame every page shares: the navigation, the sidebar's pickers of what travels, and a page's heading."""

from datetime import datetime
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from collabviz.jobs.queue import Job, JobState
from collabviz.runs import Run, began
from collabviz.sources.catalogue import DEFAULT, available
from collabviz.ui import keys, links, services
from collabviz.ui.show import literal
from collabviz.ui.uploads import is_upload

_ASSETS = Path(__file__).parent / "assets"


def navigation() -> Page:
    """The pages in the order of the data; the one that is open comes back."""
    return st.navigation(
        {
            "": [_page("start", "Start", "home", default=True)],
            "Data": [_page("dataset", "Dataset", "table_chart")],
            "Train": [_page("train", "Train", "model_training")],
        }
    )


def _page(name: str, title: str, icon: str, *, default: bool = False) -> Page:
    """A page with its icon in the title: given as ``icon`` it would also be fetched for the tab, from a font server."""
    return st.Page(f"pages/{name}.py", title=f":material/{icon}: {title}", icon="", default=default)


def brand() -> None:
    """Name and icon, from files of our own."""
    st.set_page_config(page_title="CollabViz", page_icon=_ASSETS / "icon.svg", layout="wide")
    st.logo(_ASSETS / "logo.svg", size="large", icon_image=_ASSETS / "icon.svg")


def heading(title: str, sentence: str) -> None:
    """A page's title, and one sentence on what one sees.

    The first session of a server that comes in by a link to a page reaches it without ``app.py``, because the
    folder is called ``pages`` (Streamlit 1.67). Calling ``st.navigation`` ends that for good, so the page starts over.
    """
    if keys.DATA not in st.session_state:
        navigation()
        st.rerun()
    st.title(title)
    st.markdown(sentence)


def pickers() -> None:
    """Ratings and run, in the sidebar; the choice is in the session and in the URL."""
    links.take_over()
    with st.sidebar:
        _pick_ratings()
        _pick_run()
    links.write_back()


def _pick_ratings() -> None:
    names = {info.name: info.title for info in available() if not info.needs_download or info.name == DEFAULT}
    mine: list[str] = st.session_state.setdefault(keys.UPLOADS, [])
    chosen = st.session_state.setdefault(keys.DATA, DEFAULT)
    if is_upload(chosen) and chosen not in mine:
        mine.append(chosen)
    for token in mine:
        uploaded = services.uploads().get(token)
        names[token] = f"{uploaded.name} (uploaded)" if uploaded else "An upload that is gone"
    names.setdefault(chosen, chosen)  # a set that is still to be fetched
    links.pick("Ratings", keys.DATA, names)


def _pick_run() -> None:
    chosen = st.session_state.get(keys.RUN)
    job = services.job_queue().get(chosen) if chosen else None  # before the runs, lest it become one in between
    runs: dict[str, Run | Job] = {run.id: run for run in services.run_store().listing().runs}
    if job is not None and job.id not in runs and job.state is not JobState.DONE:
        runs = {job.id: job, **runs}
    if chosen not in runs:
        if chosen is not None:
            st.toast(
                f"There is no run {literal(chosen)} here: it was deleted, or cut short.", icon=":material/search_off:"
            )
        st.session_state[keys.RUN] = next(iter(runs), None)
        links.renew_pickers()
    labels = {run_id: run_label(run) for run_id, run in runs.items()}
    links.pick("Run", keys.RUN, labels, placeholder="No run yet")


def run_label(run: Run | Job) -> str:
    """A run or a job in a list: its name, and when it began, which tells namesakes apart."""
    when = began(run.id).astimezone()
    today = when.date() == datetime.now().astimezone().date()
    return f"{when:{'%H:%M:%S' if today else '%d %b %Y, %H:%M:%S'}} · {run.name or run.recipe.spec.title}"
