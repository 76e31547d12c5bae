# Every target sets up .venv by itself; only Python 3.11+ and make are needed.
PYTHON ?= python3
# The CPU build is enough for everything here. Where pip would fetch a CUDA build instead,
# point TORCH at a CPU wheel: make test TORCH=/path/to/torch-cpu.whl
TORCH ?= torch==2.13.0

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
DATA ?= ../shared/data
# A real slice of a patient whom no model was trained on; the demo shows it where it is there.
SLICE ?= $(DATA)/spider/mid/45_t2_SPACE.png

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow test-lowest test-extras test-wheel test-all check release-check format real weights comparison bench docs clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(READY)  ## Create .venv with everything that development needs

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet --editable . --group test --group check
	@touch $@

demo: $(READY)  ## Make, pack, download, verify, load and show a small release; no network
	$(BIN)/spine-msca demo --out demo $(if $(wildcard $(SLICE)),--real $(SLICE))

test: $(READY)  ## Run the fast tests with coverage
	$(PYTEST) -n 2 --cov --cov-report=term

test-slow: $(READY)  ## Run the tests that take minutes
	$(PYTEST) -n 2 -m slow

test-lowest: $(READY)  ## Run the fast tests with the lowest versions that are promised
	test -x .venv-lowest/bin/python || $(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --upgrade pip
	.venv-lowest/bin/python -m pip install --quiet "$(TORCH)" --constraint tests/lowest.txt
	.venv-lowest/bin/python -m pip install --quiet --editable . --group test --constraint tests/lowest.txt
	.venv-lowest/bin/python -m pytest -n 2

test-extras: $(READY)  ## Run the fast tests with every extra and SimpleITK, so that none is skipped
	test -x .venv-extras/bin/python || $(PYTHON) -m venv .venv-extras
	.venv-extras/bin/python -m pip install --quiet --upgrade pip
	.venv-extras/bin/python -m pip install --quiet "$(TORCH)"
	.venv-extras/bin/python -m pip install --quiet --editable '.[deploy,dicom,hub,pdf,plot,train]' SimpleITK --group test
	.venv-extras/bin/python -m pytest -n 2 $(TESTS)

test-wheel: $(READY)  ## Build the wheel, install it into an empty venv, and run every verb
	$(PYTEST) -m slow tests/test_wheel.py

test-all: test test-slow test-lowest test-extras test-wheel docs  ## Run every test and build the docs: what runs each night

check: $(READY)  ## Lint, check formatting, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

release-check: $(READY)  ## See whether version, changelog, citation, card and wheel agree
	$(BIN)/python scripts/release_check.py

format: $(READY)  ## Format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

real: $(READY)  ## Build the real releases from the slices in DATA and verify them
	@for name in spider-space sudirman; do \
		$(BIN)/spine-msca build examples/$$name.toml data/$$name --data $(DATA) && \
		$(BIN)/spine-msca verify data/$$name && \
		$(BIN)/spine-msca info data/$$name || exit 1; \
	done

weights: $(READY)  ## Train the shipped weights anew from DATA and phantoms; goes on where it stopped
	@$(MAKE) --no-print-directory -f examples/train/weights.mk BIN=$(BIN) DATA=$(DATA)

comparison: $(READY)  ## Train all networks alike for BUDGET seconds each and score them on SPLIT
	@$(MAKE) --no-print-directory -f examples/comparison/comparison.mk BIN=$(BIN) DATA=$(DATA)

bench: $(READY)  ## Run every benchmark and print its ratios
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: $(VENV)/.ready-docs  ## Build the site into build/docs, run its examples, and check its links
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -W --keep-going -q docs build/docs
	$(BIN)/python scripts/check_links.py build/docs
	@echo "Look at build/docs/index.html"

$(VENV)/.ready-docs: $(READY)
	$(BIN)/python -m pip install --quiet --group docs
	@touch $@

clean:  ## Remove what the other targets made, except .venv
	rm -rf demo build dist docs/gallery docs/generated .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis
