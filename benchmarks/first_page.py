"""How long a person waits: ``python -m benchmarks.first_page`` (needs the packages of requirements-dev.txt).

Starts the app three times with MovieLens 100K on disk and drives a real Chromium: seconds from ``streamlit run`` to
the first page, and, with a warm worker, from the click on Train to the first point on the curve. Prints the medians.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from collabviz.sources.bundle import write_bundle
from collabviz.sources.catalogue import load

ROOT = Path(__file__).parents[1]
TIMES = 3


def main() -> None:
    """Measure, and print one line a figure."""
    ratings = load("ml-100k")
    firsts, points = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--headless", "--no-sandbox", "--disable-gpu"],
        )
        for _ in range(TIMES):
            with tempfile.TemporaryDirectory() as home:
                datasets = Path(home) / "datasets"
                datasets.mkdir()
                write_bundle(ratings, datasets / "ml-100k.ratings")
                page = browser.new_page()
                first, point = measure(page, home)
                firsts.append(first)
                points.append(point)
                page.close()
        browser.close()
    print(f"streamlit run to the first page: {median(firsts):.2f} s (of {', '.join(f'{s:.2f}' for s in firsts)})")
    print(f"click to the first point:        {median(points):.2f} s (of {', '.join(f'{s:.2f}' for s in points)})")


def measure(page: Page, home: str) -> tuple[float, float]:
    """Seconds to the first page of a fresh server, and from a click on Train to the first point."""
    port = free_port()
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"],
        cwd=ROOT,
        env={**os.environ, "COLLABVIZ_HOME": home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not is_up(port):
            time.sleep(0.02)
        page.goto(f"http://localhost:{port}/train")
        page.get_by_role("button", name="Train", exact=True).wait_for()
        first = time.perf_counter() - began
        time.sleep(10)  # the worker warms up
        began = time.perf_counter()
        page.get_by_role("button", name="Train", exact=True).click()
        page.locator("[data-testid=stVegaLiteChart] svg path[aria-roledescription='line mark']").first.wait_for()
        return first, time.perf_counter() - began
    finally:
        server.terminate()
        server.wait()


def is_up(port: int) -> bool:
    """Whether the server answers."""
    with suppress(OSError), urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1):
        return True
    return False


def free_port() -> int:
    """A port nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
