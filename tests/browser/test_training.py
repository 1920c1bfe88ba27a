"""Training, watched by a person in a browser."""

import os
import re
import signal
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from collabviz.runs import RunStore
from collabviz.training.presets import preset
from tests.browser.conftest import Server
from tests.browser.pages import App

pytestmark = [pytest.mark.browser, pytest.mark.movielens]

OpenPage = Callable[[str], Page]


def test_the_curve_of_the_default_training_moves_before_it_ends(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?pace=2"))
    app.watch()
    before = app.curve.first.get_attribute("d")
    expect(app.curve.first).not_to_have_attribute("d", before or "")
    expect(app.stop_button).to_be_visible()
    app.wait_until_trained()
    assert float(app.figure("Validation MSE").inner_text()) < 0.8231  # what the book's recipe reached


def test_a_reload_in_the_middle_finds_the_training_again(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?pace=4"))
    app.watch()
    app.page.reload()
    expect(app.curve.first).to_be_visible()
    expect(app.stop_button).to_be_visible()
    second = App(open_page(app.page.url))
    expect(second.curve.first).to_be_visible()
    second.stop_button.click()
    app.wait_until_trained()


def test_a_stopped_training_keeps_what_it_had_learned(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?pace=30"))
    app.watch()
    app.stop_button.click()
    app.wait_until_trained()
    expect(app.page.get_by_text("Stopped in epoch 1 of 5.")).to_be_visible()


def test_a_second_training_waits_for_its_place_in_the_queue(server: Server, open_page: OpenPage) -> None:
    first = App(open_page(f"{server.url}/train?pace=30"))
    first.watch()
    second = App(open_page(f"{server.url}/train?recipe=fast"))
    second.begin()
    expect(second.page.get_by_text("Number 1 in the queue.")).to_be_visible()
    first.stop_button.click()
    second.wait_until_trained()


def test_two_runs_lie_over_each_other_and_one_is_renamed_and_deleted(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?recipe=fast"))
    app.begin()
    expect(app.final_curve).to_be_visible()
    app.wait_until_trained()
    app.settle()
    app.page.get_by_label("Name of this run").fill("Beside the other")
    app.page.get_by_label("Name of this run").press("Enter")
    expect(app.box("Run")).to_have_value(re.compile("Beside the other"))

    app.choose("Model", "Dot product with a range")
    app.begin()
    expect(app.box("Run")).to_have_value(re.compile("Dot product with a range"))
    app.wait_until_trained()
    app.choose("Compare with", "Beside the other")
    expect(app.final_curve.locator(".legend")).to_contain_text("Beside the other")
    expect(app.table("The compared runs")).to_be_visible()

    address = app.page.url
    app.button("Delete").click()
    app.button("Delete for good").click()
    expect(app.box("Run")).not_to_have_value(re.compile("a range"))
    gone = App(open_page(address))
    expect(gone.page.get_by_text("There is no run")).to_be_visible()


def test_a_change_of_recipe_changes_what_is_trained(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train"))
    app.settle()
    app.view("fast")
    app.settle()
    app.begin()
    app.wait_until_trained()
    recipe = RunStore(server.home / "runs").get(app.run_in_url() or "").recipe
    assert recipe == preset("dot-product-bias", "fast")

    app.choose("Model", "Neural network")
    app.begin()
    app.wait_until_trained()
    run = RunStore(server.home / "runs").get(app.run_in_url() or "")
    assert run.recipe == preset("collab-nn", "fast")
    assert run.weights()["user_factors.weight"].shape == (944, 74)


def test_a_link_brings_its_settings_and_its_overlay(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?recipe=fast&epochs=2&lr=0.02"))
    app.begin()
    app.wait_until_trained()
    recipe = RunStore(server.home / "runs").get(app.run_in_url() or "").recipe
    assert (recipe.preset, recipe.epochs, recipe.lr, recipe.batch_size) == ("fast", 2, 0.02, 512)

    app.begin()
    app.wait_until_trained()
    app.choose("Compare with", "Dot product with biases")
    expect(app.table("The compared runs")).to_be_visible()
    app.page.reload()
    expect(app.table("The compared runs")).to_be_visible()


def test_a_killed_worker_is_told_and_replaced(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?pace=30"))
    app.watch()
    for pid in workers_of(server):
        os.kill(pid, signal.SIGKILL)
    expect(app.page.get_by_text("The worker was killed by SIGKILL")).to_be_visible()
    app.page.goto(f"{server.url}/train?recipe=fast")
    app.begin()
    app.wait_until_trained()


def test_a_training_that_cannot_be_says_why(server: Server, open_page: OpenPage) -> None:
    app = App(open_page(f"{server.url}/train?device=mps"))
    app.begin()
    expect(app.page.get_by_role("alert")).to_contain_text("finds no Apple GPU. Use auto or cpu.")


def workers_of(server: Server) -> list[int]:
    """Process ids of the server's workers."""
    listing = subprocess.run(
        ["ps", "--ppid", str(server.process.pid), "-o", "pid=", "-o", "args="],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split(maxsplit=1) for line in listing.stdout.splitlines()]
    return [int(pid) for pid, command in lines if "collabviz.jobs.worker" in command]
