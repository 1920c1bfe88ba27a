import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabviz.errors import CollabVizError
from collabviz.ratings import SplitSpec
from collabviz.training.recipe import DEVICES, SETTINGS, Recipe
from collabviz.training.schedule import SCHEDULES
from models.registry import MODELS

wd = st.floats(0, 100)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    model = draw(st.sampled_from(list(MODELS)))
    names = [option.name for option in MODELS[model].size_options]
    low = draw(st.floats(-20, 20))
    return Recipe(
        dataset=draw(st.text()),
        model=model,
        split=SplitSpec(
            kind=draw(st.sampled_from(SplitSpec.KINDS)),
            fraction=draw(st.floats(0.01, 0.99)),
            fold=draw(st.none() | st.text()),
        ),
        sizes=draw(st.dictionaries(st.sampled_from(names), st.integers(1, 1_000))),
        y_range=draw(st.none() | st.just((low, low + 5))),
        epochs=draw(st.integers(1, 1_000)),
        lr=draw(st.floats(1e-6, 100)),
        wd=draw(wd),
        wd_bias=draw(st.none() | wd),
        schedule=draw(st.sampled_from(list(SCHEDULES))),
        device=draw(st.sampled_from(DEVICES)),
        keep_best=draw(st.booleans()),
        patience=draw(st.none() | st.integers(1, 10)),
    )


@given(recipes())
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe.as_dict()))) == recipe


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("lr", "0.01", 0.01),
        ("wd", "1e-2", 0.01),
        ("wd_bias", "0.3", 0.3),
        ("wd_bias", "none", None),
        ("epochs", "7", 7),
        ("batch_size", "512", 512),
        ("seed", "0", 0),
        ("schedule", "constant", "constant"),
        ("device", "cpu", "cpu"),
        ("keep_best", "Yes", True),
        ("keep_best", "false", False),
        ("patience", "3", 3),
        ("patience", "None", None),
        ("y_range", "0,5.5", (0.0, 5.5)),
        ("y_range", "none", None),
        ("split.kind", "time", "time"),
        ("split.fraction", "0.1", 0.1),
        ("split.seed", "9", 9),
        ("split.per_user", "2", 2),
        ("split.fold", "u1", "u1"),
    ],
)
def test_a_setting_is_read_from_text(name: str, text: str, value: object) -> None:
    start = Recipe(wd_bias=9.0, patience=9, y_range=(-9.0, 9.0), keep_best=value is False)
    changed = start.with_settings({name: text})
    holder: Any = changed.split if name.startswith("split.") else changed
    read = getattr(holder, name.removeprefix("split."))
    assert read == value
    assert type(read) is type(value)
    assert changed != start


def test_every_setting_but_names_and_sizes_can_be_given_as_text() -> None:
    own = {field.name for field in dataclasses.fields(Recipe)} - {"dataset", "model", "preset", "split", "sizes"}
    of_split = {f"split.{field.name}" for field in dataclasses.fields(SplitSpec)}
    assert set(SETTINGS) == own | of_split


def test_a_size_is_read_from_text_and_others_stay() -> None:
    recipe = Recipe(model="collab-nn", sizes={"n_hidden": 30}).with_settings({"user_size": "20"})
    assert recipe.sizes == {"n_hidden": 30, "user_size": 20}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("lr", "fast", "lr=fast: it takes a number."),
        ("epochs", "2.5", "epochs=2.5: it takes a whole number."),
        ("n_factors", "many", "n_factors=many: it takes a whole number."),
        ("keep_best", "maybe", "keep_best=maybe: it takes true or false."),
        ("patience", "x", "patience=x: it takes a whole number, or none."),
        ("wd_bias", "x", "wd_bias=x: it takes a number, or none."),
        ("y_range", "5", "y_range=5: it takes two numbers with a comma between them, such as 0,5.5, or none."),
        ("y_range", "a,b", "y_range=a,b: it takes two numbers with a comma between them, such as 0,5.5, or none."),
        ("y_range", "5,0", "y_range is (5.0, 0.0); it must be two rising numbers."),
        ("y_range", "0,inf", "y_range is (0.0, inf); it must be two rising numbers."),
        ("epochs", "0", "epochs is 0; it must be between 1 and 1,000."),
        ("epochs", "1001", "epochs is 1001; it must be between 1 and 1,000."),
        ("batch_size", "0", "batch_size is 0; it must be 1 or more."),
        ("lr", "0", "lr is 0.0; it must be above 0 and at most 100."),
        ("lr", "nan", "lr is nan; it must be above 0 and at most 100."),
        ("wd", "-1", "wd is -1.0; it must be between 0 and 100."),
        ("wd_bias", "101", "wd_bias is 101.0; it must be between 0 and 100."),
        ("seed", "-1", "seed is -1; it must be a whole number from 0 to 4,294,967,295."),
        ("patience", "0", "patience is 0; it must be 1 or more, or none."),
        ("schedule", "zigzag", "schedule is zigzag; it must be one of one-cycle, constant."),
        ("device", "tpu", "device is tpu; it must be one of auto, cpu, cuda, mps."),
        ("n_factors", "0", "n_factors is 0; it must be between 1 and 1,000."),
        ("n_factors", "1001", "n_factors is 1001; it must be between 1 and 1,000."),
        ("split.kind", "x", "split.kind is 'x'; it can be random, per-user, time, fold."),
        ("split.seed", "-1", "split.seed is -1; it must be 0 or more."),
        ("split.fraction", "2", "split.fraction is 2.0; it must lie between 0 and 1."),
    ],
)
def test_a_setting_that_cannot_be_gets_one_sentence(name: str, text: str, sentence: str) -> None:
    with pytest.raises(CollabVizError) as caught:
        Recipe().with_settings({name: text})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("make", "beginning"),
    [
        (lambda: Recipe(model="dot-produkt"), "There is no model called 'dot-produkt'. Did you mean dot-product?"),
        (
            lambda: Recipe().with_settings({"epoch": "3"}),
            "There is no setting called 'epoch'. Did you mean epochs? Known: batch_size,",
        ),
        (
            lambda: Recipe().with_settings({"n_factor": "3"}),
            "There is no setting called 'n_factor'. Did you mean n_factors?",
        ),
        (
            lambda: Recipe(sizes={"n_hiden": 3}, model="collab-nn"),
            "There is no size of collab-nn called 'n_hiden'. Did you mean n_hidden?",
        ),
        (lambda: Recipe.from_dict({"epoch": 3}), "There is no setting called 'epoch'. Did you mean epochs?"),
        (lambda: Recipe().with_settings({"qqq": "3"}), "There is no setting called 'qqq'. Known: "),
    ],
)
def test_an_unknown_name_gets_the_nearest_known_one(make: Any, beginning: str) -> None:
    with pytest.raises(CollabVizError) as caught:
        make()
    assert str(caught.value).startswith(beginning)


def test_biases_decay_like_factors_unless_said_otherwise() -> None:
    assert Recipe(wd=0.3).decay_of_biases == 0.3
    assert Recipe(wd=0.3, wd_bias=0.0).decay_of_biases == 0.0
