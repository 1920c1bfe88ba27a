# `make run` and `make test` each do all their set-up, on a fresh clone too; a second call starts in seconds.

PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test check format benchmark clean chromium

help:
	@echo "make run        set up and open the app on http://localhost:$(PORT)"
	@echo "make test       set up, check, and run every test, browser tests included"
	@echo "make check      ruff, mypy and import-linter only"
	@echo "make format     put the code in shape"
	@echo "make benchmark  train every recipe over three seeds and print the README's table"
	@echo "make clean      remove .venv and every cache"

run: .venv/.installed
	@echo "Starting CollabViz on http://localhost:$(PORT) (stop it with Ctrl-C)."
	@$(BIN)/streamlit run app.py --server.port $(PORT)

test: check chromium
	@echo "Running the tests. The first run fetches MovieLens 100K (2 MB) and keeps it in .cache/."
	@$(BIN)/pytest

check: .venv/.installed-dev
	@echo "Checking style (ruff), types (mypy) and imports (import-linter)."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: .venv/.installed-dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

benchmark: .venv/.installed
	@$(BIN)/python -m benchmarks.chapter

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The browser tests drive Debian's Chromium, or whatever Chromium or Chrome is there.
chromium:
	@command -v chromium chromium-browser google-chrome > /dev/null 2>&1 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null 2>&1; then \
	  echo "Installing chromium for the browser tests (about a minute)."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium > /dev/null; \
	else \
	  echo "No Chromium is here: install the package chromium to run the browser tests."; \
	fi

.venv/.python:
	@command -v $(PYTHON) > /dev/null || { echo "CollabViz needs Python 3.11 or newer, and there is no $(PYTHON)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "CollabViz needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making a virtual environment in .venv."
	@$(PYTHON) -m venv .venv || { echo "On Debian and Ubuntu, install the package python3-venv."; exit 1; }
	@touch $@

.venv/.installed: requirements.txt | .venv/.python
	@echo "Installing the app's packages into .venv (the first time this takes a minute or a few)."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing the packages for checks and tests into .venv."
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
