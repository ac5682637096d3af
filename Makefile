# Every target sets up what it needs; `make` alone shows them.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Nobody is typing: look far enough for whole sentences.
FAR := --set engine.places=256 --set engine.worth=0.02 --set engine.floor=0.0005
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test check bench clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-7s %s\n", $$1, $$2}'

demo: $(READY) ## Train on the bundled corpus, evaluate, complete (about two minutes of work)
	$(BIN)/prompt-gen train src/prompt_gen/data/health-zh.txt --out runs/demo --minutes 1.5 --force
	@for prefix in 高血压要注意 糖尿病患者可以 孩子发烧; do \
		echo; echo "$$prefix"; $(BIN)/prompt-gen complete runs/demo "$$prefix" -n 5 $(FAR) || exit 1; \
	done
	@echo; echo "Open the page: $(BIN)/prompt-gen serve runs/demo"

test: $(READY) ## Run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(READY) ## Lint, formats, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(READY) ## Measure against peers (see benchmarks/README.md)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks

clean: ## Remove the environment and the runs
	rm -rf $(VENV) runs .pytest_cache .ruff_cache .hypothesis

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "prompt-gen needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train,word,fold,dev]'
	@touch $@
