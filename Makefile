# Python that makes the virtual environment; any from 3.11 on.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One worker a core; tests of one file stay together, since they share what is slow to make.
PYTEST := $(BIN)/pytest -n auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help dev demo check format test test-all golden bench check-speed docs lock clean

## help: show this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/bench.txt
	@touch $@

## dev: install everything needed to work on edgeproof into .venv
dev: $(VENV)/.dev
	@if [ -d .git ] && [ -z "$$CI" ]; then $(BIN)/pre-commit install >/dev/null; fi

## demo: install, generate a market with two planted edges, run a research cycle, show its report
demo: $(VENV)/.runtime
	$(BIN)/edgeproof demo demo

## check: formatting, lint, types, import contracts, spelling
check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/typos

## format: format and mend what ruff can mend
format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

## test: the tests, without the slow ones
test: $(VENV)/.dev
	$(PYTEST)

## test-all: every test, the slow ones too
test-all: $(VENV)/.dev
	$(PYTEST) -m "not network"

## golden: renew the golden runs, after a change that is meant to move trades
golden: $(VENV)/.dev
	$(BIN)/python tests/golden/renew.py

## bench: measure against the targets and the peers, in one run (ARGS="--quick" for a short one, "--curves" for growth)
bench: $(VENV)/.bench
	$(BIN)/python bench/run.py $(ARGS)

## check-speed: a small bench that fails where a ratio to a peer has halved, never on seconds
check-speed: $(VENV)/.dev
	$(BIN)/python -m bench.guard

## docs: renew the generated pages and check that they say what the code does
docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

## lock: pin every dependency anew
lock: $(VENV)/.dev
	sh requirements/lock.sh $(BIN)

## clean: remove the environment and caches, never data
clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
