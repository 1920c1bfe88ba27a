"""Choices that travel: in the session, in the URL, and from page to page.

Streamlit clears the URL's parameters when a page is switched, so they are written again on every run. A parameter
that somebody typed, or came back to with the browser's buttons, wins over the session.
"""

from collections.abc import Mapping
from typing import NoReturn

import streamlit as st

from collabviz.ui import keys


def take_over() -> None:
    """Bring carried choices in from the URL, or from the last run's wishes; before any picker is drawn."""
    written: dict[str, str | None] = st.session_state.setdefault("_written", {})
    typed = {key: st.query_params.get(key) for key in keys.CARRIED}
    wishes = {key: value for key, value in typed.items() if value and value != written.get(key)}
    wishes |= st.session_state.pop(keys.PENDING, {})
    for key, value in wishes.items():
        if value is None:
            st.session_state.pop(key, None)
        else:
            st.session_state[key] = value
    if wishes:
        renew_pickers()


def renew_pickers() -> None:
    """Let the pickers be drawn as new ones, which the browser cannot answer for with what they showed before."""
    st.session_state["_pickers"] = st.session_state.get("_pickers", 0) + 1


def pick(label: str, key: str, options: Mapping[str, str], placeholder: str | None = None) -> None:
    """A select box for a carried choice, which must be one of the options (value to words) or absent."""
    values = list(options)
    chosen = st.session_state.get(key)
    st.session_state[key] = st.selectbox(
        label,
        values,
        index=values.index(chosen) if chosen is not None and chosen in options else None,
        format_func=options.__getitem__,
        key=f"{key}-{st.session_state.get('_pickers', 0)}",
        placeholder=placeholder,
        disabled=not options,
    )


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
