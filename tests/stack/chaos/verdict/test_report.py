"""A run whose figures are all zero says what it shows nothing of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.stack.chaos.chaos_run import Plan, Result
from tests.stack.chaos.play.storm import Counts
from tests.stack.chaos.verdict.evidence import Death
from tests.stack.chaos.verdict.forged_records import GOOD, at, ended
from tests.stack.chaos.verdict.report import REASONS, gaps

SECOND = timedelta(seconds=1)
NOTHING = Counts(kills=0, outages=0, faults=0, throttles=0, dead_tokens=0)
PLAN = Plan(seed=1, users=1, messages=1, lasting=SECOND, pause=SECOND, blows=NOTHING, poisons=1)


def result(*deaths: str, reasons: tuple[str, ...] = REASONS) -> Result:
    evidence = replace(
        GOOD,
        sessions=tuple(replace(ended(reason), reason=reason) for reason in reasons),
        deaths=tuple(Death(text=text, at=at(1)) for text in deaths),
    )
    return Result(evidence=evidence, took=SECOND, rested=SECOND, refused={})


def test_a_run_that_had_everything_has_no_gap() -> None:
    assert list(gaps(PLAN, result("poison", "poison", "poison"))) == []


def test_a_reason_for_which_no_session_ended_is_a_gap() -> None:
    without_one = result("poison", "poison", "poison", reasons=REASONS[1:])
    assert list(gaps(PLAN, without_one)) == [f"No session ended by {REASONS[0]}"]


@pytest.mark.parametrize("deaths", [(), ("one", "one", "other")])
def test_a_message_that_has_not_killed_its_reader_as_often_as_it_may_is_a_gap(
    deaths: tuple[str, ...],
) -> None:
    assert list(gaps(PLAN, result(*deaths))) == ["No message killed its reader 3 times"]


def test_a_run_without_such_messages_does_not_lack_them() -> None:
    assert list(gaps(replace(PLAN, poisons=0), result())) == []
