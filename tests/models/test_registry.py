import subprocess
import sys
from pathlib import Path

import pytest

from models.registry import MODELS, ModelSpec, embedding_size

ROOT = Path(__file__).parents[2]


def loaded_by(statement: str) -> set[str]:
    """The top-level modules a fresh Python has loaded after a statement."""
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(("n", "size"), [(1, 2), (944, 74), (1_665, 102), (10_000_000, 600)])
def test_embeddings_are_as_long_as_fastai_makes_them(n: int, size: int) -> None:
    assert embedding_size(n) == size


def test_the_registry_describes_models_without_torch() -> None:
    assert "torch" not in loaded_by("from models.registry import MODELS; MODELS['collab-nn'].parameter_count(9, 9, {})")


def test_models_know_nothing_of_collabviz() -> None:
    everything = {spec.location[0] for spec in MODELS.values()}
    loaded = loaded_by(f"import {', '.join(sorted(everything))}")
    assert "torch" in loaded
    assert "collabviz" not in loaded


def test_models_are_registered_under_their_own_names() -> None:
    assert {name: spec.name for name, spec in MODELS.items()} == {name: name for name in MODELS}
    assert len({spec.title for spec in MODELS.values()}) == len(MODELS)


@pytest.mark.parametrize("spec", [pytest.param(spec, id=name) for name, spec in MODELS.items()])
def test_a_person_finds_out_what_a_model_is(spec: ModelSpec) -> None:
    assert spec.description.endswith(".")
    assert r"\hat r_{ui}" in spec.formula
    assert spec.source
    for option in spec.size_options:
        assert option.label
        assert option.help.endswith(".")


def test_the_networks_embeddings_follow_the_size_rule_with_the_unknown_row_counted() -> None:
    assert MODELS["collab-nn"].sizes(943, 1_664, {}) == {"user_size": 74, "item_size": 102, "n_hidden": 100}


def test_the_chapters_models_learn_as_many_numbers_as_the_chapter_says() -> None:
    assert MODELS["dot-product"].parameter_count(943, 1_664, {}) == (944 + 1_665) * 50
    assert MODELS["dot-product-bias"].parameter_count(943, 1_664, {}) == (944 + 1_665) * 51
