"""Choices that travel: in the session, in the URL, and from page to page.

Streamlit clears the URL's parameters when a page is switched, so they are written again on every run. A parameter
that somebody typed, or came back to with the browser's buttons, wins over the session.
"""

from typing import NoReturn

import streamlit as st

from collabviz.ui import keys


def take_over() -> None:
    """Bring carried choices in from the URL, or from the last run's wishes; before any picker is drawn."""
    written: dict[str, str | None] = st.session_state.setdefault("_written", {})
    for key in keys.CARRIED:
        in_url = st.query_params.get(key)
        if in_url and in_url != written.get(key):
            st.session_state[key] = in_url
        elif key not in st.session_state and written.get(key) is not None:
            st.session_state[key] = written[key]  # Streamlit drops what a picker held when it was not drawn in between
    for key, value in st.session_state.pop(keys.PENDING, {}).items():
        if value is None:
            st.session_state.pop(key, None)
        else:
            st.session_state[key] = value


def write_back() -> None:
    """Write carried choices into the URL, all in one go; after the pickers are drawn."""
    values = {key: st.session_state.get(key) for key in keys.CARRIED}
    known = {key: value for key, value in values.items() if value is not None}
    if any(st.query_params.get(key) != value for key, value in known.items()):
        st.query_params.update(known)
    for key in values.keys() - known.keys():
        st.query_params.pop(key, None)
    st.session_state["_written"] = values


def choose(**choices: str | None) -> NoReturn:
    """Change choices from within a page, and run it again with them; None lets a choice start anew."""
    st.session_state[keys.PENDING] = choices
    st.rerun()
