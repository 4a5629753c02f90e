# Everything a developer runs. Needs make and Python 3.11, 3.12 or 3.13; no root, nothing outside this folder.

PACKAGES := connectors flows model sandbox warehouse
BIN := .venv/bin
PY := $(BIN)/python
STAMP := .venv/.installed
JOBS ?= 2# test processes at a time
RECORD ?=# 1: add what `make bench` measured to the history
ARGS ?=# more for pytest: make test ARGS="-k window -x"

# Tests start pmo some hundred times: without compiled modules each start takes a third of a second more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-real bench check fmt-check lint types imports greps format docs clean

help: ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name does; do printf '  %-10s %s\n' "$$name" "$$does"; done

venv: $(STAMP) ## make .venv with pmo and all that its tests need

demo: $(STAMP) ## an invented company, read over HTTP into a portfolio in ./pmo-demo
	$(BIN)/pmo demo

test: $(STAMP) ## run the tests; more for pytest in ARGS="…"
	$(PY) -m pytest -n $(JOBS) --dist loadfile $(ARGS)  # what a file makes once is made once

test-real: $(STAMP) ## run the tests against real servers on this machine
	@if ls tests/real/test_*.py >/dev/null 2>&1; then \
		echo "$(PY) -m pytest tests/real $(ARGS)"; $(PY) -m pytest tests/real $(ARGS); \
	else echo "tests/real: there are no tests against real servers yet"; fi

bench: $(STAMP) ## measure speed and memory against the goals (half an hour); RECORD=1 keeps it in docs/benchmarks.md
	PMO_BENCH_RECORD=$(RECORD) $(PY) -m pytest tests/bench $(ARGS)

check: fmt-check lint types imports greps test ## the whole gate, as continuous integration runs it
	@echo "check: all well"

fmt-check: $(STAMP)
	$(PY) -m ruff format --check .

lint: $(STAMP)
	$(PY) -m ruff check .

types: $(STAMP)
	$(PY) -m mypy

imports: $(STAMP)
	$(BIN)/lint-imports

# Spellings that we do not want. Each line: what is wrong | extended regular expression | where.
greps:
	@bad=0; \
	banned() { what=$$1 pattern=$$2; shift 2; \
		found=$$(grep -rnE --include='*.py' --include='*.md' --include='*.toml' --include='*.txt' -e "$$pattern" "$$@"); status=$$?; \
		if [ $$status -gt 1 ]; then echo "greps: could not look for: $$what" >&2; bad=1; \
		elif [ $$status -eq 0 ]; then printf '%s\n' "$$found"; echo "^ $$what" >&2; bad=1; fi; }; \
	banned "an HTTP library outside connectors/ and sandbox/" '^ *(import|from) +(requests|httpx|urllib3|aiohttp)\b' flows model warehouse; \
	banned "print() outside the command line" '^[^#"]*\bprint\(' connectors model sandbox warehouse; \
	banned "SQL outside warehouse/" '"(SELECT|INSERT INTO|CREATE (OR REPLACE )?(TABLE|VIEW)|DELETE FROM) ' connectors flows model sandbox; \
	banned "a zone-less now" '\b(utcnow|utcfromtimestamp)\(' $(PACKAGES); \
	banned "a path of one person's machine" '/(home|Users|root)/[a-z]' $(PACKAGES) README.md CONTRIBUTING.md CHANGELOG.md pyproject.toml constraints.txt; \
	banned "an address in constraints.txt: pins only" '(https?|file)://|^ *-|@' constraints.txt; \
	exit $$bad

format: $(STAMP) ## put the code in shape
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

docs: $(STAMP) ## write the data dictionary and the definitions anew, from tables and figures
	$(PY) -m warehouse.dictionary

clean: ## remove .venv and all caches; data/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist ./*.egg-info
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that starts, is of a version we support, and can make environments.
$(STAMP): pyproject.toml constraints.txt
	@if ! $(PY) -m pip --version >/dev/null 2>&1; then \
		found=; bare=; \
		for python in python3.13 python3.12 python3.11 python3 python; do \
			$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 || continue; \
			if $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
			bare=$${bare:-$$python}; \
		done; \
		if [ -z "$$found" ] && [ -n "$$bare" ]; then \
			echo "make: $$($$bare --version) is here, but cannot make environments (ensurepip is missing)." >&2; \
			echo "make: on Debian and Ubuntu install the package python3-venv, then run make again." >&2; exit 1; fi; \
		if [ -z "$$found" ]; then \
			echo "make: no Python 3.11, 3.12 or 3.13 found (looked for python3.13, python3.12, python3.11, python3, python)." >&2; \
			echo "make: install one of them, then run make again." >&2; exit 1; fi; \
		echo "making .venv with $$($$found --version)"; \
		rm -rf .venv && $$found -m venv .venv || exit 1; \
	fi
	$(PY) -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@
