"""A person's own file: what it seems to be, corrected by them, and what it came to."""

import hashlib
from dataclasses import asdict

import streamlit as st

from collabviz.errors import CollabVizError
from collabviz.ratings import RatingScale
from collabviz.sources import upload as reader
from collabviz.sources.catalogue import keep
from collabviz.sources.upload import DECIMALS, ENCODINGS, SEPARATORS, Columns, Guess, Layout, Upload
from collabviz.ui import keys, links, services, show
from collabviz.ui.show import literal

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
        first = _guess(digest, content, file.name, None)
        layout = _layout(digest, first.layout)
        guess = first if layout == first.layout else _guess(digest, content, file.name, layout)
        st.dataframe(guess.preview, height=240, alt="The first rows of the file")
        for note in guess.notes:
            st.caption(literal(note))
        columns = _columns(digest, guess)
        scale = _scale(digest)
        result = _read(digest, content, file.name, layout, columns, scale)
    except CollabVizError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    _show_result(result)
    _use(result)


@st.cache_data(max_entries=8, show_spinner=False)
def _guess(digest: str, _content: bytes, filename: str, layout: Layout | None) -> Guess:
    return reader.guess(_content, filename, layout)


@st.cache_resource(max_entries=8, show_spinner="Reading the file")
def _read(
    digest: str, _content: bytes, filename: str, layout: Layout, columns: Columns, scale: RatingScale | None
) -> Upload:
    return reader.read(_content, filename, layout, columns, scale)


def _layout(digest: str, guessed: Layout) -> Layout:
    """How the file is written, as guessed unless changed."""
    with st.expander("How the file is written", icon=":material/text_snippet:"):
        boxes = st.columns(4)
        encoding = boxes[0].selectbox(
            "Encoding",
            list(ENCODINGS),
            list(ENCODINGS).index(guessed.encoding),
            ENCODINGS.__getitem__,
            f"encoding-{digest}",
        )
        separator = boxes[1].selectbox(
            "Separator",
            list(SEPARATORS),
            list(SEPARATORS).index(guessed.separator),
            SEPARATORS.__getitem__,
            f"separator-{digest}",
        )
        decimal = boxes[2].selectbox(
            "Decimals", list(DECIMALS), list(DECIMALS).index(guessed.decimal), DECIMALS.__getitem__, f"decimal-{digest}"
        )
        header = boxes[3].toggle("First row holds names", guessed.header, f"header-{digest}")
    return Layout(encoding, separator, header, decimal, guessed.day_first)


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


def _show_result(result: Upload) -> None:
    scale = result.ratings.scale
    show.figures(
        {
            "Usable rows": f"{result.n_used:,} of {result.n_read:,}",
            "Users": f"{result.ratings.n_users:,}",
            "Items": f"{result.ratings.n_items:,}",
            "Scale": f"{scale.min:g} to {scale.max:g}",
        }
    )
    for note in result.notes:
        st.caption(literal(note))
    if len(result.problems):
        with st.expander(f"Rows set aside: {len(result.problems):,}", icon=":material/report:", expanded=True):
            show.table(result.problems, "rows-set-aside.csv", alt="Rows set aside, with the reason", height=200)


def _use(result: Upload) -> None:
    """One person's list is put aside for the new-user page; anything else is loaded when they agree."""
    if result.single_user:
        st.session_state[keys.OWN_LIST] = result.ratings
        st.info(
            "This file holds one person's ratings, and a model needs many people's. It is kept for this session, to be "
            "used where a model meets somebody new.",
            icon=":material/person:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="large"):
        label = "Use these ratings" if not len(result.problems) else f"Use the {result.n_used:,} good rows"
        agreed = st.button(label, type="primary", icon=":material/check:")
        stays = st.toggle("Keep them on this machine", help="Stored with the data sets, for every session from now on.")
    if agreed:
        name = keep(result.ratings) if stays else services.uploads().add(result.ratings)
        links.choose(data=name, view=None)
