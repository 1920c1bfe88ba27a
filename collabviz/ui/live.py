"""A training, watched: the curve that grows, how long it will take, and how to stop it or slow it down."""

import time

import pandas as pd
import streamlit as st

from collabviz.analysis.learning import overfitting, settled
from collabviz.charts import theme
from collabviz.charts.learning import Curve
from collabviz.jobs.queue import Job, JobState
from collabviz.training.history import Record, as_frame
from collabviz.ui import services, show

EVERY_SECONDS = 1.0
PATIENCE_SECONDS = 0.8
SLOWEST = 20.0


def ended(job: Job) -> None:
    """Why a job ended without leaving a run."""
    if job.state is JobState.FAILED:
        st.error(show.literal(job.reason), icon=":material/error:")
    else:
        st.info(show.literal(job.reason), icon=":material/info:")


@st.fragment(run_every=EVERY_SECONDS)
def watch(job_id: str, overlay: list[Curve], *, height: int) -> None:
    """Follow a job until it ends; then run the page again, which finds a run in its place."""
    job = services.job_queue().get(job_id)
    if job is None or not job.active:
        st.rerun()
    records = _records(job)
    job = services.job_queue().get(job_id) or job
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        _progress(job, records)
        if st.button("Stop", icon=":material/stop_circle:", key="stop"):
            services.job_queue().cancel(job_id)
    _figures(records)
    turn = overfitting(as_frame(records))
    if turn:
        st.info(turn.fact, icon=":material/trending_up:")
    if len(records) > 1:
        _curve(job, records, overlay, height)
    else:
        st.container(height=height, border=False)  # keeps the curve's place
    _pace(job)


def _records(job: Job) -> list[Record]:
    """The records so far; the very first are worth a short wait, because the next look is a second away."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while len(records := services.run_store().history(job.id)) < 2:
        waiting = services.job_queue().get(job.id)
        if time.monotonic() > patience or not waiting or waiting.place > 1:
            break
        time.sleep(0.05)
    return records


def _progress(job: Job, records: list[Record]) -> None:
    device = services.job_queue().device
    if job.state is JobState.QUEUED:
        st.progress(0.0, text=f"Number {job.place} in the queue." if device else "The trainer is starting up.")
        return
    done = records[-1].epoch if records else 0.0
    epoch = min(int(done) + 1, job.recipe.epochs)
    left = f", {show.duration(_seconds_left(job, records[-1]))} left" if records else ""
    where = device if job.recipe.device == "auto" else job.recipe.device
    st.progress(min(done / job.recipe.epochs, 1.0), text=f"Epoch {epoch} of {job.recipe.epochs}{left}, on {where}")


def _seconds_left(job: Job, last: Record) -> float:
    """What is left at the pace so far, or at the classroom's where that is slower."""
    seconds_per_epoch = max(last.seconds / last.epoch, job.seconds_per_epoch)
    return seconds_per_epoch * (job.recipe.epochs - last.epoch)


def _figures(records: list[Record]) -> None:
    valid = [record.valid_loss for record in records if record.valid_loss is not None]
    last = records[-1] if records else None
    memory = {"Device memory": f"{last.device_memory / 2**20:,.0f} MiB"} if last and last.device_memory else {}
    show.figures(
        {
            "Validation loss": f"{valid[-1]:.4f}" if valid else "–",
            "Training loss": f"{last.train_loss:.4f}" if last else "–",
            "Ratings per second": f"{last.ratings_per_second:,.0f}" if last else "–",
            **memory,
        },
        helps={
            "Validation loss": "Mean squared error on ratings the model does not train on, at the end of each epoch.",
            "Training loss": "Mean squared error on the ratings of the last few batches.",
        },
    )


def _curve(job: Job, records: list[Record], overlay: list[Curve], height: int) -> None:
    """Training and validation loss so far; the data change in place, so that nothing flickers."""
    label = job.name or job.recipe.spec.title
    if label in (curve.label for curve in overlay):
        label = f"{label} (in training)"
    curves = [Curve(label, as_frame(records)), *overlay]
    names = [curve.label for curve in curves]
    tooltip = [
        {"field": "run", "title": "run"},
        {"field": "kind", "title": "loss"},
        {"field": "epoch", "type": "quantitative", "format": ".2f", "title": "epoch"},
        {"field": "loss", "type": "quantitative", "format": ".4f", "title": "mean squared error"},
    ]
    dash = {
        "field": "kind",
        "title": None,
        "scale": {"domain": ["validation", "training"], "range": [[1, 0], [2, 3]]},
        "legend": {"symbolType": "stroke", "symbolStrokeColor": theme.NEUTRAL, "symbolStrokeWidth": 2},
    }
    points = {"condition": {"test": "datum.kind === 'validation'", "value": 1}, "value": 0}
    spec = {
        "data": {"name": "losses"},
        "datasets": {"losses": pd.concat([_long(curve) for curve in curves])},
        "height": height,
        "config": {"legend": {"orient": "top"}},
        "encoding": {
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "epochs of training",
                "scale": {"domain": [0, max(job.recipe.epochs, *(curve.history["epoch"].max() for curve in curves))]},
                "axis": {"tickMinStep": 1, "format": "d"},
            },
            "y": {
                "field": "loss",
                "type": "quantitative",
                "title": "mean squared error, rating points²",
                "scale": {"zero": False},
                "axis": {"format": ".2f"},
            },
            "color": {
                "field": "run",
                "title": None,
                "scale": {"domain": names, "range": [theme.colour(place) for place in range(len(names))]},
            },
            "tooltip": tooltip,
        },
        "layer": [
            {"mark": {"type": "line", "clip": True}, "encoding": {"strokeDash": dash}},
            {"mark": {"type": "point", "filled": True, "size": 60}, "encoding": {"opacity": points}},
        ],
    }
    st.vega_lite_chart(spec, key=f"live-{job.id}", alt="Training and validation loss so far, by epoch")


def _long(curve: Curve) -> pd.DataFrame:
    """One row a point; the steep beginning is left out once there is something after it."""
    long = (
        settled(curve.history).melt("epoch", ["valid_loss", "train_loss"], var_name="kind", value_name="loss").dropna()
    )
    kinds = {"valid_loss": "validation", "train_loss": "training"}
    return long.assign(kind=long["kind"].map(kinds), run=curve.label)


def _pace(job: Job) -> None:
    def change() -> None:
        services.job_queue().set_pace(job.id, st.session_state[key])

    key = f"pace-{job.id}"
    st.slider(
        "Classroom pace, seconds per epoch",
        0.0,
        SLOWEST,
        value=job.seconds_per_epoch,
        step=1.0,
        format="%g",
        key=key,
        on_change=change,
        help="Slows training down so that a class can watch. 0 is full speed.",
        width=320,
    )
