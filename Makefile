# What a person or CI asks of the checkout. Targets and their meaning are stable: see README.md and docs/internals/building.md.
# Needs: Python >= 3.11, Node >= 20.19 with npm, a C compiler; apt where a browser has to be installed.
# A stamp under .venv/ or node_modules/ says what has been done, so a second call is quick.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The first that runs and is new enough: a version manager's shim may be there and still refuse.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
BIN := .venv/bin
DIST := src/quarterdeck/api/webui/dist
WEB_SOURCES := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)
PRODUCERS := openinference openllmetry genai budgets
PYTEST := $(BIN)/python -m pytest
# Two workers fit two cores; more cores are used as they are there.
WORKERS ?= auto
PYTEST_ARGS ?=
DATA_DIR ?= var/quarterdeck
DEMO ?= 1
BENCH_SECONDS ?= 300
KILLS ?= 200
FUZZ_SECONDS ?= 600
STORIES ?= 500
HISTORIES ?= 100000

.PHONY: help setup dev producers fuzzer page run test test-unit test-slow test-browser test-services check bench torture release lock reference clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | column -t -s $$'\t'

# ---------------------------------------------------------------- setting up

setup: .venv/.stamp-runtime $(DIST)/.stamp ## Virtual environment, page, all that running needs

dev: setup .venv/.stamp-dev ## What tests and checks need on top

.venv/.stamp-venv:
	@test -n "$(PYTHON)" || { echo "no Python of 3.11 or newer with venv (Debian: python3-venv) was found; name one: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/pip || "$(PYTHON)" -m venv .venv
	@touch $@

.venv/.stamp-runtime: .venv/.stamp-venv requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.stamp-dev: .venv/.stamp-runtime requirements-dev.lock
	$(BIN)/pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

producers: $(PRODUCERS:%=.venv-producers/%/.stamp) ## Environments of the producers that tests listen to

# Each instrumentation apart, since two of them share a name; uv where it finds the registry, else pip.
.venv-producers/%/.stamp: tests/producers/%.lock | .venv/.stamp-dev
	rm -rf $(@D) && $(BIN)/python -m venv $(@D)
	$(BIN)/uv pip install --quiet --python $(@D)/bin/python --require-hashes -r $< \
		|| $(@D)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

fuzzer: .venv/.stamp-fuzzer ## The fuzzer, where it is built for this Python

# Where it is not, its test says so and is skipped.
.venv/.stamp-fuzzer: .venv/.stamp-dev tests/fuzz/requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --only-binary :all: --require-hashes -r tests/fuzz/requirements.lock \
		|| $(BIN)/pip install --quiet --only-binary :all: --require-hashes -r tests/fuzz/requirements.lock \
		|| echo "no fuzzer for this Python"
	@touch $@

page: $(DIST)/.stamp

# Not `npm ci`: npm 11.16 to 12.0 refuses a lock without entries for other systems' optional binaries, which a registry
# mirror need not hold. What the lock names is installed as locked, integrity checked; the lock is not written.
web/node_modules/.stamp: web/package-lock.json
	cd web && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(DIST)/.stamp: web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

# ---------------------------------------------------------------- running

run: setup ## Server with data in var/quarterdeck, and a simulated fleet unless DEMO=0
	@DEMO=$(DEMO) $(BIN)/python scripts/run_local.py --data-dir $(DATA_DIR)

# ---------------------------------------------------------------- testing

test: test-unit test-slow ## All tests that need no other server

test-unit: dev
	$(PYTEST) -n $(WORKERS) --durations=15 -m "not (slow or system or browser or producers or services)" $(PYTEST_ARGS)

test-slow: dev producers fuzzer
	$(PYTEST) -n $(WORKERS) --durations=15 -m "(slow or system or producers) and not (browser or services)" $(PYTEST_ARGS)

test-browser: dev
	bash scripts/ensure_chromium.sh
	$(PYTEST) --durations=15 -m "browser and not services" $(PYTEST_ARGS)

test-services: test-browser ## Install, start and test against the other programs: Chromium, Redis
	bash scripts/ensure_redis.sh
	$(PYTEST) --durations=15 -m "services and not browser" $(PYTEST_ARGS)

check: dev ## Lint, types, imports, page, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	cd web && npm run --silent check
	$(PYTEST) -q tests/unit/manners $(PYTEST_ARGS)

bench: dev ## Every published figure again (docs/benchmarks.md says which script gives which)
	$(BIN)/python benchmarks/footprint.py
	$(BIN)/python benchmarks/ingest.py --seconds $(BENCH_SECONDS)
	$(BIN)/python benchmarks/api.py --page
	$(BIN)/python benchmarks/bodies.py
	$(BIN)/python benchmarks/runs.py
	$(BIN)/python benchmarks/run_view.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/admission.py

torture: dev fuzzer ## Kill the server while it takes spans, many times, and count what is missing; fuzz the way in; hundreds of stories of bad delivery
	$(BIN)/python benchmarks/kill9.py --kills $(KILLS)
	$(BIN)/python tests/fuzz/fuzz_decode.py -max_total_time=$(FUZZ_SECONDS)
	QUARTERDECK_TORTURE=$(STORIES) $(PYTEST) -n 0 --timeout 0 tests/sim/test_machine.py tests/store_contract/test_body_chains.py tests/unit/stats/test_weighted.py $(PYTEST_ARGS)
	QUARTERDECK_HISTORIES=$(HISTORIES) $(PYTEST) -n $(WORKERS) --timeout 0 tests/unit/control/budget/test_random_histories.py $(PYTEST_ARGS)

# ---------------------------------------------------------------- releasing

release: dev ## Wheel, sdist, SBOM, container file; the wheel is tried in a clean environment
	bash scripts/release.sh

lock: .venv/.stamp-venv ## Resolve the dependencies anew (needs uv: make dev)
	bash scripts/lock.sh

reference: dev ## Write docs/reference/cli.md and docs/reference/python.md anew
	$(BIN)/python scripts/reference.py --write

clean: ## Remove what was built (not the data under var/)
	rm -rf dist build artifacts $(DIST) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
