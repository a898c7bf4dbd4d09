# Two commands: make demo, make test. A third, make bench, prints the figures.
PYTHON ?= python3
CORPUS ?= ../shared/corpus
PORT   ?= 0
# Processes that run tests side by side: many wait for a browser or a server, so two are worth it on any machine.
TESTERS ?= 2
BIN    := .venv/bin
# One thread a library call: the work is parallel above it, and small models stall on more.
export OMP_NUM_THREADS ?= 2
export HF_HUB_DISABLE_TELEMETRY = 1

.PHONY: help setup demo test bench lint format corpus constraints clean

help:  ## what there is to make
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup:  ## a venv with Gesso in it, and a browser; does nothing when both are there
	@$(PYTHON) pipelines/bootstrap.py

demo: setup  ## the whole loop on the examples: crawl, curate, train, generate, export
	@$(BIN)/gesso demo

test: setup  ## every test
	@$(BIN)/python -m annotations.server.install
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile

bench: setup  ## the figures that README and notes quote
	@$(BIN)/python -m benchmarks

lint: setup  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup  ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

corpus: setup  ## crawl and curate CORPUS (a folder with apps/repo and web/sites)
	@$(BIN)/python -m pipelines.corpus $(CORPUS) --home workspace/corpus

constraints: setup  ## pin what is installed now as what CI installs
	@(head -1 constraints.txt; $(BIN)/pip freeze --exclude-editable | grep -v ' @ ') > constraints.next && mv constraints.next constraints.txt

clean:  ## remove the workspace and the venv
	rm -rf workspace .venv
