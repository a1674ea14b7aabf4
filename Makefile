# `make demo` runs it all to try by hand, `make test` every check. Both set up what they need.
.DELETE_ON_ERROR:
.PHONY: setup demo demo-script test chaos bench lint lock clean

PYTHON := .venv/bin/python
READY := .venv/.ready
MODEL := models/handover.tar.gz
ASSISTANT := config.yml domain.yml $(wildcard data/*.yml)
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1

setup: $(READY)

demo: $(READY) $(MODEL)
	$(PYTHON) -m demo

demo-script: $(READY) $(MODEL)
	$(PYTHON) -m demo --script

test: lint $(MODEL)
	$(PYTHON) -m pytest

# Half an hour of kills, outages and faults under load. More: tests/chaos --help.
chaos: $(READY)
	$(PYTHON) tests/chaos

# Measures for a quarter of an hour; the machine should have nothing else to do.
bench: $(READY) $(MODEL)
	$(PYTHON) -m benchmarks

lint: $(READY)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

# The lock file needs uv, on any machine: pip install uv.
lock:
	UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --universal --python-version 3.10 \
	  --extra dev --generate-hashes --no-emit-index-url --quiet pyproject.toml \
	  --output-file requirements.lock

clean:
	rm -rf .venv models .rasa build/chaos

$(READY): requirements.lock .python-version
	@python3.10 -c 'import ensurepip' 2>/dev/null || { echo "Python 3.10 with venv is missing (rasa 3.6.21 runs on no later one). Get it with 'pyenv install 3.10', 'uv python install 3.10' or your system's python3.10-venv package, and run make again." >&2; exit 1; }
	rm -rf .venv
	python3.10 -m venv .venv
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	touch $@

$(MODEL): $(READY) $(ASSISTANT)
	$(PYTHON) -m rasa train --quiet --out models --fixed-model-name handover
	touch $@
