"""The same things without a browser: ``python -m collabviz data | train | runs``.

What a command finds goes to stdout (with ``--json`` as one line), what it tells on the way to stderr. An error a
person can mend is one sentence on stderr and exit code 2.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from collabviz import __version__
from collabviz.errors import CollabVizError
from collabviz.ratings import Ratings
from collabviz.runs import Run, RunStore, new_id
from collabviz.training.control import Control
from collabviz.training.history import Record
from collabviz.training.presets import PRESETS, preset, title
from collabviz.training.recipe import DEVICES, SETTINGS, Recipe
from models.registry import MODELS

ERRORS = Console(stderr=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exits with 2 on an error the user can mend, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except CollabVizError as error:
        ERRORS.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        sys.stderr.close()


def data(options: argparse.Namespace) -> None:
    """Show what a set of ratings holds."""
    from collabviz.analysis.dataset import overview

    ratings = _ratings(options)
    seen = overview(ratings)
    if options.json:
        facts = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(seen).items()}
        _print_json({"name": ratings.name, "fingerprint": ratings.fingerprint, "note": ratings.note, **facts})
        return
    table = Table("", Column(overflow="fold"), title=ratings.name, show_header=False)
    table.add_row("Ratings", f"{seen.n_ratings:,}")
    table.add_row("Users", f"{seen.n_users:,}, the median with {seen.median_per_user:,.0f} ratings")
    table.add_row("Items", f"{seen.n_items:,}, the median with {seen.median_per_item:,.0f} ratings")
    table.add_row("Density", f"{seen.density:.2%}")
    table.add_row("Scale", f"{ratings.scale.min:g} to {ratings.scale.max:g} in steps of {ratings.scale.step:g}")
    table.add_row("Mean", f"{seen.mean_rating:.3f}")
    if seen.first_day and seen.last_day:
        table.add_row("Days", f"{seen.first_day} to {seen.last_day}")
    table.add_row("Fingerprint", ratings.fingerprint)
    Console().print(table)
    if ratings.note:
        ERRORS.print(ratings.note, markup=False)


def train(options: argparse.Namespace) -> None:
    """Train a model and keep the run."""
    recipe = _recipe(options)
    ratings = _ratings(options)
    from collabviz.jobs.work import train_run

    with _training_bar(recipe) as watch, _stopped_by_ctrl_c() as control:
        run = train_run(recipe, ratings, RunStore(), new_id(), name=options.name, watch=watch, control=control)
    if options.json:
        _print_json(_result(run))
    else:
        Console().print(_epochs_table(run))
        Console().print(f"Run {run.id} is kept. Open it in the app, or: python -m collabviz runs", highlight=False)
    if run.reason:
        ERRORS.print(run.reason, markup=False)


def runs(options: argparse.Namespace) -> None:
    """List what has been trained."""
    listing = RunStore().listing()
    if options.json:
        _print_json({"runs": [_result(run) for run in listing.runs], "damaged": [vars(d) for d in listing.damaged]})
        return
    narrow = [Column(title, no_wrap=True) for title in ("Run", "MSE", "Fit, s", "Status")]
    table = Table(*narrow, "What", box=SIMPLE, caption="MSE: on the validation ratings")
    for run in listing.runs:
        metrics = run.metrics
        figures = f"{metrics.valid_mse:.4f}", f"{metrics.fit_seconds:.2f}", run.status
        table.add_row(run.id, *figures, f"{run.name}: {run.recipe.model}, {title(run.recipe)}, {run.dataset}")
    Console().print(table if listing.runs else "There is no run yet. Train one: python -m collabviz train")
    for damaged in listing.damaged:
        ERRORS.print(f"{damaged.folder} cannot be read: {damaged.reason}", markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m collabviz", description="Train collaborative-filtering models and look into what they learned."
    )
    parser.add_argument("--version", action="version", version=f"collabviz {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    about = commands.add_parser("data", help="show what a set of ratings holds")
    _add_source(about)
    about.set_defaults(command=data)

    fit = commands.add_parser("train", help="train a model and keep the run")
    _add_source(fit)
    fit.add_argument("--model", default="dot-product-bias", metavar="NAME", help=f"one of {', '.join(MODELS)}")
    fit.add_argument("--recipe", default="book", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    fit.add_argument("--seed", type=int, default=42, help="of the split, the weights and the batches")
    fit.add_argument("--device", default="auto", choices=DEVICES)
    fit.add_argument("--name", default="", help="what to call the run")
    fit.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help=f"change a setting of the recipe; may be repeated. Settings: {', '.join(SETTINGS)}, and sizes (n_factors)",
    )
    fit.set_defaults(command=train)

    listing = commands.add_parser("runs", help="list what has been trained")
    listing.set_defaults(command=runs)
    for command in (about, fit, listing):
        command.add_argument("--json", action="store_true", help="one line of JSON on stdout")
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--dataset", default="ml-100k", metavar="NAME", help="ratings by name (default: ml-100k)")
    source.add_argument("--file", type=Path, metavar="PATH", help="a ratings file, or a MovieLens archive or folder")
    parser.add_argument("--skip-problems", action="store_true", help="with --file: leave out rows that cannot be used")


def _ratings(options: argparse.Namespace) -> Ratings:
    """The ratings the options ask for, with a progress bar while they are fetched."""
    from collabviz.sources.catalogue import load

    if options.file:
        return _from_file(options.file, options.skip_problems)
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn()
    with Progress(*columns, console=ERRORS, transient=True, disable=not ERRORS.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return load(options.dataset, show)


def _from_file(path: Path, skip_problems: bool) -> Ratings:
    """Ratings from a file of the user's: an archive of MovieLens, or any table."""
    from collabviz.sources import upload
    from collabviz.sources.catalogue import is_ours, load_path

    if not path.exists():
        raise CollabVizError(f"There is no file or folder {path}. Check the path.")
    if is_ours(path):
        return load_path(path)
    found = upload.guess(path, path.name)
    result = upload.read(path, path.name, found.layout, found.columns)
    for note in (*found.notes, *result.notes):
        ERRORS.print(note, markup=False, highlight=False)
    if len(result.problems) and not skip_problems:
        first = result.problems.iloc[0]
        raise CollabVizError(
            f"{len(result.problems):,} of {result.n_read:,} rows of {path.name} cannot be used, the first at line "
            f"{first['line']}: {first['reason']} Mend them, or pass --skip-problems to use the rest."
        )
    return result.ratings


def _recipe(options: argparse.Namespace) -> Recipe:
    settings = {}
    for text in options.set:
        name, equals, value = text.partition("=")
        if not equals:
            raise CollabVizError(f"--set {text}: it takes SETTING=VALUE, such as --set lr=0.01.")
        settings[name.strip()] = value.strip()
    dataset = options.file.name if options.file else options.dataset
    chosen = preset(options.model, options.recipe, dataset=dataset, seed=options.seed)
    return chosen.with_settings({"device": options.device, **settings})


@contextmanager
def _training_bar(recipe: Recipe) -> Iterator[Callable[[Record], None]]:
    """A progress bar over the epochs, with the losses beside it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[losses]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=ERRORS, disable=not ERRORS.is_terminal) as bar:
        task = bar.add_task(f"Training {recipe.model}", total=recipe.epochs, losses="")
        valid = ""

        def watch(record: Record) -> None:
            nonlocal valid
            if record.valid_loss is not None:
                valid = f", validation {record.valid_loss:.4f}"
            bar.update(task, completed=record.epoch, losses=f"training {record.train_loss:.4f}{valid}")

        yield watch


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[Control]:
    """The first Ctrl-C stops the training and keeps what was learned; a second one gives it up."""
    control = Control()

    def stop(signum: int, frame: FrameType | None) -> None:
        if control.stopped:
            raise KeyboardInterrupt
        control.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield control
    finally:
        signal.signal(signal.SIGINT, before)


def _result(run: Run) -> dict[str, Any]:
    """What ``train --json`` tells of a run."""
    metrics = run.metrics
    return {
        "run": run.id,
        "name": run.name,
        "status": run.status,
        "model": run.recipe.model,
        "recipe": run.recipe.as_dict(),
        "valid_mse": metrics.valid_mse,
        "valid_rmse": metrics.valid_rmse,
        "train_mse": metrics.train_mse,
        "fit_seconds": metrics.fit_seconds,
        "ratings_per_second": metrics.ratings_per_second,
        "device": run.device,
        "device_reason": run.device_reason,
        "device_memory": metrics.device_memory,
        "epochs": metrics.epochs,
    }


def _epochs_table(run: Run) -> Table:
    table = Table("Epoch", "Training MSE", "Validation MSE", "Seconds", title=f"{run.name} on {run.device}")
    for number, epoch in enumerate(run.metrics.epochs, start=1):
        best = " (lowest)" if number == run.metrics.best_epoch else ""
        figures = f"{epoch['train_mse']:.4f}", f"{epoch['valid_mse']:.4f}{best}", f"{epoch['seconds']:.2f}"
        table.add_row(str(number), *figures)
    return table


def _print_json(content: dict[str, Any]) -> None:
    print(json.dumps(content, ensure_ascii=False))
