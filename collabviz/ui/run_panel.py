"""A finished run on a page: its figures, its curves beside others', and what one can do with it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from collabviz.analysis.learning import epochs_table, overfitting
from collabviz.charts import learning
from collabviz.charts.learning import Curve
from collabviz.charts.theme import MAIN_HEIGHT
from collabviz.ratings import Ratings
from collabviz.runs import UNFINISHED, Run
from collabviz.sources.catalogue import title_of
from collabviz.ui import keys, links, services, show
from collabviz.ui.frame import run_label
from collabviz.ui.show import literal

_FIGURES = {
    "Training MSE": st.column_config.NumberColumn(format="%.4f"),
    "Validation MSE": st.column_config.NumberColumn(format="%.4f"),
    "Seconds": st.column_config.NumberColumn(format="%.2f"),
    "Fit, s": st.column_config.NumberColumn(format="%.2f"),
}


def headline(run: Run, ratings: Ratings) -> None:
    """The four figures that matter, and anything odd about the run: its ratings, its end, overfitting."""
    metrics = run.metrics
    gain = 1 - metrics.valid_mse / metrics.baseline_mse
    show.figures(
        {
            "Validation MSE": f"{metrics.valid_mse:.4f}",
            "RMSE": f"{metrics.valid_rmse:.4f}",
            "Better than the mean": f"{gain:.1%}",
            "Time to fit": show.duration(metrics.fit_seconds),
        },
        helps={
            "Validation MSE": "Mean squared error on ratings the model has not trained on; lower is better.",
            "RMSE": "Its square root: a typical error, in rating points.",
            "Better than the mean": "How much lower than the error of predicting the mean training rating for "
            f"everything, which is {metrics.baseline_mse:.4f}.",
            "Time to fit": f"{metrics.ratings_per_second:,.0f} ratings per second on {run.device}, because "
            f"{run.device_reason}.",
        },
    )
    if run.fingerprint != ratings.fingerprint:
        st.caption(f"It was trained on other ratings than those that are loaded: {literal(title_of(run.dataset))}.")
    if run.reason:
        st.warning(literal(run.reason), icon=":material/info:")
    turn = overfitting(run.history())
    if turn:
        st.info(turn.fact, icon=":material/trending_up:")


def pick_others(run_id: str) -> list[Run]:
    """Runs to draw beside this one, as picked in a list of all the others."""
    runs = {run.id: run for run in services.run_store().listing().runs if run.id != run_id}
    if not runs:
        return []
    if keys.OVERLAY not in st.session_state:
        st.session_state[keys.OVERLAY] = [other for other in st.query_params.get_all(keys.OVERLAY) if other in runs][:7]
    picked = st.multiselect(
        "Compare with",
        list(runs),
        format_func=lambda other: run_label(runs[other]),
        key=keys.OVERLAY,
        max_selections=7,
        placeholder="Other runs",
    )
    st.query_params[keys.OVERLAY] = picked
    return [runs[other] for other in picked]


def curves(runs: Sequence[Run]) -> list[Curve]:
    """Histories under names that tell them apart."""
    return [Curve(label, run.history()) for label, run in zip(_labels(runs), runs, strict=True)]


def loss_chart(runs: Sequence[Run], height: int = MAIN_HEIGHT) -> None:
    """The loss curves of these runs, the first one's being the one the page is about."""
    show.chart(learning.loss_curves(curves(runs), height), key="losses", alt="Training and validation loss by epoch")


def details(run: Run) -> None:
    """The table behind the curve, and the schedule."""
    epochs, schedule = st.tabs(["Epochs", "Learning rate"])
    history = run.history()
    with epochs:
        table = epochs_table(history).set_axis(["Epoch", "Training MSE", "Validation MSE", "Seconds"], axis="columns")
        show.table(table, f"{run.id}-epochs.csv", alt="Losses by epoch", column_config=_FIGURES)
    with schedule:
        show.chart(learning.lr_schedule(history), key="schedule", alt="Learning rate by step")


def comparison(runs: Sequence[Run]) -> None:
    """The compared runs in one table."""
    rows = [
        {
            "Run": label,
            "Validation MSE": run.metrics.valid_mse,
            "Training MSE": run.metrics.train_mse,
            "Best epoch": run.metrics.best_epoch,
            "Fit, s": run.metrics.fit_seconds,
            "Settings": f"{run.recipe.model}, {_settings(run)}",
            "Ratings": title_of(run.dataset),
        }
        for label, run in zip(_labels(runs), runs, strict=True)
    ]
    show.table(pd.DataFrame(rows), "runs.csv", alt="The compared runs", column_config=_FIGURES)
    if len({(run.fingerprint, run.recipe.split) for run in runs}) > 1:
        st.caption(
            "These runs differ in their ratings or in what was held out, so their losses do not compare exactly."
        )


def keep_or_delete(run: Run) -> None:
    """Rename the run, or delete it after asking."""
    key = f"rename-{run.id}"

    def rename() -> None:
        name = st.session_state[key]
        if not name.strip():
            st.session_state[key] = run.name
            return
        services.run_store().rename(run.id, name)
        st.session_state[keys.PENDING] = {keys.RUN: run.id}  # the picker takes up the new name

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of this run", value=run.name, key=key, max_chars=80, width=320, on_change=rename)
        with st.popover("Delete", icon=":material/delete:", key=f"delete-menu-{run.id}"):
            st.markdown(f"Delete **{literal(run_label(run))}** with everything it learned? This cannot be undone.")
            if st.button("Delete for good", type="primary", key=f"delete-{run.id}"):
                services.run_store().delete(run.id)
                links.choose(run=None)


def damaged() -> None:
    """Folders among the runs that cannot be read, named."""
    broken = services.run_store().listing().damaged
    broken = [folder for folder in broken if not services.job_queue().is_active(folder.folder.removeprefix(UNFINISHED))]
    if broken:
        with st.expander(f"Runs that cannot be read: {len(broken)}", icon=":material/folder_off:"):
            st.dataframe(
                [{"Folder": folder.folder, "Why": folder.reason} for folder in broken],
                hide_index=True,
                alt="Runs that cannot be read",
            )
            if st.button("Remove them", icon=":material/delete:"):
                for folder in broken:
                    services.run_store().clear(folder)
                st.rerun()


def _labels(runs: Sequence[Run]) -> list[str]:
    """The names of the runs, with their times where two have the same."""
    names = [run.name for run in runs]
    return [run.name if names.count(run.name) == 1 else run_label(run) for run in runs]


def _settings(run: Run) -> str:
    recipe = run.recipe
    return f"{recipe.epochs} epochs, batch {recipe.batch_size}, lr {recipe.lr:g}, wd {recipe.wd:g}"
