"""The look that all figures share."""

import tomllib
from pathlib import Path

import numpy as np
import plotly.colors
import plotly.io as pio
import pytest

from collabviz.charts import theme

CONFIG_FILE = Path(__file__).parents[2] / ".streamlit" / "config.toml"


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` or ``rgb(r, g, b)`` (WCAG 2.1)."""
    rgb = plotly.colors.hex_to_rgb(colour) if colour.startswith("#") else plotly.colors.unlabel_rgb(colour)
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(rgb) / 255]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(a: str, b: str) -> float:
    """Contrast of two colours (WCAG 2.1), 1 to 21."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(scope="module")
def settings() -> dict:
    return tomllib.loads(CONFIG_FILE.read_text(encoding="utf-8"))["theme"]


def test_streamlits_charts_and_ours_have_the_same_colours(settings: dict):
    assert settings["chartCategoricalColors"] == [*theme.PALETTE, theme.NEUTRAL]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_buttons_text_and_links_reach_a_contrast_of_four_and_a_half(settings: dict, mode: str):
    page = settings[mode]
    assert contrast(page["primaryColor"], "#ffffff") >= 4.5
    assert contrast(page["textColor"], page["secondaryBackgroundColor"]) >= 4.5
    assert contrast(page["linkColor"], page["backgroundColor"]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_accent_stands_out_from_the_page(settings: dict, mode: str):
    page = settings[mode]
    assert contrast(page["primaryColor"], page["backgroundColor"]) >= 3
    assert contrast(theme.ACCENT, page["backgroundColor"]) >= 3


def test_after_the_palette_everything_is_grey():
    assert [theme.colour(place) for place in range(9)] == [*theme.PALETTE, theme.NEUTRAL, theme.NEUTRAL]


def test_the_ink_reads_on_every_colour_of_the_sequential_scale():
    share = np.linspace(-0.1, 1.1, 61)
    background = plotly.colors.sample_colorscale(theme.SEQUENTIAL, np.clip(share, 0, 1).tolist())
    assert min(map(contrast, theme.ink_on_sequential(share).tolist(), background)) >= 4


def test_text_from_outside_is_shown_as_it_is():
    assert theme.plain("<b>Tom & Jerry</b>") == "&lt;b&gt;Tom &amp; Jerry&lt;/b&gt;"


def test_a_long_title_is_cut_before_it_is_escaped():
    assert theme.shortened("Heat (1995)") == "Heat (1995)"
    assert theme.shortened("Tom & Jerry", length=6) == "Tom &amp;…"
    assert theme.shortened("Independence Day (ID4) (1996)", length=25) == "Independence Day (ID4)…"


def test_the_template_is_ours_whatever_the_default_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pio.templates, "default", "plotly_dark")
    figure = theme.figure(theme.MAIN_HEIGHT)
    assert figure.layout.template.layout.colorway == (*theme.PALETTE, theme.NEUTRAL)
    assert figure.layout.template.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"


def test_main_figures_are_at_least_520_pixels_high():
    assert theme.MAIN_HEIGHT >= 520
