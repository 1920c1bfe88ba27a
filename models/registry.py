"""Every model by name, with what a person wants to know before training it. Imports torch only to build one."""

import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from models.base import CollabModel

Sizes = Mapping[str, int]
Shapes = dict[str, tuple[int, ...]]


def embedding_size(n: int) -> int:
    """The usual length of an embedding of ``n`` categories, fastai's ``min(600, round(1.6 * n ** 0.56))``."""
    return min(600, round(1.6 * math.pow(n, 0.56)))


@dataclass(frozen=True)
class SizeOption:
    """One size of a model that can be chosen; ``default`` takes the numbers of users and items."""

    name: str
    label: str
    help: str
    default: Callable[[int, int], int]
    maximum: int = 1_000


@dataclass(frozen=True)
class ModelSpec:
    """A model as the registry knows it.

    Attributes:
        name: as in recipes and on the command line.
        title: as on the pages.
        description: one line on what it is.
        formula: its prediction, in LaTeX; ``RANGE_FORMULA`` says what its range is.
        source: where it comes from.
        size_options: the sizes that can be chosen.
        shapes: the shape of every parameter, by its name in the model, for n_users, n_items and all sizes.
        offers: which parameter holds the ``user_factors``, ``item_factors``, ``user_bias``, ``item_bias``.
        location: module and class.
        has_range: whether a sigmoid holds its predictions inside ``y_range``.
    """

    name: str
    title: str
    description: str
    formula: str
    source: str
    size_options: tuple[SizeOption, ...]
    shapes: Callable[[int, int, Sizes], Shapes]
    offers: Mapping[str, str]
    location: tuple[str, str]
    has_range: bool = field(default=True)

    def sizes(self, n_users: int, n_items: int, chosen: Sizes) -> dict[str, int]:
        """All sizes: the chosen ones, and the defaults for this many users and items."""
        defaults = {option.name: option.default(n_users, n_items) for option in self.size_options}
        return {name: chosen.get(name, default) for name, default in defaults.items()}

    def parameter_shapes(self, n_users: int, n_items: int, chosen: Sizes) -> Shapes:
        """The shape of every parameter, by its name, the unknown row included."""
        return self.shapes(n_users, n_items, self.sizes(n_users, n_items, chosen))

    def parameter_count(self, n_users: int, n_items: int, chosen: Sizes) -> int:
        """How many numbers the model learns."""
        return sum(math.prod(shape) for shape in self.parameter_shapes(n_users, n_items, chosen).values())

    def build(
        self, n_users: int, n_items: int, chosen: Sizes, y_range: tuple[float, float], generator: "torch.Generator"
    ) -> "CollabModel":
        """The model with fresh weights, on the CPU; ``n_users`` and ``n_items`` without the unknown row."""
        module, name = self.location
        model_class: Callable[..., CollabModel] = getattr(importlib.import_module(module), name)
        ranged = {"y_range": y_range} if self.has_range else {}
        return model_class(n_users, n_items, generator=generator, **self.sizes(n_users, n_items, chosen), **ranged)


_N_FACTORS = SizeOption(
    "n_factors", "Factors", "How many latent factors describe each user and each item.", lambda users, items: 50
)


def _factor_shapes(n_users: int, n_items: int, sizes: Sizes) -> Shapes:
    return {
        "user_factors.weight": (n_users + 1, sizes["n_factors"]),
        "item_factors.weight": (n_items + 1, sizes["n_factors"]),
    }


def _factor_and_bias_shapes(n_users: int, n_items: int, sizes: Sizes) -> Shapes:
    biases = {"user_bias.weight": (n_users + 1, 1), "item_bias.weight": (n_items + 1, 1)}
    return _factor_shapes(n_users, n_items, sizes) | biases


def _own_embedding_shapes(n_users: int, n_items: int, sizes: Sizes) -> Shapes:
    return {
        "user_factors": (n_users + 1, sizes["n_factors"]),
        "item_factors": (n_items + 1, sizes["n_factors"]),
        "user_bias": (n_users + 1,),
        "item_bias": (n_items + 1,),
    }


def _collab_nn_shapes(n_users: int, n_items: int, sizes: Sizes) -> Shapes:
    return {
        "user_factors.weight": (n_users + 1, sizes["user_size"]),
        "item_factors.weight": (n_items + 1, sizes["item_size"]),
        "layers.0.weight": (sizes["n_hidden"], sizes["user_size"] + sizes["item_size"]),
        "layers.0.bias": (sizes["n_hidden"],),
        "layers.2.weight": (1, sizes["n_hidden"]),
        "layers.2.bias": (1,),
    }


_FACTORS = {"user_factors": "user_factors.weight", "item_factors": "item_factors.weight"}
_BIASES = {"user_bias": "user_bias.weight", "item_bias": "item_bias.weight"}
RANGE_FORMULA = r"\mathrm{range}(x) = \mathrm{low} + (\mathrm{high} - \mathrm{low})\,\sigma(x)"

_SPECS = (
    ModelSpec(
        name="dot-product",
        title="Dot product",
        description="Multiplies the factors of user and item and adds the products up; nothing keeps it on the scale.",
        formula=r"\hat r_{ui} = p_u \cdot q_i",
        source="fast.ai book, chapter 8, DotProduct",
        size_options=(_N_FACTORS,),
        shapes=_factor_shapes,
        offers=_FACTORS,
        location=("models.dot_product", "DotProduct"),
        has_range=False,
    ),
    ModelSpec(
        name="dot-product-range",
        title="Dot product with a range",
        description="The dot product, squeezed by a sigmoid into a range a little wider than the scale.",
        formula=r"\hat r_{ui} = \mathrm{range}(p_u \cdot q_i)",
        source="fast.ai book, chapter 8, DotProduct with y_range",
        size_options=(_N_FACTORS,),
        shapes=_factor_shapes,
        offers=_FACTORS,
        location=("models.dot_product", "DotProductRange"),
    ),
    ModelSpec(
        name="dot-product-bias",
        title="Dot product with biases",
        description="Adds a bias for each user (generous or strict) and each item (good or bad, whoever rates it).",
        formula=r"\hat r_{ui} = \mathrm{range}(p_u \cdot q_i + b_u + c_i)",
        source="fast.ai book, chapter 8, DotProductBias",
        size_options=(_N_FACTORS,),
        shapes=_factor_and_bias_shapes,
        offers=_FACTORS | _BIASES,
        location=("models.dot_product", "DotProductBias"),
    ),
    ModelSpec(
        name="dot-product-own-embedding",
        title="Dot product with biases, own embedding",
        description="The same prediction with hand-made parameters instead of embedding layers.",
        formula=r"\hat r_{ui} = \mathrm{range}(p_u \cdot q_i + b_u + c_i)",
        source="fast.ai book, chapter 8, Creating Our Own Embedding Module",
        size_options=(_N_FACTORS,),
        shapes=_own_embedding_shapes,
        offers={name: name for name in (*_FACTORS, *_BIASES)},
        location=("models.own_embedding", "OwnEmbeddingDotProductBias"),
    ),
    ModelSpec(
        name="collab-nn",
        title="Neural network",
        description="Puts the factors of user and item side by side and lets a network with one hidden layer judge.",
        formula=r"\hat r_{ui} = \mathrm{range}(w_2 \cdot \mathrm{ReLU}(W_1 [p_u; q_i] + b_1) + b_2)",
        source="fast.ai book, chapter 8, CollabNN",
        size_options=(
            SizeOption(
                "user_size",
                "User factors",
                "Length of a user's vector; by default min(600, round(1.6 n^0.56)).",
                lambda users, items: embedding_size(users + 1),
            ),
            SizeOption(
                "item_size",
                "Item factors",
                "Length of an item's vector; by default min(600, round(1.6 n^0.56)).",
                lambda users, items: embedding_size(items + 1),
            ),
            SizeOption("n_hidden", "Hidden units", "Width of the hidden layer.", lambda users, items: 100),
        ),
        shapes=_collab_nn_shapes,
        offers=_FACTORS,
        location=("models.collab_nn", "CollabNN"),
    ),
)

MODELS: Mapping[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
