"""How learning rate and momentum move over a training."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi


@dataclass(frozen=True)
class Phase:
    """The optimiser's settings at one step: learning rate and momentum (Adam's beta 1)."""

    lr: float
    momentum: float


def one_cycle(progress: float, lr: float) -> Phase:
    """The one-cycle policy as fastai's ``fit_one_cycle`` has it (Smith 2018; fast.ai book, chapter 13).

    Over the first quarter the rate rises from ``lr / 25`` to ``lr`` while momentum falls from 0.95 to 0.85; then
    the rate falls to ``lr / 1e5`` while momentum rises again; both along half a cosine.

    Args:
        progress: the share of all steps that are done, from 0 to 1.
        lr: the highest learning rate.
    """
    if progress < 0.25:
        along = progress / 0.25
        return Phase(_cosine(lr / 25, lr, along), _cosine(0.95, 0.85, along))
    along = (progress - 0.25) / 0.75
    return Phase(_cosine(lr, lr / 1e5, along), _cosine(0.85, 0.95, along))


def constant(progress: float, lr: float) -> Phase:
    """The same rate throughout, with Adam's usual momentum."""
    return Phase(lr, 0.9)


@dataclass(frozen=True)
class Schedule:
    """A schedule by name: the phase for the share of steps done and the highest rate, and a line on it."""

    at: Callable[[float, float], Phase]
    about: str


SCHEDULES = {
    "one-cycle": Schedule(one_cycle, "rises to lr over the first quarter and falls to almost nothing"),
    "constant": Schedule(constant, "stays at lr throughout"),
}


def _cosine(start: float, end: float, along: float) -> float:
    """From start to end along half a cosine."""
    return start + (end - start) * (1 - cos(pi * along)) / 2
