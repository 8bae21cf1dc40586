# The commands of this project. `make` alone lists them.
# Everything stands in .venv; the stamps inside it make every step a no-op once it is up to date.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.stamps
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED  := $(INSTALL) --require-hashes --only-binary :all:
PACKS    = $(filter-out %.coverage.yml,$(wildcard policy_rules/organisations/*.yml))
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench soak nlu docs lock

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)/run $(STAMP)/project  ## create .venv with what Hearout needs to run (hash-locked)

setup-dev: setup $(STAMP)/dev  ## the same, with what the tests and checks need

run: setup  ## serve everything on http://127.0.0.1:8000, data under var/
	$(BIN)/hearout serve

test: setup-dev check  ## the checks, then every test (a browser and a database included; nothing is skipped)
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m tests.faults.syscalls
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup-dev  ## lint, format, types, layers, and the proof of every organisation's pack
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(if $(PACKS),$(BIN)/hearout check $(PACKS))

bench: setup-dev  ## measure the budgets on this machine
	$(BIN)/python -m bench

soak: setup-dev  ## 1,000 conversations while the server is killed again and again, then 10,000 generated ones; nothing may be lost
	$(BIN)/python -m tests.faults.campaign --conversations 1000
	$(BIN)/python -m tests.walks.running --walks 10000

nlu: setup-dev  ## check nlu_data on its stories (the classifier arrives with understanding)
	$(BIN)/python -m pytest -q tests/understanding

docs: setup-dev  ## write the generated parts of docs/ again (settings, commands)
	$(BIN)/python -m docs.generate

lock: setup-dev  ## resolve requirements/*.in again into hash-locked *.txt
	cd requirements && ../$(COMPILE) run.in -o run.txt && ../$(COMPILE) dev.in -o dev.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Hearout needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(STAMP)/run: requirements/run.txt | $(BIN)/python
	$(LOCKED) -r requirements/run.txt
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/dev: requirements/dev.txt $(STAMP)/run
	$(LOCKED) -r requirements/dev.txt
	@mkdir -p $(STAMP) && touch $@

# The checkout itself: editable, so that the `hearout` script runs this code; the build backend is in the lock.
$(STAMP)/project: pyproject.toml requirements/run.in $(STAMP)/run
	$(INSTALL) --no-index --no-deps --no-build-isolation --editable .
	@mkdir -p $(STAMP) && touch $@
