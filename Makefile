# `make demo` runs it all to try by hand, `make test` what CI runs. Both set up what they need.
.DELETE_ON_ERROR:
.PHONY: setup clients demo demo-script test test-processes test-rasa-pro test-rasa-pro-3.19 deep \
  mutants fuzz chaos bench docs lint lock clean

PYTHON := .venv/bin/python
READY := .venv/.ready
# A demo does with half of the packages, until something else is asked for.
DEMO_READY := .venv/.ready-for-demo
ENOUGH := $(READY)
ifeq ($(wildcard $(READY))$(filter-out demo demo-script,$(or $(MAKECMDGOALS),setup)),)
ENOUGH := $(DEMO_READY)
endif
PRO := .venv-rasa-pro-3.21
PRO_READY := $(PRO)/.ready
# A Python of this machine that Rasa Pro 3.21 runs on; empty if there is none.
PRO_PYTHON = $(shell for python in python3.13 python3.12 python3.14 \
  "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[234].*/bin/python; \
  do "$$python" -c "import ensurepip, sys; print(sys.executable)" 2>/dev/null && break; done)
PRO_319 := .venv-rasa-pro-3.19
PRO_319_READY := $(PRO_319)/.ready
BUILD_READY := .venv-build/.ready
CLIENTS := .venv-clients
CLIENTS_READY := $(CLIENTS)/.ready tests/clients/node_modules/.ready
# A file's tests share what is expensive. The files stay in their order: those with the fewest tests
# are the longest, and would keep one processor waiting at the end. Those that start processes come
# last, four at a time: they wait as much as they work.
PARALLEL := --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
FOUR_AT_A_TIME := --numprocesses 4 --dist loadfile --no-loadscope-reorder
# The others wait for a database or a disk now and then: one more than there are processors, but no more
# than four, since each imports Rasa.
ONE_MORE := --numprocesses $(shell n=$$(getconf _NPROCESSORS_ONLN); [ $$n -ge 4 ] && echo 4 || expr $$n + 1) \
  --dist loadfile --no-loadscope-reorder
PROCESSES := tests/stack/chaos tests/stack/deploy tests/stack/acceptance tests/stack/browser \
  tests/clients
# What is not the same under Rasa Pro: Rasa itself and its SDK, SQLAlchemy, Sanic, aiohttp,
# ruamel.yaml and structlog. What the doctor finds wrong at Meta is. It is to take no more than a minute
# and a half.
PRO_TESTS := tests/rasa_pro tests/contract/channel tests/contract/store \
  $(filter-out %_app.py %_page.py %_token.py,$(wildcard tests/contract/cli/test_*.py tests/contract/cli/*/test_*.py)) \
  tests/contract/graph/http $(filter-out %_openapi.py,$(wildcard tests/contract/operators/test_*.py)) \
  tests/search/fuzz/hostile \
  tests/scenario/dialogue tests/scenario/instruments tests/scenario/engine/test_back_pressure.py \
  tests/scenario/engine/test_said_once.py tests/scenario/engine/test_stopping.py \
  tests/scenario/engine/failures/test_store_outages.py \
  tests/unit/actions tests/unit/cli $(wildcard tests/unit/channels/dialogue/test_*.py) \
  tests/unit/channels/instruments tests/unit/channels/store tests/unit/channels/test_messenger.py \
  tests/unit/channels/webhook/test_slow_store.py \
  tests/unit/repository/test_architecture.py::test_importing_the_plugin_loads_no_rasa_until_its_channel_is_asked_for \
  tests/unit/repository/test_exports.py
# It reads the OpenAPI document by schemathesis, which does not go with Rasa Pro 3.19.
PRO_321_TESTS := tests/contract/operators/test_openapi.py
MODEL := models/handover.tar.gz
ASSISTANT := config.yml domain.yml $(wildcard data/*.yml)
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export LITELLM_LOCAL_MODEL_COST_MAP := True
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
# Many containers set it; but where no bytecode is kept, each process imports Rasa for three times as long.
unexport PYTHONDONTWRITEBYTECODE

setup: $(READY)

# Public Messenger clients, in Python and in JavaScript, which tests/clients runs on the emulator; and
# axe, by which tests/stack/browser looks at the pages.
clients: $(CLIENTS_READY)

# On ports 8600 and 8601; DEMO="--port 8700" for other ones.
demo: $(ENOUGH) $(MODEL)
	$(PYTHON) -m demo $(DEMO)

demo-script: $(ENOUGH) $(MODEL)
	$(PYTHON) -m demo --script

# Two things at a time wherever one would leave a processor idle: mypy, a training, an installation, and
# the tests that start processes. What each of them prints comes once it has ended (but for make 3.81,
# as macOS has it).
TWO_AT_A_TIME := --jobs=2 $(addprefix --,$(filter output-sync,$(.FEATURES)))
test: $(READY)
	$(MAKE) $(TWO_AT_A_TIME) lint docs $(MODEL) $(CLIENTS_READY) $(BUILD_READY)
	$(PYTHON) -m pytest $(ONE_MORE) -m "not deep" $(addprefix --ignore=,$(PROCESSES))
	$(MAKE) $(TWO_AT_A_TIME) test-processes test-rasa-pro

test-processes: $(MODEL) $(CLIENTS_READY) $(BUILD_READY)
	$(PYTHON) -m pytest $(FOUR_AT_A_TIME) -m "not deep" $(PROCESSES)

# What trains or runs a model of Rasa Pro needs a licence, and is left out.
test-rasa-pro: $(MODEL)
	$(if $(PRO_PYTHON),$(MAKE) $(PRO_READY),\
	  @echo "Not tested under Rasa Pro 3.21: there is no Python 3.12, 3.13 or 3.14 with venv here.")
	$(if $(PRO_PYTHON),\
	  $(PRO)/bin/python -m pytest $(PARALLEL) -p no:cacheprovider $(PRO_TESTS) $(PRO_321_TESTS))

# The last Rasa Pro that runs on Python 3.10.
test-rasa-pro-3.19: $(PRO_319_READY) $(MODEL)
	$(PRO_319)/bin/python -m pytest $(PARALLEL) -p no:cacheprovider $(PRO_TESTS)

# What takes too long for each change: Rasa Pro 3.19, the interleavings to depth 8, ten times the
# examples of everything that is tried at random, Rasa's own pipeline, more places at which the process
# dies, deploy/small, and the chaos run. Three quarters of an hour.
deep: $(READY) test-rasa-pro-3.19
	$(PYTHON) -m pytest $(PARALLEL) --hypothesis-profile=deep tests/search/exhaustive tests/search/property \
	  tests/unit tests/contract/store tests/contract/operators
	$(PYTHON) -m pytest -m deep tests/scenario tests/stack
	$(MAKE) chaos

# Puts mistakes into copies of the code, one for each processor, and tells which ones no test notices.
mutants: $(READY)
	$(PYTHON) -m tests.mutations

# Half an hour of kills, outages and faults under load. More: tests/stack/chaos --help.
chaos: $(READY) $(BUILD_READY)
	$(PYTHON) tests/stack/chaos

# Measures for a quarter of an hour; the machine should have nothing else to do.
bench: $(READY) $(MODEL)
	$(PYTHON) -m benchmarks

# A million hostile inputs; FUZZ="--seed 7 --inputs 1000" for other ones.
fuzz: $(READY)
	PYTHONPATH=. $(PYTHON) tests/search/fuzz/run.py $(FUZZ)

# docs/ as pages in site/; a link or an anchor that leads nowhere is an error. With --quiet it would be none.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

# The lock files need uv, on any machine: pip install uv.
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --generate-hashes --no-emit-index-url --quiet
lock:
	$(LOCK) --universal --python-version 3.10 pyproject.toml --group dev --output-file requirements.lock
	$(LOCK) --universal --python-version 3.10 pyproject.toml demo/requirements.in \
	  --constraint requirements.lock --override demo/overrides.txt --output-file requirements-demo.lock
	$(LOCK) --python-platform linux --python-version 3.10 pyproject.toml --group rasa-pro-319 \
	  --output-file requirements-rasa-pro-3.19.lock
	$(LOCK) --universal --python-version 3.12 pyproject.toml --group rasa-pro-321 \
	  --output-file requirements-rasa-pro-3.21.lock
	$(LOCK) --universal --python-version 3.10 --group build --output-file requirements-build.lock
	$(LOCK) --universal --python-version 3.10 tests/clients/requirements.in \
	  --output-file tests/clients/requirements.lock
	cd tests/clients && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts

clean:
	rm -rf .venv .venv-* tests/clients/node_modules models .rasa build site

# uv is quicker than pip, and taken where it is there and finds the packages. pip is kept from compiling
# what nobody imports, and from telling of its own future.
INSTALL = @lock="--require-hashes --no-deps -r $(filter %.lock,$^)"; \
  [ -t 1 ] || lock="--quiet $$lock"; \
  { command -v uv > /dev/null && uv pip install --python $(@D)/bin/python $$lock; } || \
  $(@D)/bin/python -W ignore -m pip install --no-compile --disable-pip-version-check $$lock

$(READY): requirements.lock
$(READY): TOLD := 219 packages, for the demo and for development: 3.2 GB; some minutes
$(DEMO_READY): requirements-demo.lock
$(DEMO_READY): TOLD := the 167 packages that the demo needs: 1.6 GB, from 450 MB of wheels; a minute or two, besides the download
$(READY) $(DEMO_READY): .python-version
	@python3.10 -c 'import ensurepip' 2>/dev/null || { echo "Python 3.10 with venv is missing (rasa 3.6.21 runs on no later one). Get it with 'pyenv install 3.10', 'uv python install 3.10' or your system's python3.10-venv package, and run make again." >&2; exit 1; }
	rm -rf .venv
	@echo "Installing into .venv $(TOLD)."
	python3.10 -m venv .venv
	$(INSTALL)
	touch $@

$(PRO_READY): requirements-rasa-pro-3.21.lock
	rm -rf $(PRO)
	$(PRO_PYTHON) -m venv $(PRO)
	$(INSTALL)
	touch $@

# The others are Python 3.10, as $(READY) has found it.
$(PRO_319_READY): requirements-rasa-pro-3.19.lock
$(BUILD_READY): requirements-build.lock
$(CLIENTS)/.ready: tests/clients/requirements.lock
$(PRO_319_READY) $(BUILD_READY) $(CLIENTS)/.ready: $(READY)
	rm -rf $(@D)
	python3.10 -m venv $(@D)
	$(INSTALL)
	touch $@

tests/clients/node_modules/.ready: tests/clients/package-lock.json
	@command -v npm > /dev/null || { echo "Node 18 or later with npm is missing: some of the Messenger clients that are run on the emulator are written for it. On Debian, 'apt-get install nodejs npm'; then run make again." >&2; exit 1; }
	cd tests/clients && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(MODEL): $(ENOUGH) $(ASSISTANT)
	@echo "Training the example assistant: half a minute."
	$(PYTHON) -m demo.train --quiet --out models --fixed-model-name handover
	touch $@
