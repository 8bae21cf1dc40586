# The commands of this project. `make` alone lists them.
# Everything stands in .venv; the stamps inside it make every step a no-op once it is up to date.

PYTHON  ?= $(shell command -v python3.11 || command -v python3)
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.stamps
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCKED  := $(INSTALL) --require-hashes --only-binary :all:
OURS    := bot actions handoff cases policy_rules nlu_data web_widget/__init__.py
PACKS    = $(filter-out %.coverage.yml,$(wildcard policy_rules/organisations/*.yml))
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-rt check widget bench soak nlu docs lock

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)/run $(STAMP)/project $(STAMP)/compiled  ## create .venv with what Hearout needs to run (hash-locked)

setup-dev: setup $(STAMP)/dev  ## the same, with what the tests and checks need

run: setup  ## serve everything on http://127.0.0.1:8000, data under var/
	$(BIN)/hearout serve

test: setup-dev check  ## the checks, then every test (a browser and a database included; nothing is skipped)
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m tests.widget.node
	$(BIN)/python -m tests.faults.syscalls
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-rt: setup-dev  ## the same against a real Request Tracker 5, a real clamd, nginx and Caddy, which apt brings (as root, on Debian)
	@$(BIN)/python -m tests.tracker.installed; code=$$?; if [ $$code -eq 3 ]; then exit 0; fi; \
	[ $$code -eq 0 ] && $(BIN)/python -m tests.evidence.real_clamd; code=$$?; if [ $$code -eq 3 ]; then exit 0; fi; \
	[ $$code -eq 0 ] && TEST_RT=1 $(BIN)/python -m pytest tests/tracker tests/evidence/test_real_clamd.py
	@$(BIN)/python -m tests.proxy.brought; code=$$?; if [ $$code -eq 3 ]; then exit 0; fi; \
	[ $$code -eq 0 ] && TEST_RT=1 $(BIN)/python -m pytest tests/proxy

check: setup-dev  ## lint, format, types, layers, and the proof of every organisation's pack
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(if $(PACKS),$(BIN)/hearout check $(PACKS))

widget: setup-dev  ## build web_widget/dist from its sources, with the locked Node packages
	$(BIN)/python -m tests.widget.node build

bench: setup-dev  ## measure the budgets on this machine
	$(BIN)/python -m bench

soak: setup-dev  ## 1,000 conversations while the server is killed again and again, 10,000 generated ones, 120 in a browser; nothing may be lost
	$(BIN)/python -m tests.faults.campaign --conversations 1000
	$(BIN)/python -m tests.faults.campaign --conversations 1000 --webhook
	$(BIN)/python -m tests.walks.running --walks 10000
	$(BIN)/python -m tests.widget.faults --runs 120

nlu: setup-dev  ## check the training lines for variety, learn from them (a minute of processor time), and measure on the blind sets
	$(BIN)/python -m bot.understanding.lint
	$(BIN)/python -m bot.understanding.variety
	$(BIN)/python -m bot.understanding.training
	$(BIN)/python -m bot.understanding.harm_training
	$(BIN)/hearout nlu evaluate nlu_data/held_out.yml
	$(BIN)/python -m bot.understanding.harm_report
	$(BIN)/python -m docs.report

docs: setup-dev  ## write the generated parts of docs/ again (settings, commands, pictures)
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.screenshots

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

# Where Python is told to write no bytecode, every start would compile all of ours again: most of a second.
$(STAMP)/compiled: $(STAMP)/project $(shell find $(OURS) -name '*.py')
	$(BIN)/python -m compileall -q $(OURS)
	@touch $@
