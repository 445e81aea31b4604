# Two commands do everything on a fresh machine, set-up included:
#   make demo    the main job
#   make test    the tests
# and one proves on it that nothing leaks:
#   make verify
# PYTHON names the interpreter (3.11 up). LLM Guard needs one below 3.13; above it gorget, its successor, is taken.

PYTHON ?= python3
VENV ?= .venv
ENGINE := $(shell $(PYTHON) -c 'import sys; print("llm-guard" if sys.version_info < (3, 13) else "gorget")')
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PYTEST_ARGS ?=
ROOT := $(shell test "$$(id -u)" = 0 || echo sudo)

.PHONY: demo verify test coverage browser check lint types notebooks benchmarks measure wheel clean

demo: $(VENV)/.ready
	$(BIN)/lc-guard demo

verify: $(VENV)/.ready
	$(BIN)/lc-guard verify

test: $(VENV)/.ready-dev browser
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# The report's page is looked at in a real browser: CHROMIUM names one that is not on the PATH.
browser:
	-@test -n "$$CHROMIUM" || command -v chromium chromium-browser google-chrome >/dev/null || { \
	    echo "installing Chromium, in which the tests open the report's page"; \
	    $(ROOT) apt-get update -q && $(ROOT) apt-get install -qy --no-install-recommends chromium; }

coverage: $(VENV)/.ready-dev browser
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

check: lint types test

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-dev
	$(BIN)/mypy

notebooks: $(VENV)/.ready-dev
	$(BIN)/python -m pytest tests/test_notebooks.py

benchmarks: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks

# The package itself: its size, how far a prompt walks through it, its most complex functions. MEASURE_ARGS=--suite
# runs the tests as well, for their time.
measure: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.measure $(MEASURE_ARGS)

wheel: $(VENV)/.ready-dev
	$(BIN)/python -m build --wheel --outdir dist .

clean:
	rm -rf $(VENV) build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'

$(VENV)/.ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing lc-guard with $(ENGINE) into $(VENV): a few minutes, once"
	$(PIP) install --constraint constraints.txt --editable '.[$(ENGINE),openai]'
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(PIP) install --constraint constraints.txt --group dev
	@touch $@
