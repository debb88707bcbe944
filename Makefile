# make run     start a server with a small demo on http://127.0.0.1:3000
# make test    install what the tests need and run all of them
# make check   lint, format and types
# make bench   benchmarks: tables of ratios
# make lock    renew constraints.txt

VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 3000
DATABASE ?= sqlite:///data/strongback.db
# Tests wait more than they compute: for leases, pauses, processes that start.
WORKERS ?= $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
PYTEST_ARGS ?=
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What goes through a store, so that it runs on PostgreSQL too.
STORED := accounts cli clients examples groups importing integrations messages webhooks wire
BENCHMARKS ?= get_integrations query import_messages scripts incoming deliveries posting rooms postgres
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: run test check bench lock clean
.DEFAULT_GOAL := run

run: $(VENV)/.runtime
	@$(BIN)/strongback serve --demo --dev --host $(HOST) --port $(PORT) --database $(DATABASE)

# Hundreds of servers are started: each would compile all modules anew where bytecode is not kept.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.tests
	@sh .ci/tools $(BIN)/python
	@sh .ci/node
	@status=0; set -x; \
	$(PYTEST) $(PYTEST_ARGS) || status=$$?; \
	$(PYTEST) --store postgres -o testpaths="$(STORED:%=tests/%)" $(PYTEST_ARGS) || status=$$?; \
	exit $$status

check: $(VENV)/.checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.benchmarks
	@for name in $(BENCHMARKS); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py || exit 1; done

# Stamps: pip runs only after pyproject.toml or constraints.txt changed.
$(VENV)/.runtime: pyproject.toml constraints.txt
	@sh .ci/venv $(VENV)
	@echo "Installing Strongback into $(VENV) ..."
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.tests: $(VENV)/.runtime
	@echo "Installing what the tests need ..."
	@$(INSTALL) --group test
	@touch $@

$(VENV)/.checks: $(VENV)/.tests
	@echo "Installing the checkers ..."
	@$(INSTALL) --group check
	@touch $@

$(VENV)/.benchmarks: $(VENV)/.runtime
	@$(INSTALL) --group bench
	@touch $@

lock:
	rm -rf $(VENV)/lock
	$(BIN)/python -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	$(VENV)/lock/bin/python -m pip install --quiet . --group test --group check
	sed -n '/^#/p' constraints.txt > $(VENV)/constraints.new
	$(VENV)/lock/bin/python -m pip freeze --exclude strongback >> $(VENV)/constraints.new
	mv $(VENV)/constraints.new constraints.txt
	rm -rf $(VENV)/lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
