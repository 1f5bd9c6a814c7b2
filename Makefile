# What one can do here, each with one word; `make help` prints this list.
.PHONY: help demo setup check test lint format bench lid sample clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv does not read pip's settings: pass on where pip has been told to look for wheels, so that both find the same.
export UV_FIND_LINKS ?= $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null || echo "$$PIP_FIND_LINKS")
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
OUT ?= out/demo

help: ## print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.core ## the whole line on the sample crawl, without a model: writes out/demo
	$(BIN)/xinstruct run corpora/demo.yml --out $(OUT)

setup: $(VENV)/.full ## install everything that the tests need (PyTorch for the CPU, TRL, the checkers)

check: $(VENV)/.check lint ## the fast part: format, lint, types, contracts, quick tests
	$(BIN)/pytest -m "not slow and not learn and not vllm and not browser and not gpu"

test: $(VENV)/.full lint ## everything: check, and the slow tests with real trainers
	$(BIN)/pytest -m "not gpu"

lint: $(VENV)/.check ## format, ruff, mypy strict, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.check ## put the code into its one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.full ## benchmarks beside peers, and the long kill sweeps
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lid: $(VENV)/.core ## train the language identifier anew (needs the data that models/lid/README.md names)
	$(BIN)/python models/lid/make.py

sample: $(VENV)/.check ## build the sample crawl anew from its page files
	$(BIN)/python corpora/sample/build.py

clean: ## remove what was made here, the environment too
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv

$(VENV)/.core: setup.cfg pyproject.toml | $(BIN)/uv
	$(UV) -e .
	@touch $@

$(VENV)/.check: $(VENV)/.core
	$(UV) -e ".[check]"
	@touch $@

# A CPU build of PyTorch: from where pip is told to look if there is one, else from PyTorch's own index, which uv knows.
$(VENV)/.full: $(VENV)/.check
	$(UV) "torch==2.13.0+cpu" 2>/dev/null || $(UV) --torch-backend cpu "torch==2.13.0"
	$(UV) -e ".[check,learn]"
	@touch $@
