"""A person's own file: what it seems to be, corrected by them, and what it came to."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import asdict

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings, RatingScale
from collabviz.sources import upload as reader
from collabviz.sources.catalogue import keep
from collabviz.sources.movielens import is_archive, load_archive
from collabviz.sources.upload import DECIMALS, ENCODINGS, SEPARATORS, Columns, Guess, Layout, Upload
from collabviz.ui import keys, links, services, show
from collabviz.ui.show import literal
from collabviz.ui.sources_panel import LOADED

_ROLES = {
    "user": ("User", "Who rated. Without one, the file is taken as one person's own list."),
    "item": ("Item", "What was rated: an id or a title."),
    "rating": ("Rating", "The number they gave."),
    "time": ("Time", "When: Unix seconds, or a date."),
    "title": ("Title", "What to call items, where they are ids."),
    "year": ("Year", "When the item came out."),
    "genres": ("Genres", "Joined by a vertical bar or a comma."),
}
_NONE = "–"
_DAY_ORDERS = {"": "by the whole column", "day": "day first (31/12/2020)", "month": "month first (12/31/2020)"}


def upload() -> None:
    """Take a file, show the guess over a preview, let every part of it be changed, and use the result."""
    file = st.file_uploader(
        "A table of ratings: CSV or text, also in a zip or gzip",
        key="file",
        help="One row a rating: who, what, how much. Any separator, encoding and scale.",
    )
    if file is None:
        st.caption(
            "The file stays in the memory of this server for your session and touches no disk, unless you ask to keep "
            "it. Runs trained on it are kept, with its titles and user ids, until you delete them."
        )
        return
    content = file.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    try:
        archive = _read_archive(digest, content, file.name)
        if archive is not None:
            _show_figures(archive)
            _use(archive, "Use these ratings")
        else:
            _table(digest, content, file.name)
    except CollabVizError as error:
        st.error(literal(str(error)), icon=":material/error:")


def _table(digest: str, content: bytes, filename: str) -> None:
    """Any table: its guess over a preview, what it came to, and the rows that were set aside."""
    first = _guess(digest, content, filename, None)
    layout = _layout(digest, first.layout)
    guess = first if layout == first.layout else _guess(digest, content, filename, layout)
    st.dataframe(guess.preview, height=240, alt="The first rows of the file")
    st.caption(literal(" ".join(guess.notes)))
    columns = _columns(digest, guess)
    result = _read(digest, content, filename, layout, columns, _scale(digest))
    _show_figures(result.ratings, f"{result.n_used:,} of {result.n_read:,}")
    for note in result.notes:
        st.caption(literal(note))
    if len(result.problems):
        with st.expander(f"Rows set aside: {len(result.problems):,}", icon=":material/report:", expanded=True):
            show.table(result.problems, "rows-set-aside.csv", alt="Rows set aside, with the reason", height=200)
    if result.single_user:
        _put_aside(result.ratings)
    else:
        _use(result.ratings, f"Use the {result.n_used:,} good rows" if len(result.problems) else "Use these ratings")


@st.cache_resource(max_entries=4, show_spinner="Reading the file", scope="session")
def _read_archive(digest: str, _content: bytes, filename: str) -> Ratings | None:
    """The ratings of a MovieLens archive; None for any other file."""
    file = io.BytesIO(_content)
    if not zipfile.is_zipfile(file) or not is_archive(file):
        return None
    return load_archive(file, filename.removesuffix(".zip"))


@st.cache_resource(max_entries=4, show_spinner=False, scope="session")
def _guess(digest: str, _content: bytes, filename: str, layout: Layout | None) -> Guess:
    return reader.guess(_content, filename, layout)


@st.cache_resource(max_entries=4, show_spinner="Reading the file", scope="session")
def _read(
    digest: str, _content: bytes, filename: str, layout: Layout, columns: Columns, scale: RatingScale | None
) -> Upload:
    return reader.read(_content, filename, layout, columns, scale)


def _layout(digest: str, guessed: Layout) -> Layout:
    """How the file is written, as guessed unless changed."""
    with st.expander("How the file is written", icon=":material/text_snippet:"):
        boxes = st.columns(4)
        encoding = _pick(boxes[0], "Encoding", ENCODINGS, guessed.encoding, digest)
        separator = _pick(boxes[1], "Separator", SEPARATORS, guessed.separator, digest)
        decimal = _pick(boxes[2], "Decimals", DECIMALS, guessed.decimal, digest)
        header = boxes[3].toggle("First row holds names", guessed.header, f"header-{digest}")
        order = _pick(boxes[3], "Dates", _DAY_ORDERS, "", digest)
    return Layout(encoding, separator, header, decimal, {"": guessed.day_first, "day": True, "month": False}[order])


def _pick(box: DeltaGenerator, label: str, words: Mapping[str, str], guessed: str, digest: str) -> str:
    """One of a few choices, shown in words."""
    return box.selectbox(label, list(words), list(words).index(guessed), words.__getitem__, f"{label}-{digest}")


def _columns(digest: str, guess: Guess) -> Columns:
    """Which column holds what, as guessed unless changed."""
    options = [None, *range(len(guess.names))]
    guessed = asdict(guess.columns)
    chosen: dict[str, int | None] = {}
    for box, (role, (label, about)) in zip(st.columns(len(_ROLES)), _ROLES.items(), strict=True):
        chosen[role] = box.selectbox(
            label,
            options,
            options.index(guessed[role]),
            lambda column: _NONE if column is None else guess.names[column],
            f"{role}-{digest}-{guess.layout.separator}-{guess.layout.header}",
            about,
        )
    return Columns(**chosen)


def _scale(digest: str) -> RatingScale | None:
    """The scale, read off the ratings unless it is given."""
    with st.expander("Scale", icon=":material/straighten:"):
        if not st.toggle("Set the scale by hand", key=f"scale-{digest}"):
            return None
        boxes = st.columns(3)
        low = boxes[0].number_input("Lowest rating", value=1.0, format="%g", key=f"low-{digest}")
        high = boxes[1].number_input("Highest rating", value=5.0, format="%g", key=f"high-{digest}")
        step = boxes[2].number_input("Step", value=1.0, min_value=0.001, format="%g", key=f"step-{digest}")
    if not low < high:
        raise CollabVizError(f"The lowest rating, {low:g}, must be below the highest, {high:g}.")
    return RatingScale(low, high, step)


def _show_figures(ratings: Ratings, usable: str = "") -> None:
    scale = ratings.scale
    show.figures(
        {
            "Usable rows": usable or f"{len(ratings):,}",
            "Users": f"{ratings.n_users:,}",
            "Items": f"{ratings.n_items:,}",
            "Scale": f"{scale.min:g} to {scale.max:g}",
        }
    )


def _put_aside(ratings: Ratings) -> None:
    """One person's list is nothing to train on; it waits for the page where a model meets somebody new."""
    st.session_state[keys.OWN_LIST] = ratings
    st.info(
        "This file holds one person's ratings, and a model needs many people's. It is kept for this session, to be "
        "used where a model meets somebody new.",
        icon=":material/person:",
    )


def _use(ratings: Ratings, label: str) -> None:
    """Load the ratings when the person agrees, and keep them on this machine if they want that."""
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        agreed = st.button(label, type="primary", icon=":material/check:")
        stays = st.toggle("Keep them on this machine", help="Stored with the data sets, for every session from now on.")
    if agreed:
        links.choose(data=keep(ratings) if stays else services.uploads().add(ratings), view=LOADED)
