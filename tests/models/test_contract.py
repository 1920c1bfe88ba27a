"""What every model promises: a new one is held to it by being registered, and by its formula below."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.base import CollabModel
from models.registry import MODELS, ModelSpec

N_USERS, N_ITEMS = 7, 11
Y_RANGE = (0.0, 5.5)
USER = np.array([0, 3, N_USERS, 6, N_USERS, 3])
ITEM = np.array([10, 4, 2, N_ITEMS, N_ITEMS, 4])

Array = npt.NDArray[np.floating]
Weights = Mapping[str, Array]


def built(spec: ModelSpec, seed: int = 1, **sizes: int) -> CollabModel:
    chosen = {option.name: 3 + place for place, option in enumerate(spec.size_options)} | sizes
    return spec.build(N_USERS, N_ITEMS, chosen, Y_RANGE, torch.Generator().manual_seed(seed))


def spread_out(model: CollabModel, scale: float) -> CollabModel:
    """The model with weights from N(0, scale), for the tiny ones it begins with tell little."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, scale, generator=generator)
    return model


def predicted(model: CollabModel, user: npt.ArrayLike = USER, item: npt.ArrayLike = ITEM) -> Array:
    with torch.no_grad():
        result: Array = model.eval()(torch.tensor(user), torch.tensor(item)).numpy()
    return result


def in_range(x: Array) -> Array:
    low, high = Y_RANGE
    return low + (high - low) / (1 + np.exp(-x))


def dot(w: Weights, suffix: str = ".weight") -> Array:
    products: Array = w[f"user_factors{suffix}"][USER] * w[f"item_factors{suffix}"][ITEM]
    return products.sum(axis=1)


def network(w: Weights) -> Array:
    factors = np.hstack([w["user_factors.weight"][USER], w["item_factors.weight"][ITEM]])
    hidden = np.maximum(factors @ w["layers.0.weight"].T + w["layers.0.bias"], 0)
    return in_range((hidden @ w["layers.2.weight"].T + w["layers.2.bias"])[:, 0])


FORMULAS: Mapping[str, Callable[[Weights], Array]] = {
    "dot-product": dot,
    "dot-product-range": lambda w: in_range(dot(w)),
    "dot-product-bias": lambda w: in_range(dot(w) + w["user_bias.weight"][USER, 0] + w["item_bias.weight"][ITEM, 0]),
    "dot-product-own-embedding": lambda w: in_range(dot(w, "") + w["user_bias"][USER] + w["item_bias"][ITEM]),
    "collab-nn": network,
}

every_model = pytest.mark.parametrize("spec", [pytest.param(spec, id=name) for name, spec in MODELS.items()])


@every_model
def test_the_prediction_is_the_formula(spec: ModelSpec) -> None:
    model = spread_out(built(spec), 1.0)
    weights = {name: value.numpy().astype(np.float64) for name, value in model.state_dict().items()}
    np.testing.assert_allclose(predicted(model), FORMULAS[spec.name](weights), rtol=1e-4, atol=1e-5)


@every_model
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_a_model_gives_one_float_for_each_pair(spec: ModelSpec, dtype: torch.dtype) -> None:
    model = built(spec)
    for n in (1, len(USER)):
        prediction = model(torch.tensor(USER[:n], dtype=dtype), torch.tensor(ITEM[:n], dtype=dtype))
        assert prediction.shape == (n,)
        assert prediction.dtype == torch.float32


@every_model
def test_a_prediction_does_not_depend_on_its_neighbours_in_the_batch(spec: ModelSpec) -> None:
    model = spread_out(built(spec), 1.0)
    alone = [float(predicted(model, [user], [item])[0]) for user, item in zip(USER, ITEM, strict=True)]
    np.testing.assert_allclose(alone, predicted(model), rtol=1e-5)


@every_model
@pytest.mark.parametrize("scale", [0.01, 1.0, 1e6])
def test_a_range_holds_even_with_extreme_weights(spec: ModelSpec, scale: float) -> None:
    prediction = predicted(spread_out(built(spec), scale))
    assert np.isfinite(prediction).all()
    inside = (prediction >= Y_RANGE[0]) & (prediction <= Y_RANGE[1])
    if spec.has_range:
        assert inside.all()
    elif scale > 1:
        assert not inside.any()


@every_model
def test_gradients_equal_finite_differences(spec: ModelSpec) -> None:
    model = spread_out(built(spec), 0.7).double()
    names = [name for name, _ in model.named_parameters()]
    user, item = torch.tensor(USER), torch.tensor(ITEM)

    def predict(*values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = torch.func.functional_call(model, dict(zip(names, values, strict=True)), (user, item))
        return result

    assert torch.autograd.gradcheck(
        predict, tuple(parameter.detach().requires_grad_() for parameter in model.parameters())
    )


@every_model
def test_every_parameter_learns(spec: ModelSpec) -> None:
    model = spread_out(built(spec), 0.7)
    model(torch.tensor(USER), torch.tensor(ITEM)).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@every_model
def test_the_unknown_rows_are_the_last_and_one_beyond_them_is_an_error(spec: ModelSpec) -> None:
    model = built(spec)
    assert np.isfinite(predicted(model, [N_USERS], [N_ITEMS])).all()
    for pair in ([N_USERS + 1], [0]), ([0], [N_ITEMS + 1]):
        with pytest.raises(IndexError):
            predicted(model, *pair)


@every_model
def test_the_registry_knows_every_parameters_shape(spec: ModelSpec) -> None:
    for chosen in ({}, {option.name: 5 for option in spec.size_options}):
        model = spec.build(N_USERS, N_ITEMS, chosen, Y_RANGE, torch.Generator())
        real = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        assert spec.parameter_shapes(N_USERS, N_ITEMS, chosen) == real
        assert spec.parameter_count(N_USERS, N_ITEMS, chosen) == sum(p.numel() for p in model.parameters())


@every_model
def test_what_a_model_offers_is_there_with_a_row_for_the_unknown(spec: ModelSpec) -> None:
    model = built(spec)
    assert set(spec.offers) <= {"user_factors", "item_factors", "user_bias", "item_bias"}
    for what, name in spec.offers.items():
        rows = N_USERS + 1 if what.startswith("user") else N_ITEMS + 1
        parameter = model.get_parameter(name)
        assert parameter.shape[0] == rows
        if what.endswith("bias"):
            assert parameter.numel() == rows


@every_model
def test_a_chosen_size_shapes_its_parameters(spec: ModelSpec) -> None:
    for option in spec.size_options:
        sizes = spec.sizes(N_USERS, N_ITEMS, {option.name: 17})
        assert sizes[option.name] == 17
        shapes = {shape for shape in spec.parameter_shapes(N_USERS, N_ITEMS, sizes).values() if 17 in shape}
        assert shapes
        assert 1 <= option.default(N_USERS, N_ITEMS) <= option.maximum


@every_model
def test_weights_saved_and_loaded_predict_exactly_the_same(spec: ModelSpec, tmp_path: Path) -> None:
    model = spread_out(built(spec), 1.0)
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    other = built(spec, seed=2)
    assert not np.array_equal(predicted(other), predicted(model))
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert np.array_equal(predicted(other), predicted(model))


@every_model
def test_the_seed_decides_the_first_weights_whatever_the_global_seed(spec: ModelSpec) -> None:
    def weights(seed: int) -> list[torch.Tensor]:
        return list(built(spec, seed).state_dict().values())

    torch.manual_seed(1)
    first = weights(3)
    torch.manual_seed(2)
    assert all(map(torch.equal, first, weights(3)))
    assert not any(map(torch.equal, first, weights(4)))


@every_model
def test_embeddings_begin_as_fastai_draws_them(spec: ModelSpec) -> None:
    model = spec.build(2_000, 2_000, {}, Y_RANGE, torch.Generator().manual_seed(0))
    for name in spec.offers.values():
        assert model.get_parameter(name).std().item() == pytest.approx(0.01, rel=0.1)
        assert abs(model.get_parameter(name).mean().item()) < 1e-3


def test_the_chapters_dot_products_by_hand() -> None:
    model = MODELS["dot-product"].build(1, 2, {"n_factors": 3}, Y_RANGE, torch.Generator())
    model.load_state_dict(
        {
            "user_factors.weight": torch.tensor([[0.9, 0.8, -0.6], [0.0, 0.0, 0.0]]),
            "item_factors.weight": torch.tensor([[0.98, 0.9, -0.9], [-0.99, -0.3, 0.8], [0.0, 0.0, 0.0]]),
        }
    )
    last_skywalker, casablanca = 0, 1
    np.testing.assert_allclose(predicted(model, [0, 0], [last_skywalker, casablanca]), [2.142, -1.611], atol=1e-6)


def test_the_own_embedding_predicts_as_the_ready_made_one() -> None:
    ready = spread_out(built(MODELS["dot-product-bias"]), 0.5)
    own = built(MODELS["dot-product-own-embedding"])
    weights = {name.removesuffix(".weight"): value for name, value in ready.state_dict().items()}
    own.load_state_dict({name: value.reshape(own.get_parameter(name).shape) for name, value in weights.items()})
    np.testing.assert_allclose(predicted(own), predicted(ready), rtol=1e-6)
