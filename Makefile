# Everything is installed in $(VENV); nothing outside this folder is changed.
VENV ?= .venv
BIN := $(VENV)/bin
# Interpreters to try, in this order; `make PYTHON=/path/to/python3.12 ...` names one.
PYTHON ?= python3 python3.13 python3.12 python3.11
RUNS ?= runs
# Parallel test processes; each needs a core and about a gigabyte of memory.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$((n < 8 ? n : 8)))

# Of `make test-oldest`.
TORCH ?= torch==2.6.0

PHOTO ?= examples/photos/large/mountains.jpg
# Training time, not counting the drawing of samples.
TIME ?= 60s
WIDE ?= [1024,3072]

PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo app test test-slow test-oldest lint types contracts docs unit format clean try-wheel fast-tests mutants quality gpu-kit dist

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/installed ## install, train on a bundled photo and sample: about 2 minutes on two cores
	@set -e; start=$$(date +%s); run="$(RUNS)/demo-$$(date +%Y-%m-%d_%H-%M-%S)"; \
	$(BIN)/internal-gan model=singan "image=$(PHOTO)" "trainer.time=$(TIME)" "output=$$run"; \
	$(BIN)/internal-gan sample "checkpoint=$$run" "sample.size=$(WIDE)" sample.count=2 \
		"output=$$run-wide"; \
	seconds=$$(($$(date +%s) - start)); \
	echo; \
	echo "The demo took $$((seconds / 60)) min $$((seconds % 60)) s."; \
	echo "  the photo              $(PHOTO)"; \
	echo "  samples of its size    $$run/sample/000.png to 003.png"; \
	echo "  wider samples          $$run-wide/sample/000.png, 001.png"; \
	echo "  report page            $$run/index.html"; \
	echo "What to try next:"; \
	echo "  $(BIN)/internal-gan sample your-photo.jpg          # at once, without training"; \
	echo "  $(BIN)/internal-gan animate checkpoint=$$run       # the model that was trained here"; \
	echo "  $(BIN)/internal-gan app                            # in the browser"

app: $(VENV)/installed ## the page in the browser
	$(BIN)/internal-gan app "runs=$(RUNS)"

test: lint ## every check: ruff, mypy, import contracts, links, pytest
	@$(MAKE) --no-print-directory --jobs=2 unit contracts types docs

test-slow: $(VENV)/installed-slow ## the tests marked slow, which `make test` leaves out, with Ray
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --runslow -m slow

lint: $(VENV)/installed-dev ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/installed-dev ## mypy --strict
	$(BIN)/mypy

contracts: $(VENV)/installed-dev ## which module may import which
	$(BIN)/lint-imports

# Without --quiet, which hides warnings from --strict. The variable silences an advertisement.
docs: $(VENV)/installed-dev ## the documentation as a site: site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

test-oldest: $(VENV)-oldest/installed ## the Python functions with the oldest versions that are allowed
	$(VENV)-oldest/bin/pytest -p no:cacheprovider -n $(WORKERS) tests/test_api.py tests/images/files tests/nn

unit: $(VENV)/installed-dev ## pytest: tests/ and the doctests of the package
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

# What the workflows in .github run. On Windows, environments have other folders, so that the first
# two are Python.
try-wheel: ## build the wheel, install it in a new environment and use it: about 4 minutes
	$(firstword $(PYTHON)) .ci/try_wheel.py

fast-tests: ## the fast tests with the Python at hand, into which it installs what they need
	$(firstword $(PYTHON)) -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(firstword $(PYTHON)) -m pytest -n 2 --dist worksteal

N ?= 20
SEED ?= 0

# ROOM="patches models/zssr": folders or files of the package. SINCE=commit: only lines changed since.
mutants: $(VENV)/installed-dev ## N small changes to a ROOM, or to lines changed SINCE a commit: do tests fail?
	$(BIN)/python -m tests.mutants --count $(N) --seed $(SEED) $(if $(SINCE),--since $(SINCE)) \
		--room $(ROOM) --tests $(TESTS)

OUT ?= quality

quality: $(VENV)/installed-dev ## measure every application, and tell what has moved: about 20 minutes on two cores
	$(BIN)/python -m benchmarks.applications --threads 2 --output "$(OUT)" > /dev/null

# Of CPython 3.12, what an image with torch, numba, scipy, safetensors, jinja2 and psutil lacks.
# antlr4 has no wheel. Photos named as benchmarks/gpu.py says may be put into .gpu/photos.
GPU_WHEELS := hydra-core omegaconf kornia kornia-rs rich
GPU_TAGS := $(foreach n,17 24 27 28 31 34,--platform manylinux_2_$(n)_x86_64) --platform manylinux2014_x86_64

gpu-kit: ## .gpu/: what benchmarks/gpu.sh needs on a machine without a network
	@mkdir -p .gpu/photos; rm -f .gpu/*.whl
	$(firstword $(PYTHON)) -m pip wheel --disable-pip-version-check --quiet --no-deps -w .gpu \
		$$(grep '^antlr4' constraints.txt)
	$(firstword $(PYTHON)) -m pip download --disable-pip-version-check --quiet --no-deps -d .gpu \
		--only-binary=:all: --python-version 3.12 $(GPU_TAGS) -c constraints.txt $(GPU_WHEELS)

dist: ## wheel, sdist and bill of materials in dist/; with TAG, its version must be the package's
	@rm -rf dist $(VENV)-release
	@$(firstword $(PYTHON)) -m venv $(VENV)-release
	@$(VENV)-release/bin/python -m pip install --quiet build cyclonedx-bom
	@version=$$(sed -n 's/__version__ = "\(.*\)"/\1/p' internal_gan/version.py); \
	if [ -n "$(TAG)" ] && [ "$(TAG)" != "v$$version" ]; then \
		echo "error: the tag is $(TAG), but internal_gan/version.py says $$version" >&2; exit 2; \
	fi
	$(VENV)-release/bin/python -m build --outdir dist
	@$(firstword $(PYTHON)) -m venv $(VENV)-release/installed
	@$(VENV)-release/installed/bin/python -m pip install --quiet -c constraints.txt dist/*.whl
	$(VENV)-release/bin/cyclonedx-py environment --pyproject pyproject.toml \
		--output-file dist/internal-gan.cdx.json $(VENV)-release/installed

format: $(VENV)/installed-dev ## let ruff rewrite what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The version of torch is apart, so that the oldest others can be tested with the build at hand.
$(VENV)-oldest/installed: pyproject.toml constraints-oldest.txt | $(BIN)/python
	@echo "Installing the oldest versions (the first time this downloads torch)"
	@$(BIN)/python -m venv --clear $(VENV)-oldest
	@$(VENV)-oldest/bin/python -m pip install --disable-pip-version-check --quiet 'pip>=25.3'
	@$(VENV)-oldest/bin/python -m pip install --disable-pip-version-check -c constraints-oldest.txt \
		--build-constraint constraints.txt -e '.[app,joblib,video]' \
		'$(TORCH)' pytest pytest-xdist httpx2 tifffile
	@touch $@

clean: ## remove the environment, caches and builds (keeps your runs)
	rm -rf $(VENV) $(VENV)-oldest $(VENV)-release build dist site .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .mutants tests/app/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@set -e; found=; \
	for candidate in $(PYTHON); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			found=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "error: no Python 3.11 or newer among: $(PYTHON)." \
			"Install one, or name it: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "error: $$found cannot make a virtual environment: its venv or ensurepip module is" \
			"missing. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv --clear $(VENV)

# Always -e: a running page or training uses the files of this folder, which no target replaces. pip
# builds in isolation, whatever the environment contains. From 25.3 on, `--build-constraint` pins the
# build tools of this package and of its dependencies to the same versions as everything else.
$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing (the first time this downloads torch)"
	@$(PIP_INSTALL) --quiet 'pip>=25.3'
	@$(PIP_INSTALL) --build-constraint constraints.txt -e '.[app]'
	@touch $@

$(VENV)/installed-dev: EXTRAS := dev
$(VENV)/installed-slow: EXTRAS := dev,ray
$(VENV)/installed-dev $(VENV)/installed-slow: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing with the development tools (the first time this downloads torch)"
	@$(PIP_INSTALL) --quiet 'pip>=25.3'
	@$(PIP_INSTALL) --build-constraint constraints.txt -e '.[$(EXTRAS)]'
	@if command -v npm > /dev/null; then \
		npm install --prefix tests/app --no-audit --no-fund --no-package-lock --silent \
		|| echo "axe-core could not be installed; the test that needs it is skipped"; \
	fi
	@touch $(VENV)/installed $(VENV)/installed-dev $@
