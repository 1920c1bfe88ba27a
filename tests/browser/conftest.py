"""A real server and a real Chromium for what a person does."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from collabviz.ratings import Ratings
from collabviz.sources.bundle import write_bundle

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Streamlit itself asks for these below a page's path before it finds the server at the root.
PROBES = ("/_stcore/health", "/_stcore/host-config")

expect.set_options(timeout=30_000)


class Server:
    """One ``streamlit run app.py`` with a home of its own."""

    def __init__(self, home: Path, log: Path, **environment: str) -> None:
        self.home = home
        self.log = log
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        with log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [*command, f"--server.port={self.port}"],
                cwd=ROOT,
                env={**os.environ, "COLLABVIZ_HOME": str(home), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"The app did not start: {self.said()}")

    def said(self) -> str:
        """Everything in the log."""
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers; each has a home of its own, and its log must be free of tracebacks when it stops."""
    servers: list[Server] = []

    def start(ratings: Ratings | None = None, **environment: str) -> Server:
        home = tmp_path_factory.mktemp("served")
        if ratings is not None:
            (home / "datasets").mkdir()
            write_bundle(ratings, home / "datasets" / f"{ratings.name}.ratings")
        servers.append(Server(home, tmp_path_factory.mktemp("log") / "server.log", **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
    for server in servers:
        assert "Traceback" not in server.said(), server.said()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server], movielens: Ratings) -> Server:
    """The app with MovieLens 100K on disk."""
    return serve(movielens)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; in CI a missing one is a failure."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium, and CI must drive one: install the package chromium.")
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens browser tabs; none may log an error, or ask another host for anything."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.location["url"].endswith(PROBES):
            complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def watch(request: Request) -> None:
        if not request.url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:")):
            complaints.append(f"asked another host: {request.url}")

    def start(url: str) -> Page:
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", watch)
        page.goto(url)
        return page

    yield start
    context.close()
    assert not complaints


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
