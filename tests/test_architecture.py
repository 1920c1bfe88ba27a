"""Who may import whom: the contracts in pyproject.toml, and what the web process may not load as it starts."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "sklearn", "scipy"}

# What the web process imports before anybody trains; the packages with all that is in them.
MODULES = [
    "collabviz.jobs.queue",
    "collabviz.runs",
    "collabviz.sources.catalogue",
    "collabviz.sources.upload",
    "collabviz.training.presets",
    "models.registry",
]
PACKAGES = ["collabviz.analysis", "collabviz.charts", "collabviz.ui"]


def inside(package: str) -> list[str]:
    found = importlib.import_module(package)
    return [module.name for module in pkgutil.walk_packages(found.__path__, f"{package}.")]


def loaded_by(modules: list[str]) -> set[str]:
    """The top-level modules a fresh Python has loaded after importing these."""
    code = f"import {', '.join(modules)}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_the_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_web_process_starts_without_torch_and_scikit_learn() -> None:
    modules = MODULES + [module for package in PACKAGES for module in inside(package)]
    assert len(modules) > len(MODULES)
    assert not HEAVY & loaded_by(modules)


def test_this_would_notice_torch() -> None:
    assert "torch" in loaded_by(["models.dot_product"])
