"""The training loop: AdamW with decoupled weight decay and one-cycle, over tensors that stay on the device."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from types import TracebackType

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from collabviz.ratings import IntArray, Ratings, Split
from collabviz.training.control import Control
from collabviz.training.device import resolve_device, use_threads
from collabviz.training.history import Record
from collabviz.training.recipe import Recipe
from collabviz.training.schedule import SCHEDULES
from models.base import CollabModel

Watch = Callable[[Record], None]
State = dict[str, Tensor]

# A curve needs points, not every step: each record waits once for the device. Twenty an epoch, one for every
# 100,000 ratings where that is more, and never so many that the history grows out of hand.
RECORDS_PER_EPOCH = 20
RATINGS_PER_RECORD = 100_000
RECORDS_AT_MOST = 2_000
# Frames of the animated map: a film needs no more, however long the training.
FRAMES_AT_MOST = 60
# Ratings a prediction takes at once: bounds its memory however many there are.
ROWS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Epoch:
    """One finished epoch: mean squared errors, and the seconds it took to train and validate."""

    train_mse: float
    valid_mse: float
    seconds: float


@dataclass
class Fit:
    """What came of a training.

    Attributes:
        status: ``done``, ``stopped`` (by whoever watched), ``early`` (patience ran out) or ``diverged``.
        reason: why it ended before its last epoch, in words; empty when it did not.
        epochs: the finished ones.
        best_epoch: number, from 1, of the epoch with the lowest validation loss; 0 when none was finished.
        kept_epoch: number of the epoch whose weights the model has now; None when it was stopped within one.
        valid_mse: of the weights the model has now.
        frames: item factors float16[n_items + 1, k] by the number of epochs done: 0, and each of at most sixty.
        fit_seconds: time spent training and validating, without the pauses of a classroom pace.
        ratings_per_second: training ratings over training time.
        device_memory: bytes at the highest, None where the device does not tell.
    """

    status: str = "done"
    reason: str = ""
    epochs: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
    kept_epoch: int | None = 0
    valid_mse: float = float("nan")
    frames: dict[int, npt.NDArray[np.float16]] = field(default_factory=dict)
    fit_seconds: float = 0.0
    ratings_per_second: float = 0.0
    device_memory: int | None = None


class Trainer:
    """Trains one model by one recipe on one split.

    The source is the fast.ai book, chapter 8: mean squared error, AdamW with decoupled weight decay (Loshchilov &
    Hutter 2019) with eps 1e-5 and squared momentum 0.99. Ratings are copied to the device once; an epoch is one
    gather in shuffled order and slices of it.

    Args:
        model: as the registry builds it; moved to the recipe's device.
        recipe: what to do.
        split: the ratings to train and validate on.
        watch: called with each record, on the training's thread.
        control: stops the training, or slows it down.

    Raises:
        CollabVizError: when the recipe asks for a device that is not there.
    """

    def __init__(
        self,
        model: CollabModel,
        recipe: Recipe,
        split: Split,
        *,
        watch: Watch | None = None,
        control: Control | None = None,
    ) -> None:
        self.recipe = recipe
        self.device = resolve_device(recipe.device)
        use_threads(sum(parameter.numel() for parameter in model.parameters()))
        self.model = model.to(self.device.torch)
        self._watch = watch or (lambda record: None)
        self._control = control or Control()
        self._train = self._resident(split, split.train)
        self._valid = self._resident(split, split.valid)
        self._optimizer = torch.optim.AdamW(_parameter_groups(self.model, recipe), eps=1e-5, fused=True)
        self._schedule = SCHEDULES[recipe.schedule]
        self._generator = torch.Generator().manual_seed(recipe.seed)
        self._step = 0
        self._steps_per_epoch = -(-len(split.train) // recipe.batch_size)
        self._stretch_rows = recipe.batch_size * _steps_per_record(len(split.train), recipe)
        self._frame_every = -(-recipe.epochs // FRAMES_AT_MOST)
        self._training, self._validating = Stopwatch(), Stopwatch()

    def fit(self) -> Fit:
        """Train until the last epoch, a stop, the end of patience, or a loss that is no number."""
        fit = Fit(frames={0: self._frame()})
        kept = best = self._snapshot()
        try:
            for number in range(1, self.recipe.epochs + 1):
                fit.epochs.append(self._epoch(number))
                if number % self._frame_every == 0 or number == self.recipe.epochs:
                    fit.frames[number] = self._frame()
                fit.kept_epoch, kept = number, self._snapshot()
                if fit.best_epoch == 0 or fit.epochs[-1].valid_mse < fit.epochs[fit.best_epoch - 1].valid_mse:
                    fit.best_epoch, best = number, kept
                waited = number - fit.best_epoch
                if waited == self.recipe.patience and number < self.recipe.epochs:
                    fit.status = "early"
                    epochs = "epoch" if waited == 1 else "epochs"
                    fit.reason = f"Stopped early: validation loss has not fallen for {waited} {epochs}."
                    break
        except _StoppedError:
            fit.status, fit.reason = "stopped", f"Stopped in epoch {number} of {self.recipe.epochs}."
            if self._step % self._steps_per_epoch:
                if isfinite(self._mse()):
                    fit.kept_epoch = None
                else:
                    self.model.load_state_dict(kept)
        except _DivergedError as error:
            fit.status, fit.reason = "diverged", str(error)
            if fit.kept_epoch:
                fit.reason += f" The weights are those after epoch {fit.kept_epoch}."
            self.model.load_state_dict(kept)
        if self.recipe.keep_best and fit.best_epoch:
            self.model.load_state_dict(best)
            fit.kept_epoch = fit.best_epoch
        return self._measured(fit)

    def predict(self, user: IntArray, item: IntArray) -> npt.NDArray[np.float32]:
        """Predicted ratings, float32[n], for codes int[n] with the unknown row for the unseen."""
        return self._predict(self._tensor(user), self._tensor(item)).cpu().numpy()

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """The model's parameters by name, on the CPU."""
        return {name: value.cpu().numpy() for name, value in self.model.state_dict().items()}

    def _epoch(self, number: int) -> Epoch:
        """Train on every rating once, in shuffled order, a stretch of steps for each record; then validate."""
        began = self._seconds
        with self._training:
            order = torch.randperm(len(self._train[2]), generator=self._generator).to(self.device.torch)
            user, item, rating = (column[order] for column in self._train)
        n, squared_error = len(rating), 0.0
        for start in range(0, n, self._stretch_rows):
            rows = slice(start, min(start + self._stretch_rows, n))
            size = rows.stop - start
            with self._training as stretch:
                squared_here = self._stretch(user[rows], item[rows], rating[rows])
            self._require_finite(squared_here, number)
            squared_error += squared_here
            valid_mse = self._validate(number) if rows.stop == n else None
            self._watch(
                Record(
                    step=self._step,
                    epoch=number - 1 + rows.stop / n,
                    train_loss=squared_here / size,
                    valid_loss=valid_mse,
                    lr=self._optimizer.param_groups[0]["lr"],
                    ratings_per_second=size / max(stretch.lap, 1e-9),
                    device_memory=self.device.memory(),
                    seconds=self._seconds,
                )
            )
            self._control.pause(self._control.seconds_per_epoch * size / n - stretch.lap)
        assert valid_mse is not None  # the last stretch of an epoch validates
        return Epoch(squared_error / n, valid_mse, self._seconds - began)

    def _stretch(self, user: Tensor, item: Tensor, rating: Tensor) -> float:
        """Train on these ratings batch by batch; the sum of their squared errors, read off the device once."""
        self.model.train()
        squared_error = torch.zeros((), device=self.device.torch)
        batch = self.recipe.batch_size
        for users, items, ratings in zip(*(torch.split(part, batch) for part in (user, item, rating)), strict=True):
            if self._control.stopped:
                raise _StoppedError
            self._set_phase()
            loss = F.mse_loss(self.model(users, items), ratings)
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimizer.step()
            self._optimizer.zero_grad()
            self._step += 1
            squared_error += loss.detach() * len(ratings)
        return float(squared_error)

    def _set_phase(self) -> None:
        """Move learning rate and momentum to where the schedule has them at this step."""
        total = self._steps_per_epoch * self.recipe.epochs
        phase = self._schedule.at(self._step / total, self.recipe.lr)
        for group in self._optimizer.param_groups:
            group["lr"], group["betas"] = phase.lr, (phase.momentum, 0.99)

    def _validate(self, number: int) -> float:
        """Mean squared error on the validation ratings at the end of an epoch."""
        with self._validating:
            mse = self._mse()
        self._require_finite(mse, number)
        return mse

    def _mse(self) -> float:
        user, item, rating = self._valid
        return float(F.mse_loss(self._predict(user, item), rating))

    @torch.no_grad()
    def _predict(self, user: Tensor, item: Tensor) -> Tensor:
        self.model.eval()
        pairs = zip(torch.split(user, ROWS_AT_ONCE), torch.split(item, ROWS_AT_ONCE), strict=True)
        return torch.cat([self.model(users, items) for users, items in pairs])

    def _require_finite(self, loss: float, number: int) -> None:
        if not isfinite(loss):
            raise _DivergedError(
                f"The loss stopped being a number in epoch {number}, at step {self._step:,}: "
                f"lr {self.recipe.lr:g} is too high for this model. Try a tenth of it."
            )

    def _measured(self, fit: Fit) -> Fit:
        """The fit with the figures that are known at its end."""
        fit.valid_mse = fit.epochs[fit.kept_epoch - 1].valid_mse if fit.kept_epoch else self._mse()
        fit.fit_seconds = self._seconds
        epochs, steps = divmod(self._step, self._steps_per_epoch)  # only the last batch of an epoch may be short
        n_seen = epochs * len(self._train[2]) + steps * self.recipe.batch_size
        fit.ratings_per_second = n_seen / max(self._training.seconds, 1e-9)
        fit.device_memory = self.device.memory()
        return fit

    @property
    def _seconds(self) -> float:
        return self._training.seconds + self._validating.seconds

    def _resident(self, split: Split, rows: IntArray) -> tuple[Tensor, Tensor, Tensor]:
        """User codes, item codes and ratings of these rows, on the device."""
        user, item = split.codes(rows)
        return self._tensor(user), self._tensor(item), self._tensor(split.ratings.rating[rows])

    def _tensor(self, array: npt.NDArray[np.generic]) -> Tensor:
        return torch.tensor(array, device=self.device.torch)

    def _snapshot(self) -> State:
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def _frame(self) -> npt.NDArray[np.float16]:
        """The item factors as they are now, half precision: for the eye, not for predictions."""
        factors = self.model.get_parameter(self.recipe.spec.offers["item_factors"])
        return factors.detach().half().cpu().numpy()


def fresh_model(recipe: Recipe, ratings: Ratings) -> CollabModel:
    """The recipe's model with its first weights, sized for these ratings."""
    generator = torch.Generator().manual_seed(recipe.seed)
    y_range = recipe.y_range or ratings.scale.y_range
    return recipe.spec.build(ratings.n_users, ratings.n_items, recipe.sizes, y_range, generator)


class Stopwatch:
    """Counts the seconds spent inside its ``with`` blocks; ``lap`` is the last of them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.lap = 0.0

    def __enter__(self) -> "Stopwatch":
        self._since = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lap = time.perf_counter() - self._since
        self.seconds += self.lap


class _StoppedError(Exception):
    """Whoever watched asked the training to end."""


class _DivergedError(ArithmeticError):
    """The loss is no longer a number."""


def _parameter_groups(model: CollabModel, recipe: Recipe) -> list[dict[str, object]]:
    """Parameters by their weight decay: factors and weights, biases of users and items, biases of layers (none)."""
    groups: dict[float, list[Tensor]] = {}
    for name, parameter in model.named_parameters():
        if name.startswith(("user_bias", "item_bias")):
            decay = recipe.decay_of_biases
        elif name.endswith(".bias"):
            decay = 0.0  # as fastai's wd_bn_bias=False
        else:
            decay = recipe.wd
        groups.setdefault(decay, []).append(parameter)
    return [{"params": parameters, "weight_decay": decay} for decay, parameters in groups.items()]


def _steps_per_record(n_train: int, recipe: Recipe) -> int:
    """How many steps lie between two records."""
    wanted = max(RECORDS_PER_EPOCH, n_train // RATINGS_PER_RECORD)
    records = max(1, min(wanted, RECORDS_AT_MOST // recipe.epochs))
    return max(1, -(-n_train // (recipe.batch_size * records)))
