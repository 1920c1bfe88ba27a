from math import cos, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabviz.training.schedule import SCHEDULES, constant, one_cycle

LR = 5e-3


@pytest.mark.parametrize(
    ("progress", "lr", "momentum"),
    [(0.0, LR / 25, 0.95), (0.125, (LR / 25 + LR) / 2, 0.9), (0.25, LR, 0.85), (1.0, LR / 1e5, 0.95)],
)
def test_one_cycle_passes_through_the_points_that_define_it(progress: float, lr: float, momentum: float) -> None:
    phase = one_cycle(progress, LR)
    assert (phase.lr, phase.momentum) == pytest.approx((lr, momentum))


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_rate_rises_for_a_quarter_and_falls_after_it_and_momentum_the_other_way(one: float, other: float) -> None:
    early, late = sorted([one, other])
    before, after = one_cycle(early, LR), one_cycle(late, LR)
    if late <= 0.25:
        assert before.lr <= after.lr
        assert before.momentum >= after.momentum
    elif early >= 0.25:
        assert before.lr >= after.lr
        assert before.momentum <= after.momentum


def as_fastai_has_it(progress: float, start: float, middle: float, end: float) -> float:
    """``combined_cos(0.25, start, middle, end)`` of fastai.callback.schedule."""

    def sched_cos(start: float, end: float, along: float) -> float:
        return start + (1 + cos(pi * (1 - along))) * (end - start) / 2

    if progress < 0.25:
        return sched_cos(start, middle, progress / 0.25)
    return sched_cos(middle, end, (progress - 0.25) / 0.75)


@given(st.floats(0, 1), st.floats(1e-5, 1))
def test_one_cycle_is_fastais(progress: float, lr: float) -> None:
    phase = one_cycle(progress, lr)
    assert phase.lr == pytest.approx(as_fastai_has_it(progress, lr / 25, lr, lr / 1e5))
    assert phase.momentum == pytest.approx(as_fastai_has_it(progress, 0.95, 0.85, 0.95))


@given(st.floats(0, 1))
def test_a_constant_schedule_does_not_move(progress: float) -> None:
    assert constant(progress, LR) == constant(0, LR)
    assert constant(progress, LR).lr == LR


def test_each_schedule_goes_by_its_name() -> None:
    assert {name: schedule.at for name, schedule in SCHEDULES.items()} == {"one-cycle": one_cycle, "constant": constant}
