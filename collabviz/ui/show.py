"""How results are put on a page, so that every page does it alike."""

import re
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from collabviz.charts.theme import CONFIG


def figures(values: Mapping[str, str], helps: Mapping[str, str] | None = None) -> None:
    """The row of at most four figures that matter, with a word on each where it needs one."""
    with st.container(horizontal=True, gap="large"):
        for label, value in values.items():
            st.metric(label, value, help=(helps or {}).get(label), width="content")


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A Plotly figure over the whole width; ``alt`` says what is seen, for those who cannot see it."""
    st.plotly_chart(figure, theme="streamlit", config=CONFIG, key=f"chart-{key}", alt=alt)


def table(frame: pd.DataFrame, filename: str, alt: str, **options: object) -> None:
    """A table that sorts and searches, with a button that downloads it as CSV."""
    st.dataframe(frame, hide_index=True, alt=alt, **options)  # type: ignore[call-overload]
    download(frame, filename)


def download(frame: pd.DataFrame, filename: str) -> None:
    """A button that downloads a frame as CSV."""
    content = frame.to_csv(index=False).encode("utf-8-sig")  # the mark that lets spreadsheets read accents
    st.download_button("Download as CSV", content, filename, "text/csv", icon=":material/download:", type="tertiary")


def literal(text: str) -> str:
    """Text from outside, so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|$~<>:&])", r"\\\1", text)


def duration(seconds: float) -> str:
    """Seconds in words of a sensible size: ``0.7 s``, ``12 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"
