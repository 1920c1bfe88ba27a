"""The one look of every Plotly figure.

Show figures with ``st.plotly_chart(figure, theme="streamlit", config=CONFIG)``. Python cannot reliably know
whether the browser is light or dark, and no single grey reaches a contrast of 4.5 on both a white page and a
nearly black one (the best possible is about 4.35). With ``theme="streamlit"`` the browser writes its own text,
grid, hover and background colours and its font into the figure's *template*, live, also when somebody switches
between light and dark. Everything else of ``TEMPLATE`` stays: palette, colour scales, margins, legend, hover. Two
consequences:

- What must not be overwritten stands in the figure's layout or its traces, never in the template only.
- Marks that carry no text are translucent greys or palette colours, which read on both.

Outside Streamlit the greys of the template stand in for its colours.
"""

from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

MAIN_HEIGHT = 560
"""Pixels: the figure a page is about."""

SECONDARY_HEIGHT = 320
"""Pixels: a figure beside it."""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
"""Okabe and Ito's colours (Color Universal Design, 2008), the most readable first, without their black."""

NEUTRAL = "#8A8F98"
"""The grey for all that has no colour of its own; it takes the place of black, which a dark page would swallow."""

ACCENT = PALETTE[0]
SEQUENTIAL = "Viridis"
GRID = "rgba(138, 143, 152, 0.25)"
BLANK = "rgba(138, 143, 152, 0.14)"
FILL = "rgba(0, 114, 178, 0.25)"  # the accent under a curve

CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["zoomIn2d", "zoomOut2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "collabviz"},
}
"""What ``st.plotly_chart`` takes as ``config``. The wheel is left to the page, except over a 3D figure."""

_AXIS = {
    "gridcolor": GRID,
    "zeroline": False,
    "showline": False,
    "ticks": "",
    "automargin": True,
    "title": {"standoff": 12},
}

TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": "sans-serif", "size": 13, "color": "#7D828A"},
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "colorway": [*PALETTE, NEUTRAL],
        "colorscale": {"sequential": SEQUENTIAL, "diverging": "PuOr"},  # the latter with cmid=0, which a trace sets
        "separators": ".,",
        "margin": {"l": 8, "r": 8, "t": 32, "b": 8},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
    }
)


def figure(height: int, **layout: Any) -> go.Figure:
    """An empty figure in the look of the app.

    Args:
        height: pixels, ``MAIN_HEIGHT`` or ``SECONDARY_HEIGHT`` unless there is a reason.
        layout: anything else of Plotly's layout.
    """
    return go.Figure(layout=go.Layout(template=TEMPLATE, height=height, **layout))


def colour(index: int) -> str:
    """The colour of the category at this place: the palette in its order, then grey for all the rest."""
    return PALETTE[index] if index < len(PALETTE) else NEUTRAL


def plain(text: str) -> str:
    """Text from outside, so that Plotly's pseudo-HTML shows it as it is."""
    return escape(text, quote=False)


def shortened(text: str, length: int = 32) -> str:
    """A title cut to a length for an axis, escaped; the hover has it whole."""
    return plain(text if len(text) <= length else text[: length - 1].rstrip(" ,(") + "…")


def ink_on_sequential(share: npt.NDArray[np.floating]) -> npt.NDArray[np.str_]:
    """The text colour that reads on the sequential scale at these places between 0 and 1.

    White and near-black have the same contrast with viridis at about 0.45, and at least 4 on either side.
    """
    return np.where(share > 0.45, "#111111", "#ffffff")
