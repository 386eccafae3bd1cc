# `make run` serves the desk, `make test` runs what CI runs; both install what they need into .venv.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv pip

.PHONY: run test lint check pytest explore crash day soak bench lock browser clean

run: .venv/run.stamp
	@$(BIN)/loket serve

test: .venv/dev.stamp browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/loket check
	# Three on two cores: much of it waits for processes, browsers and disks.
	$(BIN)/pytest -n 3

crash: .venv/dev.stamp
	$(BIN)/pytest -m crash -s tests/crash

day: .venv/dev.stamp
	$(BIN)/pytest -m day -s tests/town

# Properties with other examples than those of `make test`, ten times; what is found prints itself.
explore: .venv/dev.stamp
	for round in 1 2 3 4 5 6 7 8 9 10; do \
	  HYPOTHESIS_PROFILE=explore $(BIN)/pytest -n 2 $$(grep -rlE "@given|stateful" tests --include="*.py") || exit 1; \
	done

# Both engines at once: an hour. LOKET_SOAK_MINUTES=5 for a taste.
soak: .venv/dev.stamp
	$(BIN)/pytest -m soak -n 2 -rP tests/crash

# Those we are compared with need other versions of what we use: they have an environment of their own.
bench: .venv/run.stamp .venv-bench/stamp
	$(BIN)/python -m benchmarks --write $(BENCH)

lock: .venv/uv.stamp
	$(UV) compile -q --no-header --no-annotate --generate-hashes --universal pyproject.toml -o requirements.lock
	$(UV) compile -q --no-header --no-annotate --generate-hashes --universal --extra dev pyproject.toml -o requirements-dev.lock
	$(UV) compile -q --no-header --no-annotate --generate-hashes --universal --extra bench pyproject.toml -o requirements-bench.lock

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

.venv-bench/stamp: .venv/uv.stamp requirements-bench.lock
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@$(UV) install -q --python .venv-bench/bin/python -r requirements-bench.lock
	@touch $@

# Pages are tested in a real Chromium; where it is missing and the system lets us, it is installed.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium fonts-noto-core fonts-noto-color-emoji >/dev/null; } || true

clean:
	rm -rf .venv .venv-bench .mypy_cache .ruff_cache .pytest_cache
