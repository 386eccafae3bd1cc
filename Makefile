# `make run` serves the desk, `make test` runs what CI runs; both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip

.PHONY: run test lint check pytest crash bench lock browser clean

run: .venv/run.stamp
	@$(BIN)/loket serve

test: .venv/dev.stamp browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/loket check
	$(BIN)/pytest -n 2

crash: .venv/dev.stamp
	$(BIN)/pytest -m crash tests/crash

lock: .venv/uv.stamp
	$(UV) compile -q --no-header --no-annotate --generate-hashes --universal pyproject.toml -o requirements.lock
	$(UV) compile -q --no-header --no-annotate --generate-hashes --universal --extra dev pyproject.toml -o requirements-dev.lock

.venv/uv.stamp:
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check uv
	@touch $@

.venv/run.stamp: .venv/uv.stamp requirements.lock pyproject.toml
	@$(UV) install -q -r requirements.lock
	@$(UV) install -q --no-deps -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.lock
	@$(UV) install -q -r requirements-dev.lock
	@touch $@

# Pages are tested in a real Chromium; where it is missing and the system lets us, it is installed.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium fonts-noto-core >/dev/null; } || true

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
