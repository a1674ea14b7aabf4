"""A failed test tells what its processes have logged."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.stack.forks.told_logs import MOST_LINES, last_problems, tell_logs

LOG = """\
2026-11-29 17:49:18 INFO     root  - Starting Rasa server
2026-11-29 17:49:19 WARNING  channels.engine.engine  - The store is slow.
{"level": "error", "event": "An event is set aside for good."}
Traceback (most recent call last):
  File "bot.py", line 1
KeyError: 'plan'
2026-11-29 17:49:22 INFO     root  - Rasa server is up and running.
"""


class Bot:
    def __init__(self, log: Path) -> None:
        self.logs = {"rasa": log}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "rasa.log"
    file.write_text(LOG)
    return file


def report(outcome: Literal["passed", "failed"]) -> pytest.TestReport:
    place = ("test_bot.py", 1, "test_it")
    return pytest.TestReport("test_bot.py::test_it", place, {}, outcome, None, "call")


def test_warnings_and_errors_are_told_with_their_tracebacks(log: Path) -> None:
    assert last_problems(log) == LOG.splitlines()[1:6]


def test_only_the_last_ones_are_told(log: Path) -> None:
    log.write_text("".join(f"WARNING {number}\n" for number in range(100)))
    told = last_problems(log)
    assert (len(told), told[-1]) == (MOST_LINES, "WARNING 99")


def test_a_failed_test_tells_what_its_bot_has_logged(log: Path) -> None:
    failed = report("failed")
    tell_logs(failed, [7, Bot(log)])
    [(title, told)] = failed.sections
    assert title == "the last warnings and errors of rasa"
    assert "The store is slow." in told


def test_a_test_that_passes_tells_nothing(log: Path) -> None:
    passed = report("passed")
    tell_logs(passed, [Bot(log)])
    assert passed.sections == []


def test_a_bot_that_was_never_started_has_logged_nothing(tmp_path: Path) -> None:
    assert last_problems(tmp_path / "rasa.log") == []
