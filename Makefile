# Every target makes what it needs: a fresh clone, Python 3.11 or 3.12 and make are enough.
# Node adds a real node (anvil) for `make devnet` and for the tests marked `node`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

# What ape keeps stays in the repository; without make, it is in ~/.ape as always.
export APE_DATA_FOLDER := $(CURDIR)/.cache/ape
# Where ape looks for further compilers: there are none, and nothing is to appear in ~/.vvm.
export VVM_BINARY_PATH := $(CURDIR)/$(VENV)

# One pytest process per core.
WORKERS ?= auto

PIP := $(BIN)/python -m pip --disable-pip-version-check
SETUP := $(VENV)/.stamp
NPM := $(shell command -v npm 2>/dev/null)
NODE := node_modules/.stamp
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))

# For every platform and every supported Python; without the addresses of the registry it asked.
RESOLVE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help setup demo test lint format abis devnet bench fuzz lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(SETUP) $(if $(NPM),$(NODE)) ## Install the locked dependencies; every target does what it needs of this by itself.
	$(if $(NPM),,@echo "npm not found: tests that need a real node (anvil) will be skipped")

demo: $(SETUP) ## Play leveraged tokens through a market history: made up, or PRICES= FUNDING= [FROM= TO=]; fails if a check does.
	ape run demo $(if $(PRICES),--prices '$(PRICES)') $(if $(FUNDING),--funding '$(FUNDING)') \
		$(if $(FROM),--from '$(FROM)') $(if $(TO),--to '$(TO)')

test: setup ## Run all tests.
	ape test tests -n $(WORKERS)

lint: $(SETUP) ## Check formatting, style, types, spelling and the contract rules.
	ruff check
	ruff format --check
	mypy
	mamushi --check --line-length 100 interfaces contracts || { echo 'run `make format`'; exit 1; }
	codespell
	python scripts/check_contracts.py
	python scripts/build_abis.py --check

format: $(SETUP) ## Format Python and Vyper files in place.
	ruff check --fix
	ruff format
	mamushi --line-length 100 interfaces contracts

abis: $(SETUP) ## Write the ABIs that the package carries, after a change of a contract's functions or events.
	python scripts/build_abis.py

devnet: setup ## Run a local chain with the system on it and moving prices, on 127.0.0.1:8545 (needs Node); ARGS=--help: options.
	$(if $(NPM),,@echo "make devnet needs Node.js with npm, which brings anvil: install it and try again"; exit 1)
	@exec python scripts/devnet.py $(ARGS)

bench: setup ## Measure the gas of each user action as whole transactions, the keeper's and the replay's speed, into out/ (needs Node).
	python -m tests.bench.gas
	python -m tests.bench.keeper
	python -m tests.bench.replay

fuzz: $(SETUP) ## Run the stateful tests for long, with the deep profile.
	python -m tests.stateful.fuzz

lock: $(BIN)/uv ## Resolve the dependencies of pyproject.toml and package.json anew; pins that still fit stay.
	echo uv | $(RESOLVE) - -o bootstrap.lock
	$(RESOLVE) pyproject.toml --extra redis --extra dask --group dev -o requirements.lock
	$(if $(NPM),npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved)

clean: ## Remove everything that make has made.
	rm -rf $(VENV) node_modules .cache .build out *.egg-info

$(BIN)/python:
	@for python in python3 python3.12 python3.11; do \
		if $$python -c '$(SUPPORTED)' 2>/dev/null; then exec $$python -m venv $(VENV); fi; \
	done; \
	echo "Python 3.11 or 3.12 is needed; looked for python3, python3.12 and python3.11"; exit 1

$(BIN)/uv: bootstrap.lock | $(BIN)/python
	$(PIP) install -q --require-hashes --no-deps -r bootstrap.lock
	@touch $@

# uv installs the lock in seconds; where it cannot, pip does the same in a minute.
$(SETUP): requirements.lock pyproject.toml bootstrap.lock | $(BIN)/python
	@$(MAKE) --silent $(BIN)/uv && uv pip sync -q --python $(BIN)/python --compile-bytecode \
			--require-hashes requirements.lock bootstrap.lock \
		|| $(PIP) install -q --require-hashes --no-deps -r requirements.lock
	@$(PIP) install -q --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(NODE): package-lock.json
	@npm ci --ignore-scripts --no-fund --no-audit --no-update-notifier --loglevel=error && touch $@ \
		|| echo "npm ci failed: tests that need a real node (anvil) will be skipped"
