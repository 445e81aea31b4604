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
# What looks at the locked versions has an environment of its own: it is no part of them.
SUPPLY := $(VENV)-supply-chain
PYTEST_ARGS ?=
# Each file of tests goes to one of several processes, the slow ones first; PARALLEL= runs them in one. There is one more
# than there are cores: a fifth of the time is waiting, for servers, time limits and other processes.
PARALLEL ?= -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --no-loadscope-reorder
MUTANTS ?=
VERIFY_FAULTS ?=
ROOT := $(shell test "$$(id -u)" = 0 || echo sudo)

# All versions of everything that `make test` installs: the tests run with these until `make locked` writes new ones.
LOCKED := requirements/$(ENGINE).txt
NOX_ARGS ?=
# pyenv shows the Pythons that are named, all of them here.
PYENV_VERSION := $(shell pyenv versions --bare 2>/dev/null | grep -E '^3\.1[1-4]\.[0-9]+$$' | paste -sd:)
NOX = PYENV_VERSION=$(PYENV_VERSION) $(BIN)/nox

.PHONY: demo doctor verify test coverage browser check lint types examples distributed notebooks mutants verify-faults benchmarks measure docs wheel lowest newest compatibility locked sbom audit clean

demo: $(VENV)/.ready
	$(BIN)/lc-guard demo

doctor: $(VENV)/.ready
	$(BIN)/lc-guard doctor

verify: $(VENV)/.ready
	$(BIN)/lc-guard verify

test: $(VENV)/.ready-dev browser
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

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

# The applications of examples/, whose packages have an environment of their own: what their provider receives is looked at.
examples: $(VENV)/.ready-dev
	$(NOX) -s $@ $(NOX_ARGS)

# Corpora on local clusters of Ray and Spark, in an environment of their own; Spark needs Java.
distributed: $(VENV)/.ready-dev
	@command -v java >/dev/null || { echo "installing Java, on which Spark runs"; \
	    $(ROOT) apt-get update -q && $(ROOT) apt-get install -qy --no-install-recommends openjdk-17-jre-headless; }
	$(NOX) -s $@ $(NOX_ARGS)

notebooks: $(VENV)/.ready-dev
	$(BIN)/python -m pytest tests/test_notebooks.py

# Faults put into a copy of the package: what catches each. MUTANTS=--write also writes docs/design/mutants.md.
mutants: $(VENV)/.ready-dev
	$(BIN)/python -m tests.mutants.run $(MUTANTS)

benchmarks: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks

# What lc-guard verify tells of each of 31 faults. VERIFY_FAULTS=--write also writes docs/design/verify.md.
verify-faults: $(VENV)/.ready-dev
	$(BIN)/python -m tests.mutants.verify $(VERIFY_FAULTS)

# The package itself: its size, how far a prompt walks through it, its most complex functions. MEASURE_ARGS=--suite
# runs the tests as well, for their time.
measure: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks.measure $(MEASURE_ARGS)

# The documentation site, in build/site: every warning is an error, every link is followed.
docs: $(VENV)/.ready-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site
	$(BIN)/python -m docs._site.check build/site

wheel: $(VENV)/.ready-dev
	$(BIN)/python -m build --wheel --outdir dist .
	$(BIN)/python -m twine check --strict dist/*.whl

# The tests of the seams on each Python that the machine has, with the lowest and the newest versions of everything;
# NOX_ARGS='-p 3.12' takes one Python.
lowest newest: $(VENV)/.ready-dev
	$(NOX) -s $@ $(NOX_ARGS)

# The same with the locked versions too; then docs/compatibility.md is written from these runs.
compatibility: $(VENV)/.ready-dev
	rm -rf build/compatibility
	$(NOX) -s lowest locked newest $(NOX_ARGS)
	$(NOX) -s compatibility

# Write the newest versions into the files of locked ones; llm-guard and gorget exclude each other.
locked: $(VENV)/.ready-dev
	for engine in llm-guard gorget; do \
	    $(BIN)/uv pip compile pyproject.toml --extra $$engine --extra openai --group dev --constraint constraints.txt \
	        --universal --python-version 3.11 --upgrade --no-annotate --no-emit-index-url --quiet \
	        --custom-compile-command 'make locked' --output-file requirements/$$engine.txt || exit 1; \
	done

# What a release is made of: a software bill of materials (CycloneDX, JSON) of the locked versions, in build/.
sbom: $(SUPPLY)/.ready
	mkdir -p build
	$(SUPPLY)/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type library --output-reproducible \
	    --of JSON --output-file build/sbom-$(ENGINE).cdx.json $(LOCKED)

# Known vulnerabilities of the locked versions; status 3 where no database can be reached.
audit: $(SUPPLY)/.ready
	.ci/audit $(SUPPLY)/bin/pip-audit $(LOCKED)

clean:
	rm -rf $(VENV) $(SUPPLY) build dist .nox .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade 'pip>=25.1'

$(VENV)/.ready: pyproject.toml $(LOCKED) | $(VENV)/bin/python
	@echo "installing lc-guard with $(ENGINE) into $(VENV): a few minutes, once"
	$(PIP) install --constraint $(LOCKED) --editable '.[$(ENGINE),openai]'
	@touch $@

$(SUPPLY)/.ready: pyproject.toml
	$(PYTHON) -m venv $(SUPPLY)
	$(SUPPLY)/bin/python -m pip --disable-pip-version-check --quiet install --upgrade 'pip>=25.1'
	$(SUPPLY)/bin/python -m pip --disable-pip-version-check --quiet install --group supply-chain
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(PIP) install --constraint $(LOCKED) --group dev
	@touch $@

$(VENV)/.ready-docs: $(VENV)/.ready
	$(PIP) install --constraint $(LOCKED) --group docs
	@touch $@
