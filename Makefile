# `make lab` to learn, `make test` to prove; `make` alone lists the rest.
# Packages go into .venv beside this file, at the pins of requirements.lock; nothing is installed outside of it.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help lab test check format docs data bench lock clean remake
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
# Without kept bytecode each Python that is started here would compile its libraries again: two thirds of its start.
unexport PYTHONDONTWRITEBYTECODE
# Trust whom pip and git trust, also behind a company's proxy.
export UV_SYSTEM_CERTS ?= true

# The first Python that is new enough makes the environment; name another one with PYTHON=/path/to/python.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
NAMES := python3 python3.13 python3.12 python3.11
PYTHON := $(or $(PYTHON),$(shell for name in $(NAMES); do $$name -c "$(NEW_ENOUGH)" 2>/dev/null && echo $$name && break; done),python3)

BIN := .venv/bin
INSTALL := $(BIN)/python -m uv pip install --python $(BIN)/python --constraint requirements.lock

help:
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile

lab: .venv/lab  ## open the lessons in JupyterLab
	@$(BIN)/mlops-lab doctor || true
	@$(BIN)/mlops-lab lab $(ARGS)

test: .venv/test  ## run every test: units, doctests, exercises, notebooks, browser
	@$(BIN)/python tools/run_tests.py $(ARGS)

check: .venv/test  ## run the quick tests, style and types: under a minute
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q -p no:nbval -n 2 --dist loadscope --hypothesis-profile quick -m "not slow and not browser" \
		--ignore tests/notebooks --ignore tests/browser

format: .venv/test  ## write the code in the house style
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

docs: .venv/docs  ## write the manual to build/docs
	@$(BIN)/python -m sphinx -W --keep-going --quiet docs build/docs
	@echo "The manual is build/docs/index.html"

data: .venv/lab  ## rebuild the tables in data/ from their packages and compare
	@$(BIN)/python data/prepare.py $(ARGS)

bench: .venv/test  ## run every benchmark and print its table
	@failed=0; for script in benchmarks/*.py; do \
		echo; echo "== $$script"; $(BIN)/python "$$script" || failed=1; \
	done; exit $$failed

lock: .venv/made-in  ## pin the packages of pyproject.toml; newer ones with ARGS=--upgrade
	@$(BIN)/python tools/lock.py $(ARGS)
	@$(BIN)/python tools/readme.py

clean:  ## delete the environment and everything else that make made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp is older than the lock after a `git pull` that changed it, and is then made again.
.venv/lab: .venv/made-in pyproject.toml requirements.lock
	@echo "Installing what the lessons need: about 900 MB, the first time a minute or two."
	@$(INSTALL) --editable '.[lab]'
	@touch $@

.venv/test: .venv/lab
	@echo "Installing what the tests need."
	@$(INSTALL) --editable '.[lab,test]'
	@touch $@

.venv/docs: .venv/lab
	@echo "Installing what the manual needs."
	@$(INSTALL) --editable '.[lab,docs]'
	@touch $@

# Scripts of an environment know its folder: it is made again where the folder was moved, or its Python is gone.
ifneq ($(shell test "$$(cat .venv/made-in 2>/dev/null)" = "$$(pwd)" && $(BIN)/python -c "" 2>/dev/null && echo fits),fits)
.venv/made-in: remake
endif

.venv/made-in:
	@'$(PYTHON)' -c "$(NEW_ENOUGH)" 2>/dev/null || { \
		found=$$('$(PYTHON)' --version 2>/dev/null) || found="not installed"; \
		echo "mlops_lab needs Python 3.11 or newer, and $(PYTHON) is $$found; install one," \
		"or name it: make $(firstword $(MAKECMDGOALS)) PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "Making .venv with $$('$(PYTHON)' --version)."
	@'$(PYTHON)' -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock uv
	@pwd > $@
