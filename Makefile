# Needs Python >= 3.11 and make. Everything else goes into .venv, from pinned requirements.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The stamp is newer than what the environment was made of, so a second run starts at once.
STAMP := $(VENV)/.installed

# The tests start hundreds of processes: without bytecode on disk, each compiles all of us again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test slow contract browsers lint types bench docs dump requirements wheel clean

help:
	@echo "make demo [ONCE=1]   the sample marketplace: live, or its story once"
	@echo "make test            the suite"
	@echo "make slow            the tests that take their time: crashes, hammers, the wheel"
	@echo "make contract        docs/reference and tests/contract anew, when the public contract is meant to change"
	@echo "make browsers        what the tests need besides to drive Firefox and Chromium"
	@echo "make lint types      ruff, sqlfluff, import contracts; mypy"
	@echo "make bench           the tables of tests/benchmarks"
	@echo "make docs            the manual as a website: site/index.html"
	@echo "make dump VERSION=.. tests/deploy/dumps/: a database of this version, for the next to upgrade"
	@echo "make wheel           dist/postbell-*.whl"
	@echo "make requirements    pin anew"

$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Postbell needs Python 3.11 or newer; say which: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)
	$(BIN)/postbell demo $(if $(ONCE),--once)

test: $(STAMP)
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist worksteal $(ARGS)

# Two at a time, however many processors there are: most of them start servers of their own.
# Exit code 5 is "no tests": there may be none that are slow.
slow: $(STAMP)
	$(BIN)/python -m pytest -m slow --numprocesses 2 --dist worksteal $(ARGS) || test $$? -eq 5

contract: $(STAMP)
	POSTBELL_TEST_WRITE_CONTRACT=1 $(BIN)/python -m pytest -q tests/contract

browsers: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-browsers.txt

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint sql tests/sql/rules

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks $(ARGS)

docs: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-docs.txt
	$(BIN)/zensical build --clean --strict

dump: $(STAMP)
	$(BIN)/python -m tests.support.dumps $(VERSION)

wheel: $(STAMP)
	rm -rf dist
	$(BIN)/python -m build --no-isolation --wheel

# uv resolves for every platform and Python at once; the pins are what everybody else installs.
requirements: $(STAMP)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade --all-extras pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade --constraint requirements.txt --all-extras --group dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade --constraint requirements-dev.txt --group browsers -o requirements-browsers.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade --constraint requirements-dev.txt --group docs -o requirements-docs.txt

clean:
	rm -rf $(VENV) dist site
