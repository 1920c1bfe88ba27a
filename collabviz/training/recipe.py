"""What a training is made of: every choice that decides its result, in one frozen object."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite
from typing import Any

from collabviz.errors import CollabVizError, unknown_name
from collabviz.ratings import SplitSpec
from collabviz.training.schedule import SCHEDULES
from models.registry import MODELS, ModelSpec

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Recipe:
    """Every setting of a training; equal recipes on equal ratings give equal models on one kind of device.

    Attributes:
        dataset: name of the ratings, as the catalogue of sources knows them.
        model: name of the model, as the registry knows it.
        preset: the preset it started from.
        split: how validation ratings are held out.
        sizes: sizes of the model that differ from its defaults, such as ``n_factors``.
        y_range: ends of the sigmoid range; None takes the scale's default.
        epochs: how often every training rating is seen.
        batch_size: ratings a step.
        lr: learning rate, at its highest.
        wd: decoupled weight decay (Loshchilov & Hutter 2019): each step multiplies a weight by ``1 - lr * wd``.
        wd_bias: the same for user and item biases; None means as ``wd``.
        schedule: how the learning rate moves, see ``SCHEDULES``.
        seed: of the initial weights and the order of the batches.
        device: ``auto`` or one of torch's.
        keep_best: whether to end with the weights of the epoch with the lowest validation loss.
        patience: stop after this many epochs without a lower validation loss; None never does.

    Raises:
        CollabVizError: naming the setting that cannot be.
    """

    dataset: str = "ml-100k"
    model: str = "dot-product-bias"
    preset: str = "book"
    split: SplitSpec = field(default_factory=SplitSpec)
    sizes: Mapping[str, int] = field(default_factory=dict)
    y_range: tuple[float, float] | None = None
    epochs: int = 5
    batch_size: int = 64
    lr: float = 5e-3
    wd: float = 0.1
    wd_bias: float | None = None
    schedule: str = "one-cycle"
    seed: int = 42
    device: str = "auto"
    keep_best: bool = False
    patience: int | None = None

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise CollabVizError(unknown_name("model", self.model, MODELS))
        _require(self.schedule in SCHEDULES, "schedule", self.schedule, f"one of {', '.join(SCHEDULES)}")
        _require(self.device in DEVICES, "device", self.device, f"one of {', '.join(DEVICES)}")
        _require(1 <= self.epochs <= 1_000, "epochs", self.epochs, "between 1 and 1,000")
        _require(self.batch_size >= 1, "batch_size", self.batch_size, "1 or more")
        _require(0 < self.lr <= 100, "lr", self.lr, "above 0 and at most 100")
        _require(0 <= self.wd <= 100, "wd", self.wd, "between 0 and 100")
        _require(self.wd_bias is None or 0 <= self.wd_bias <= 100, "wd_bias", self.wd_bias, "between 0 and 100")
        _require(0 <= self.seed < 2**32, "seed", self.seed, "a whole number from 0 to 4,294,967,295")
        _require(self.patience is None or self.patience >= 1, "patience", self.patience, "1 or more, or none")
        low, high = self.y_range or (0, 1)
        _require(isfinite(low) and isfinite(high) and low < high, "y_range", self.y_range, "two rising numbers")
        options = {option.name: option for option in self.spec.size_options}
        for name, size in self.sizes.items():
            if name not in options:
                raise CollabVizError(unknown_name(f"size of {self.model}", name, options))
            _require(1 <= size <= options[name].maximum, name, size, f"between 1 and {options[name].maximum:,}")

    @property
    def spec(self) -> ModelSpec:
        """The model, as the registry describes it."""
        return MODELS[self.model]

    @property
    def decay_of_biases(self) -> float:
        """The weight decay of user and item biases."""
        return self.wd if self.wd_bias is None else self.wd_bias

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; ``from_dict`` turns them back."""
        return {**asdict(self), "sizes": dict(self.sizes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Recipe":
        """The recipe of ``as_dict``.

        Raises:
            CollabVizError: on a setting it does not know.
        """
        known = {f.name for f in fields(cls)}
        for name in values:
            if name not in known:
                raise CollabVizError(unknown_name("setting", name, known))
        given = dict(values)
        if given.get("y_range") is not None:
            low, high = given["y_range"]
            given["y_range"] = (float(low), float(high))
        if "split" in given:
            given["split"] = SplitSpec(**given["split"])
        return cls(**given)

    def with_settings(self, settings: Mapping[str, str]) -> "Recipe":
        """A copy with settings given as text: ``{"lr": "0.01", "split.kind": "time", "n_factors": "20"}``.

        Raises:
            CollabVizError: on an unknown name or a value of the wrong kind.
        """
        recipe = self
        for name, text in settings.items():
            recipe = recipe._with_setting(name, text)
        return recipe

    def _with_setting(self, name: str, text: str) -> "Recipe":
        sizes = {option.name for option in self.spec.size_options}
        if name in sizes:
            return replace(self, sizes={**self.sizes, name: _WHOLE.read(name, text)})
        if name not in SETTINGS:
            raise CollabVizError(unknown_name("setting", name, {*SETTINGS, *sizes}))
        value = SETTINGS[name].read(name, text)
        if name.startswith("split."):
            return replace(self, split=replace(self.split, **{name.removeprefix("split."): value}))
        return replace(self, **{name: value})


@dataclass(frozen=True)
class _Kind:
    """How a setting is read from text, and how to say what it takes."""

    parse: Callable[[str], Any]
    takes: str

    def read(self, name: str, text: str) -> Any:
        try:
            return self.parse(text)
        except (ValueError, KeyError):
            raise CollabVizError(f"{name}={text}: it takes {self.takes}.") from None


def _or_none(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    return lambda text: None if text.lower() == "none" else parse(text)


def _pair(text: str) -> tuple[float, float]:
    low, high = text.split(",")
    return float(low), float(high)


_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TEXT = _Kind(str, "a name")
_WHOLE = _Kind(int, "a whole number")
_NUMBER = _Kind(float, "a number")

SETTINGS: Mapping[str, _Kind] = {
    "split.kind": _TEXT,
    "split.fraction": _NUMBER,
    "split.seed": _WHOLE,
    "split.per_user": _WHOLE,
    "split.fold": _TEXT,
    "y_range": _Kind(_or_none(_pair), "two numbers with a comma between them, such as 0,5.5, or none"),
    "epochs": _WHOLE,
    "batch_size": _WHOLE,
    "lr": _NUMBER,
    "wd": _NUMBER,
    "wd_bias": _Kind(_or_none(float), "a number, or none"),
    "schedule": _TEXT,
    "seed": _WHOLE,
    "device": _TEXT,
    "keep_best": _Kind(lambda text: _TRUTH[text.lower()], "true or false"),
    "patience": _Kind(_or_none(int), "a whole number, or none"),
}


def _require(holds: bool, name: str, value: object, what: str) -> None:
    if not holds:
        raise CollabVizError(f"{name} is {value}; it must be {what}.")
