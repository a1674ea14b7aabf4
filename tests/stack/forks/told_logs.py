"""What processes have logged, beside how a test has failed: that may be on another machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest

MOST_LINES = 60
HAS_FAILED = pytest.StashKey[bool]()  # of a test
# What went wrong is said by a level or a traceback; a traceback's own lines are indented.
_PROBLEM = re.compile(r"warn|error|critical|exception|traceback|^\s", re.IGNORECASE)


@runtime_checkable
class Logging(Protocol):
    """A fixture with processes that log, each to a file."""

    @property
    def logs(self) -> Mapping[str, Path]: ...


def tell_logs(report: pytest.TestReport, fixtures: Iterable[object]) -> None:
    """Add what the processes of a failed test's fixtures have logged last to its report."""
    if not report.failed:
        return
    for fixture in fixtures:
        if isinstance(fixture, Logging):
            for name, log in fixture.logs.items():
                told = "\n".join(last_problems(log)) or "none"
                report.sections.append((f"the last warnings and errors of {name}", told))


def last_problems(log: Path) -> list[str]:
    """The last lines of a log that tell of something wrong."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [line for line in lines if _PROBLEM.search(line)][-MOST_LINES:]
