# make run     set everything up and start Atelier on http://127.0.0.1:8501
# make test    set everything up and run every check
# make setup   set everything up and start nothing
# make bench   measure: speed and quality, written to stdout

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.PHONY: run setup setup-test test test-slow lint bench clean

VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8501
# Stamps hold the hash of what they stand for, so a changed requirements file is installed and nothing else is.
RUN_STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-test
# A starter that is converted once from what PyPI has; without it Atelier works, with one model less.
CONVERTED := $(VENV)/share/atelier/models/smollm2-135m-instruct
export HF_HUB_DISABLE_TELEMETRY := 1
# A worker of pytest on each core, up to four (each holds torch); a file's tests stay together, as they share models.
SPREAD := -n logical --maxprocesses 4 --dist loadfile

# apt-get needs root: as root directly, else through sudo.
define apt_install
	if ! command -v apt-get >/dev/null; then echo "Please install $(1) with your system's package manager." >&2; exit 1; fi; \
	as=""; [ "$$(id -u)" = 0 ] || as="sudo"; \
	echo "Installing Debian package(s): $(1)"; \
	$$as apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as apt-get install -y -qq $(1) >/dev/null
endef

setup:
	@python="$$(command -v python3.11 || command -v python3 || true)"; \
	if [ ! -x $(PY) ]; then \
	  if [ -z "$$python" ] || ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	    $(call apt_install,python3 python3-venv); python="$$(command -v python3)"; fi; \
	  "$$python" -c 'import sys; sys.exit("Atelier needs Python 3.11 or newer, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'; \
	  "$$python" -c 'import ensurepip' 2>/dev/null || { $(call apt_install,python3-venv); }; \
	  echo "Creating $(VENV)"; "$$python" -m venv $(VENV); fi
	@want="$$(sha256sum requirements.txt | cut -d' ' -f1)"; \
	if [ "$$(cat $(RUN_STAMP) 2>/dev/null || true)" != "$$want" ]; then \
	  echo "Installing requirements (the first time takes some minutes)"; \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt; \
	  echo "$$want" > $(RUN_STAMP); fi
	@[ -f $(CONVERTED)/config.json ] || $(PY) -m lib.models.fetch

setup-test: setup
	@want="$$(cat requirements.txt tests/requirements.txt | sha256sum | cut -d' ' -f1)"; \
	if [ "$$(cat $(TEST_STAMP) 2>/dev/null || true)" != "$$want" ]; then \
	  echo "Installing what the tests need"; \
	  $(PY) -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt; \
	  echo "$$want" > $(TEST_STAMP); fi
	@command -v chromium >/dev/null || { $(call apt_install,chromium fonts-noto-color-emoji); }

run: setup
	@echo "Atelier is on http://127.0.0.1:$(PORT) (Ctrl-C ends it; runs go on)"
	@exec $(VENV)/bin/streamlit run Home.py --server.port $(PORT) --server.headless true

lint: setup-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test: lint
	$(PY) -m pytest -m "not slow" $(SPREAD) --durations=30

test-slow: lint
	$(PY) -m pytest -m slow

bench: setup-test
	$(PY) -m tests.benchmarks

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache
