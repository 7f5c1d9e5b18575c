# Every target sets up what it needs. See CONTRIBUTING.md.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
STAMP := $(VENV)/.ready

.PHONY: help setup demo test lint unit fuzz envoy kubernetes test-faults e2e goldens format down clean

help: ## Shows the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP) ## Installs Python dependencies, the project itself and missing system packages

$(STAMP): pyproject.toml uv.lock build_support/setup.sh build_support/descriptors.py $(wildcard build_support/protos/*.proto)
	@build_support/setup.sh
	@touch $@

demo: setup ## Two real clusters, one mesh, answers from both
	@$(BIN)/isthmus demo

down: setup ## Removes the lab and everything in it
	@$(BIN)/isthmus lab down

test: lint unit envoy kubernetes e2e ## Everything that CI runs
	@echo "all tests passed"

lint: setup ## Style, types and the layers of the architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: setup ## Pure code and protocols: no root, no network
	$(PYTEST) -n 2 tests/unit tests/cases

fuzz: setup ## Parsers of things from outside, with N new inputs each (make fuzz N=20000)
	ISTHMUS_FUZZ=$(or $(N),20000) $(PYTEST) -n 2 --timeout=0 tests/unit/fuzz/test_mutations.py

envoy: setup ## Real Envoy processes on loopback
	@$(BIN)/isthmus lab doctor --install --quiet
	$(PYTEST) tests/envoy

kubernetes: setup ## A real etcd and kube-apiserver on loopback
	@$(BIN)/isthmus lab doctor --install --quiet
	$(PYTEST) tests/kubernetes

test-faults: setup ## A soak in which nothing may grow (SOAK="--minutes 5"), and minutes of faults on real clusters
	@$(BIN)/isthmus lab doctor --install --quiet
	$(BIN)/python -m bench.soak $(SOAK)
	$(PYTEST) tests/faults

e2e: setup ## Real clusters in network namespaces, and the guides
	@$(BIN)/isthmus lab doctor --install --quiet
	$(PYTEST) -n 2 tests/e2e/guides
	$(PYTEST) tests/e2e --ignore=tests/e2e/guides

goldens: setup ## Rewrites and prunes the golden files of tests/cases, and the commands in docs/guides
	$(PYTEST) tests/cases --update-goldens

format: setup ## Formats the tree
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Removes what the targets made in this directory
	rm -rf $(VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
