# Every target makes what it needs: a fresh clone, Python 3.11 or 3.12 and make are enough.
# Node adds a real node (anvil) for `make devnet` and for the tests marked `node`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

# Ape's own files stay in the repository; without make, ape uses ~/.ape as always.
export APE_DATA_FOLDER := $(CURDIR)/.cache/ape

# One pytest process per core.
WORKERS ?= auto

SETUP := $(VENV)/.stamp
NPM := $(shell command -v npm 2>/dev/null)
NODE := node_modules/.stamp
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))

.PHONY: help setup demo test lint format devnet bench fuzz lock clean

help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: $(SETUP) $(if $(NPM),$(NODE)) ## Install the locked dependencies into .venv and node_modules (the others do it by themselves).
	$(if $(NPM),,@echo "npm not found: tests that need a real node (anvil) will be skipped")

demo: setup ## Walk through the product on an in-process chain; options PRICES= FUNDING= FROM= TO=.
	ape run demo \
		$(if $(PRICES),--prices "$(PRICES)") $(if $(FUNDING),--funding "$(FUNDING)") \
		$(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)")

test: setup ## Run all tests.
	@ape compile >/dev/null  # once, before the workers would all do it at the same time
	ape test tests -q -n $(WORKERS)

lint: $(SETUP) ## Check formatting, style, types, spelling and the contract rules.
	ruff check
	ruff format --check
	mypy
	mamushi --check --quiet --line-length 100 interfaces contracts || { echo 'run `make format`'; exit 1; }
	codespell
	python scripts/check_contracts.py

format: $(SETUP) ## Format Python and Vyper files in place.
	ruff check --fix
	ruff format
	mamushi --line-length 100 interfaces contracts

devnet: setup ## Start a local node with 2-second blocks on 127.0.0.1:8545 (needs Node).
	$(if $(NPM),,@echo "make devnet needs Node.js with npm, which brings anvil: install it and try again"; exit 1)
	@echo "A bare anvil: no contracts are deployed on it. Stop it with Ctrl-C."
	@exec anvil --host 127.0.0.1 --port 8545 --block-time 2

bench: setup ## Measure the gas of each user action as whole transactions.
	python -m tests.bench.gas

fuzz: setup ## Run the stateful tests for long, with the deep profile.
	python -m tests.stateful.fuzz

lock: $(BIN)/uv ## Resolve the dependencies of pyproject.toml and package.json anew.
	echo 'uv' | uv pip compile - -q --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -o bootstrap.lock
	uv pip compile pyproject.toml --group dev -q --universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	$(if $(NPM),npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved)

clean: ## Remove everything that make has made.
	rm -rf $(VENV) node_modules .cache .build *.egg-info

# uv installs the lock in seconds; where it does not run, pip does the same in a minute.
$(BIN)/uv: bootstrap.lock
	@for python in python3 python3.12 python3.11; do \
		if $$python -c '$(SUPPORTED)' 2>/dev/null; then break; else python=; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Python 3.11 or 3.12 is needed"; exit 1; fi; \
	$$python -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes --no-deps -r bootstrap.lock
	@touch $@

$(SETUP): $(BIN)/uv requirements.lock pyproject.toml
	uv pip sync -q --compile-bytecode --require-hashes requirements.lock bootstrap.lock
	uv pip install -q --no-deps --no-build-isolation --offline --editable .
	@touch $@

$(NODE): package-lock.json
	npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@
