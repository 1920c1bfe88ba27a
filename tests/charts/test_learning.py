"""Figures of a finished training."""

import numpy as np
import pandas as pd

from collabviz.analysis.learning import visible_range
from collabviz.charts import theme
from collabviz.charts.learning import Curve, loss_curves, lr_schedule


def history(*valid: float) -> pd.DataFrame:
    """Two records an epoch, the second with the validation loss."""
    steps = np.arange(1, 2 * len(valid) + 1)
    return pd.DataFrame(
        {
            "step": 10 * steps,
            "epoch": steps / 2,
            "train_loss": np.linspace(2, 0.7, steps.size),
            "valid_loss": np.column_stack([np.full(len(valid), np.nan), valid]).ravel(),
            "lr": np.linspace(1e-2, 1e-4, steps.size),
            "seconds": steps * 1.0,
        }
    )


def test_a_run_is_a_dotted_training_line_a_solid_validation_line_and_a_star_in_one_colour():
    training, validation, star = loss_curves([Curve("book", history(0.95, 0.82, 0.822))]).data
    assert (training.line.dash, validation.line.dash) == ("dot", None)
    assert training.line.width < validation.line.width
    assert {training.line.color, validation.line.color, star.marker.color} == {theme.PALETTE[0]}
    assert validation.x.tolist() == [1, 2, 3]
    assert (star.x.tolist(), star.y.tolist(), star.marker.symbol) == ([2], [0.82], "star")


def test_the_first_batches_do_not_set_the_range():
    run = history(0.95, 0.82)
    figure = loss_curves([Curve("book", run)])
    assert figure.layout.yaxis.range == visible_range([run])


def test_each_run_is_named_once_in_the_legend_with_colour_and_symbol_of_its_own():
    curves = [Curve(f"run {n}", history(0.9, 0.8)) for n in range(8)]
    named = [trace for trace in loss_curves(curves).data if trace.showlegend is not False]
    assert [trace.name for trace in named] == [f"run {n}" for n in range(8)]
    assert len({trace.line.color for trace in named}) == 8
    assert len({trace.marker.symbol for trace in named}) == 8


def test_the_turn_upward_is_shaded_from_the_best_epoch_on():
    figure = loss_curves([Curve("overfits", history(0.95, 0.861, 0.88, 0.893))])
    shade = figure.layout.shapes[0]
    assert (shade.x0, shade.x1) == (2, 4)
    assert figure.layout.annotations[0].text == "overfitting: 0.861 → 0.893"


def test_nothing_is_shaded_where_nothing_overfits_or_several_runs_are_compared():
    overfits = Curve("overfits", history(0.95, 0.861, 0.893))
    assert not loss_curves([Curve("good", history(0.95, 0.82))]).layout.shapes
    assert not loss_curves([overfits, overfits]).layout.shapes


def test_a_run_without_a_finished_epoch_and_no_run_at_all_can_be_drawn():
    begun = history(0.9).head(1)
    assert loss_curves([Curve("begun", begun)]).data[1].x.size == 0
    assert loss_curves([]).layout.height == theme.MAIN_HEIGHT


def test_names_people_gave_are_escaped():
    assert loss_curves([Curve("<b>mine</b>", history(0.9))]).data[0].name == "&lt;b&gt;mine&lt;/b&gt;"


def test_the_learning_rate_is_drawn_against_the_step():
    run = history(0.9, 0.8)
    line = lr_schedule(run).data[0]
    assert (line.x.tolist(), line.y.tolist()) == (run["step"].tolist(), run["lr"].tolist())
