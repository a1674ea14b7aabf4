"""What holds for all tiers."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Generator
from importlib.util import find_spec

import pytest
from hypothesis import settings

from tests.support import in_memory

# Under Rasa Pro nothing is left out but what needs a licence, since it trains or reads a model, and
# what is Rasa 3.6's own: the baseline of the benchmarks, and the project that `rasa init` writes.
collect_ignore = (
    [
        "stack/acceptance",
        "stack/deploy",
        "scenario/assistant",
        "scenario/dialogue/test_rasa_assistant.py",
        "scenario/dialogue/test_rasas_stores.py",
        "unit/repository/test_assistant_files.py",
        "unit/benchmarks/test_results.py",
        "unit/repository/test_deploy.py",
        "unit/cli/init",
        "unit/cli/test_loading.py",
    ]
    if find_spec("rasa.shared.core.flows")
    else ["rasa_pro"]
)

# A change is judged by the same examples each time; on a developer's machine they are new ones.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None, print_blob=True)
# For `make deep`; what takes its number of examples from the profile's takes more with it.
settings.register_profile("deep", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("ci" if os.environ.get("CI") else "local")

# Where pytest makes the directories of `tmp_path`. No test is about a disk that loses power.
if place := in_memory.directory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: to look through it for garbage is time for nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How long the tests of each tier took, however many of them ran at a time."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                _, room, *rest = report.nodeid.split("/")[:-1]
                tier = rest[0] if room in ("search", "stack") else room
                seconds[tier] += report.duration
    slowest_first = sorted(seconds.items(), key=lambda item: -item[1])
    told = ", ".join(f"{tier} {taken:.0f} s" for tier, taken in slowest_first)
    terminalreporter.write_line(f"Time in tests: {told}.")
