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
WORKERS ?= auto
PYTEST_ARGS ?=
BENCHMARKS ?= get_integrations query import_messages scripts incoming deliveries posting rooms
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --constraint constraints.txt

.PHONY: run test check bench lock clean
.DEFAULT_GOAL := run

run: $(VENV)/.runtime
	@$(BIN)/strongback serve --demo --dev --host $(HOST) --port $(PORT) --database $(DATABASE)

test: $(VENV)/.tests
	@sh .ci/tools
	@sh .ci/node
	$(BIN)/pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

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
