"""The controls of the Train page: from widgets to a recipe."""

import math
from dataclasses import dataclass

import streamlit as st

from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings, SplitSpec
from collabviz.sources.catalogue import DEFAULT
from collabviz.training.presets import PRESETS, preset
from collabviz.training.recipe import DEVICES, Recipe
from collabviz.training.schedule import SCHEDULES
from collabviz.ui import keys
from collabviz.ui.show import literal
from collabviz.ui.uploads import is_upload
from models.registry import MODELS, RANGE_FORMULA

_SPLITS = {
    "random": "Random",
    "per-user": "Some of every user's",
    "time": "The latest",
    "fold": "A fold of the source",
}

DEFAULT_MODEL = "dot-product-bias"


@dataclass(frozen=True)
class Choice:
    """What to train, as chosen on the page."""

    recipe: Recipe
    name: str = ""
    seconds_per_epoch: float = 0.0


def default_choice(ratings: Ratings) -> Choice:
    """The model to begin with, by its quickest recipe."""
    return Choice(preset(DEFAULT_MODEL, "fast", dataset=_dataset_name(ratings)))


def model_and_preset(ratings: Ratings) -> Recipe:
    """The two choices that matter: the model, and the recipe it starts from."""
    model = st.selectbox(
        "Model",
        list(MODELS),
        index=list(MODELS).index(DEFAULT_MODEL),
        format_func=lambda name: MODELS[name].title,
        key="model",
        bind="query-params",
        width=320,
    )
    recipe = st.segmented_control(
        "Recipe",
        list(PRESETS),
        default="book",
        required=True,
        key="recipe",
        bind="query-params",
        help="  \n".join(f"**{name}**: {about}" for name, about in PRESETS.items()),
    )
    start = preset(model, recipe, dataset=_dataset_name(ratings))
    _start_anew(ratings, start)
    return start


def more(ratings: Ratings, start: Recipe) -> Choice | None:
    """Everything else that can be chosen, each with a sentence of help; None, with a word on it, if it cannot be."""
    settings: dict[str, object] = {}
    with st.expander("More", icon=":material/tune:"):
        columns = st.columns(4)
        with columns[0]:
            st.markdown("**Training**")
            settings |= _training(start)
        with columns[1]:
            st.markdown("**Regularisation**")
            settings |= _regularisation(start)
        with columns[2]:
            st.markdown("**Model**")
            settings |= _model(ratings, start)
            settings |= _machine(start)
        with columns[3]:
            st.markdown("**Validation and class**")
            settings |= _validation(ratings, start)
            name, pace = _name_and_pace()
    try:
        recipe = start.with_settings({name: str(value) for name, value in settings.items()})
    except CollabVizError as error:
        st.error(literal(f"A setting under More cannot be: {error}"), icon=":material/error:")
        return None
    return Choice(recipe, name, pace)


def architecture(ratings: Ratings, recipe: Recipe) -> None:
    """How many numbers the model learns, and folded away its formula and every parameter with its shape."""
    spec = recipe.spec
    shapes = spec.parameter_shapes(ratings.n_users, ratings.n_items, recipe.sizes)
    count = spec.parameter_count(ratings.n_users, ratings.n_items, recipe.sizes)
    with st.popover(f"{count:,} parameters", icon=":material/account_tree:"):
        st.markdown(spec.description)
        st.latex(spec.formula)
        if spec.has_range:
            st.latex(RANGE_FORMULA)
        st.dataframe(
            [
                {"Parameter": name, "Shape": " × ".join(f"{n:,}" for n in shape), "Numbers": math.prod(shape)}
                for name, shape in shapes.items()
            ],
            hide_index=True,
            alt="The parameters of the model with their shapes",
            column_config={"Numbers": st.column_config.NumberColumn(format="localized")},
        )
        st.caption(
            f"{ratings.n_users:,} users and {ratings.n_items:,} items; each table has one row more, the unknown, "
            f"for those training has not seen. Source: {spec.source}."
        )


def _dataset_name(ratings: Ratings) -> str:
    """How a recipe names the ratings; the token of an upload stays private, and a stand-in has a name of its own."""
    chosen: str = st.session_state[keys.DATA]
    if is_upload(chosen):
        return f"upload-{ratings.fingerprint[:8]}"
    return ratings.name if chosen == DEFAULT else chosen


def _name_and_pace() -> tuple[str, float]:
    name = st.text_input("Name of the run", key="name", placeholder="the model's title", max_chars=80)
    pace = st.number_input(
        "Pace, s per epoch",
        min_value=0.0,
        max_value=60.0,
        step=1.0,
        format="%g",
        key="pace",
        bind="query-params",
        help="The least time an epoch takes, so that a class can watch. 0 is full speed.",
    )
    return name, pace


def _start_anew(ratings: Ratings, start: Recipe) -> None:
    """Set every setting to the recipe's when model, recipe or ratings have changed; at first a link's settings stay.

    Assigned, not forgotten: the browser would send back what it shows for a widget that is only dropped here.
    """
    decided = (start.model, start.preset, ratings.fingerprint)
    before = st.session_state.get(keys.DECIDED, decided)
    st.session_state[keys.DECIDED] = decided
    if before != decided:
        names = ("epochs", "batch_size", "lr", "schedule", "wd", "wd_bias", "keep_best", "patience")
        settings = {name: getattr(start, name) for name in names}
        st.session_state.update(settings | start.spec.sizes(ratings.n_users, ratings.n_items, start.sizes))


def _training(start: Recipe) -> dict[str, object]:
    return {
        "epochs": _whole("Epochs", "epochs", start.epochs, "How often every training rating is seen.", 1, 1_000),
        "batch_size": _whole(
            "Batch size", "batch_size", start.batch_size, "Ratings a step; large batches are faster.", 1, 1_000_000
        ),
        "lr": _number("Learning rate (lr)", "lr", start.lr, "How far a step goes; at its highest in one-cycle.", 0.001),
        "schedule": st.selectbox(
            "Schedule",
            list(SCHEDULES),
            index=list(SCHEDULES).index(start.schedule),
            key="schedule",
            bind="query-params",
            help="  \n".join(f"**{name}**: {schedule.about}." for name, schedule in SCHEDULES.items()),
        ),
    }


def _regularisation(start: Recipe) -> dict[str, object]:
    return {
        "wd": _number(
            "Weight decay (wd)", "wd", start.wd, "Shrinks every weight a little at each step: less overfitting."
        ),
        "wd_bias": _number(
            "wd of biases", "wd_bias", start.wd_bias, "Weight decay of user and item biases; empty is the same as wd."
        ),
        "keep_best": st.checkbox(
            "Keep the best epoch",
            value=start.keep_best,
            key="keep_best",
            bind="query-params",
            help="End with the weights of the epoch with the lowest validation loss.",
        ),
        "patience": _whole(
            "Patience",
            "patience",
            start.patience,
            "Stop after so many epochs without a lower loss; empty never.",
            1,
            100,
        ),
    }


def _model(ratings: Ratings, start: Recipe) -> dict[str, object]:
    defaults = start.spec.sizes(ratings.n_users, ratings.n_items, start.sizes)
    sizes: dict[str, object] = {}
    for option in start.spec.size_options:
        size = _whole(option.label, option.name, defaults[option.name], option.help, 1, option.maximum)
        if size != defaults[option.name]:
            sizes[option.name] = size
    if not start.spec.has_range:
        return sizes
    low, high = ratings.scale.y_range
    y_range = st.text_input(
        "Range (y_range)",
        key="y_range",
        bind="query-params",
        placeholder=f"{low:g}, {high:g}",
        help="Ends of the sigmoid: a little wider than the scale, because a sigmoid never reaches its ends.",
    )
    return sizes | {"y_range": y_range.strip() or "none"}


def _validation(ratings: Ratings, start: Recipe) -> dict[str, object]:
    kinds = [
        kind
        for kind in SplitSpec.KINDS
        if (kind != "time" or ratings.time is not None) and (kind != "fold" or ratings.folds)
    ]
    kind = st.selectbox(
        "Held out for validation", kinds, format_func=_SPLITS.__getitem__, key="split", bind="query-params"
    )
    chosen: dict[str, object] = {"split.kind": kind}
    if kind in ("random", "time"):
        chosen["split.fraction"] = _number(
            "Share held out", "fraction", start.split.fraction, "0.2 is a fifth of the ratings."
        )
    elif kind == "per-user":
        chosen["split.per_user"] = _whole(
            "Ratings a user", "per_user", start.split.per_user, "Nobody loses more than half of theirs.", 1, 1_000
        )
    else:
        chosen["split.fold"] = st.selectbox("Fold", sorted(ratings.folds), key="fold", bind="query-params")
    return chosen


def _machine(start: Recipe) -> dict[str, object]:
    seed = _whole("Seed", "seed", start.seed, "Of the split, the first weights and the batches.", 0, 2**32 - 1)
    device = st.selectbox(
        "Device", DEVICES, key="device", bind="query-params", help="auto takes a GPU where there is one."
    )
    return {"seed": seed, "split.seed": seed, "device": device}


def _whole(label: str, key: str, value: int | None, about: str, least: int, most: int) -> int | None:
    return st.number_input(
        label, min_value=least, max_value=most, value=value, step=1, key=key, help=about, bind="query-params"
    )


def _number(label: str, key: str, value: float | None, about: str, step: float = 0.05) -> float | None:
    return st.number_input(
        label, min_value=0.0, value=value, step=step, format="%g", key=key, help=about, bind="query-params"
    )
