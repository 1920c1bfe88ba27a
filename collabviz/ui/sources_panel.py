"""Where ratings come from: the loaded ones, other sets by name, or a person's own file."""

import streamlit as st

from collabviz.sources.catalogue import DatasetInfo, available, forget
from collabviz.ui import keys, links, services
from collabviz.ui.show import literal

LOADED = "Loaded ratings"
OTHER_SETS = "Other ratings"
OWN_FILE = "Your own file"


def pick_view() -> str:
    """Which of the three to show."""
    return (
        st.segmented_control(
            "Show",
            [LOADED, OTHER_SETS, OWN_FILE],
            default=LOADED,
            required=True,
            key=keys.VIEW,
            bind="query-params",
            label_visibility="collapsed",
        )
        or LOADED
    )


def others() -> None:
    """MovieLens sets by name; the larger ones are fetched when they are chosen."""
    for info in available():
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", border=True):
            size = f" {info.n_ratings:,} ratings." if info.n_ratings else ""
            st.markdown(f"**{literal(info.title)}**  \n{literal(info.description)}{size}", width="stretch")
            label = "Fetch and use" if info.needs_download else "Use"
            if st.button(label, key=f"use-{info.name}", disabled=st.session_state[keys.DATA] == info.name):
                links.choose(data=info.name, fetch=info.name, view=LOADED)
            if info.kept:
                _delete(info)


def _delete(info: DatasetInfo) -> None:
    """Delete kept ratings after asking."""
    with st.popover("Delete", icon=":material/delete:", type="tertiary", key=f"forget-{info.name}"):
        st.markdown(f"Delete **{literal(info.title)}** from this machine? Runs trained on it stay.")
        if st.button("Delete for good", type="primary", key=f"forget-really-{info.name}"):
            forget(info.name)
            services.loader().forget(info.name)
            chosen = st.session_state[keys.DATA]
            links.choose(data=None if chosen == info.name else chosen)
