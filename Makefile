# Everything a contributor runs. All of it works on .venv, which is made on the way, and nothing outside this folder is
# written but caches. `make -C FOLDER TARGET` works from anywhere.
#
#   make test PYTEST="tests/unit -k topics"          some tests only
#   make test PYTHON=python3.13 VENV=.venv-3.13      another interpreter, in an environment of its own

VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
PYTHONS = $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11)
# Run, not looked up: a version manager's shim may be on PATH for an interpreter that is not there, and a system Python
# may come without what `venv` needs.
USABLE = import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
UV_VERSION = 0.13.9

# Modules come from the environment and from this folder, and are compiled once, whatever the caller's shell has set.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE
# The pinned version is wanted, so that a newer one is no news.
export PYRIGHT_PYTHON_IGNORE_WARNINGS = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage test-tools test-long lint types format generate generate-check docs bench bench-quick bench-render bench-broker bench-client bench-codec bench-codegen package-check test-pythons test-oldest dist lock clean same-python

help:  ## this list
	@echo "emitter-typed: make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## prepare .venv with everything that development needs (the others do it by themselves)
	@echo "setup: $(VENV) is ready ($$($(BIN)/python --version))"

demo: $(READY)  ## the main job, start to end: your YAML, generated, type-checked and run against the embedded broker
	@$(BIN)/python examples/home/demo.py

test: $(READY)  ## run the tests that need nothing but .venv (PYTEST="..." is handed to pytest)
	@echo "test: pytest $(PYTEST)"
	@$(BIN)/python $(if $(MEASURED),-m coverage run) -m pytest $(PYTEST)

# What carries a client's packets has a floor of its own.
CARRIERS = src/emitter_typed/_sync/*,src/emitter_typed/_async/*,src/emitter_typed/_transport/*,src/emitter_typed/_protocol/session/*

coverage: $(READY)  ## make test, measured: fails where it takes too few lines and branches, and lists what it misses
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(MAKE) --no-print-directory test MEASURED=yes
	@$(BIN)/python -m coverage combine --quiet
	@echo "coverage: drivers, session and transport"
	@$(BIN)/python -m coverage report --include='$(CARRIERS)' --fail-under=98
	@echo "coverage: everything"
	@$(BIN)/python -m coverage report --fail-under=97

test-tools: $(READY)  ## run the tests that install something or call other programs; what is missing is listed at the end
	@echo "test-tools: pytest -m tools $(PYTEST)"
	@$(BIN)/python -m pytest -m tools $(PYTEST)

test-long: $(READY)  ## run the tests that take minutes (tests/README.md tells what bounds them)
	@echo "test-long: pytest -m long --hypothesis-profile=long $(PYTEST)"
	@$(BIN)/python -m pytest -m long --hypothesis-profile=long $(PYTEST)

lint: $(READY)  ## ruff: rules and formatting; import-linter: who may import whom
	@echo "lint: ruff check"
	@$(BIN)/python -m ruff check .
	@echo "lint: ruff format --check"
	@$(BIN)/python -m ruff format --check .
	@echo "lint: lint-imports"
	@$(BIN)/lint-imports --no-cache

types: $(READY)  ## mypy strict and pyright strict, over everything
	@echo "types: mypy"
	@$(BIN)/python -m mypy
	@echo "types: pyright"
	@$(BIN)/python -m pyright --pythonpath $(BIN)/python

format: $(READY)  ## let ruff format the tree and fix what it can
	@echo "format: ruff check --fix, ruff format"
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

generate: $(READY)  ## write generated code anew: the jobs of pyproject.toml, and what the sync client has of the async one
	@echo "generate: emitter-typed generate"
	@$(BIN)/emitter-typed generate
	@echo "generate: tools.derive_sync"
	@$(BIN)/python -m tools.derive_sync

generate-check: $(READY)  ## fail if `make generate` would change anything; writes nothing
	@echo "generate-check: emitter-typed generate --check"
	@$(BIN)/emitter-typed generate --check
	@echo "generate-check: tools.derive_sync --check"
	@$(BIN)/python -m tools.derive_sync --check

docs: $(READY)  ## make the site of docs/ in build/docs/html (a warning is an error); open its index.html
	@echo "docs: sphinx"
	@$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --fresh-env --quiet \
	  --doctree-dir build/docs/doctrees docs build/docs/html
	@echo "docs: build/docs/html/index.html"

# The rest is measured all the same, and what is missing is said.
NOT_INSTALLED = not all could be installed; the next run tries again
BENCHES = build/bench-client/.ready build/bench-codec/.ready build/bench-codegen/.ready

bench: $(READY) $(BENCHES)  ## everything, in about 20 minutes on an idle machine: writes RESULTS.md, figures and tables
	@$(BIN)/python -m benchmarks.everything $(BENCH)

bench-quick: $(READY) $(BENCHES)  ## the same with fewer rounds of less, in about five minutes, into build/bench-quick
	@$(BIN)/python -m benchmarks.everything --quick $(BENCH)

bench-render: $(READY)  ## write RESULTS.md, figures and tables again, of what benchmarks/results.json holds
	@$(BIN)/python -m benchmarks.everything --render

bench-broker: $(READY)  ## how fast the embedded broker is, beside mosquitto if that is installed
	@$(BIN)/python -m benchmarks.broker

bench-codegen: build/bench-codegen/.ready  ## how long generating takes, beside two other generators
	@$(BIN)/python -m benchmarks.codegen --peers build/bench-codegen/bin $(BENCH)

build/bench-codegen/.ready: benchmarks/codegen-requirements.txt | $(READY)
	@echo "bench-codegen: installing the other generators into build/bench-codegen"
	@$(BIN)/python -m venv --clear build/bench-codegen
	@build/bench-codegen/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  -r benchmarks/codegen-requirements.txt && touch $@ || echo "bench-codegen: $(NOT_INSTALLED)" >&2

bench-client: build/bench-client/.ready  ## how fast the client is, beside others (BENCH="--rounds 1" is handed on)
	@build/bench-client/bin/python -m benchmarks.client $(BENCH)

# In an environment of its own: nothing here depends on the other clients.
build/bench-client/.ready: benchmarks/requirements-client.txt | $(READY)
	@echo "bench-client: installing the other clients into build/bench-client"
	@$(BIN)/python -m venv --clear build/bench-client
	@build/bench-client/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements-client.txt && \
	  build/bench-client/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . && \
	  touch $@ || echo "bench-client: $(NOT_INSTALLED)" >&2

bench-codec: build/bench-codec/.ready  ## what reading and writing a payload costs, beside others (BENCH as above)
	@build/bench-codec/bin/python -m benchmarks.codec $(BENCH)

build/bench-codec/.ready: benchmarks/requirements-codec.txt | $(READY)
	@echo "bench-codec: installing the other libraries into build/bench-codec"
	@$(BIN)/python -m venv --clear build/bench-codec
	@build/bench-codec/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements-codec.txt && \
	  build/bench-codec/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . && \
	  touch $@ || echo "bench-codec: $(NOT_INSTALLED)" >&2

test-pythons:  ## run the tests on every Python at hand, 3.11 to 3.14, each in an environment of its own
	@ran=; for version in 3.11 3.12 3.13 3.14; do \
	  if "python$$version" -c '$(USABLE)' >/dev/null 2>&1; then \
	    $(MAKE) --no-print-directory test PYTHON="python$$version" VENV=".venv-$$version" || exit 1; ran="$$ran $$version"; \
	  else echo "test-pythons: python$$version is not installed, and was left out"; fi; \
	done; test -n "$$ran" && echo "test-pythons: passed on$$ran"

test-oldest:  ## run the tests with the oldest dependencies that pyproject.toml allows, in .venv-oldest
	@$(MAKE) --no-print-directory setup VENV=.venv-oldest
	@.venv-oldest/bin/python -m tools.oldest > .venv-oldest/oldest.txt
	@echo "test-oldest: $$(tr '\n' ' ' < .venv-oldest/oldest.txt)"
	@.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check -r .venv-oldest/oldest.txt
	@.venv-oldest/bin/python -m pytest $(PYTEST)

dist: $(READY)  ## build the sdist, and the wheel from it, into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .

package-check: $(READY)  ## build wheel and sdist, and try the wheel in an environment without extras
	@$(BIN)/python tools/package_check.py

lock:  ## refresh requirements-dev.txt, keeping its pins (UPGRADE=1: the newest of everything)
	@echo "lock: resolving pyproject.toml and requirements-dev.in for every Python and platform"
	@test -x build/lock/bin/uv || for python in $(PYTHONS); do \
	  "$$python" -c '$(USABLE)' >/dev/null 2>&1 && exec "$$python" -m venv --clear build/lock; done
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras \
	  --no-emit-package emitter-typed --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) \
	  pyproject.toml requirements-dev.in -o requirements-dev.txt

clean:  ## remove caches and builds; .venv stays
	@echo "clean: caches and builds ($(VENV) stays; rm -r it to have it made anew)"
	@rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -path './.venv*' -prune -o -type d -name __pycache__ -exec rm -rf {} +

# With hashes, next year's machine gets the same bytes; without isolation, the build backend is the pinned one too.
$(READY): pyproject.toml requirements-dev.txt | same-python
	@"$(BIN)/python" -c '' 2>/dev/null || { \
	  for python in $(PYTHONS); do \
	    if "$$python" -c '$(USABLE)' >/dev/null 2>&1; then \
	      echo "setup: making $(VENV) with $$("$$python" --version)"; \
	      exec "$$python" -m venv --clear $(VENV); \
	    fi; \
	  done; \
	  echo "setup: no usable Python among" $(PYTHONS)": install Python 3.11 or newer with its venv module" \
	    "(Debian: apt install python3-venv), or say PYTHON=/path/to/python" >&2; \
	  exit 1; \
	}
	@echo "setup: installing the pinned tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt
	@echo "setup: installing emitter-typed into it, editable"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# What pip does for any other install, so that the command line starts as fast as it does elsewhere.
	@$(BIN)/python -m compileall -q src codegen
	@touch $@

# An environment keeps the interpreter that it was made with: better to stop than to test on another than was asked for.
same-python:
	@test -z "$(PYTHON)" || ! test -x $(BIN)/python || { \
	  version='import sys; print(*sys.version_info[:2], sep=".")'; \
	  asked=$$("$(or $(PYTHON),false)" -c "$$version") || exit 1; \
	  has=$$($(BIN)/python -c "$$version") || exit 0; \
	  test "$$asked" = "$$has" || { \
	    echo "setup: $(VENV) was made with Python $$has: add VENV=.venv-$$asked for one of its own" >&2; exit 1; }; \
	}
