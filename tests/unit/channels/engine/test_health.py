"""What is wrong, by what is known."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.engine.health import (
    INBOX_AGE_LIMIT,
    OUTBOX_AGE_LIMIT,
    STORE_SILENCE,
    Facts,
    HealthProblem,
    Part,
    problems,
)

NOW = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
WELL: dict[str, Any] = {
    "store_answered_at": NOW,
    "store_failed": False,
    "waiting": 0,
    "oldest_at": None,
    "refused_tokens": [],
}


def found(**facts: Any) -> list[HealthProblem]:
    return problems(Facts(**{**WELL, **facts}), NOW)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"store_answered_at": NOW - STORE_SILENCE},
        {"waiting": 9000, "oldest_at": NOW - INBOX_AGE_LIMIT},
        {"unsent": 9000, "unsent_since": NOW - OUTBOX_AGE_LIMIT},
    ],
)
def test_a_worker_is_well(facts: dict[str, Any]) -> None:
    assert found(**facts) == []


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        (Part.STORE, {"store_failed": True}),
        (Part.STORE, {"store_answered_at": NOW - STORE_SILENCE - SECOND}),
        (Part.TOKEN, {"refused_tokens": ["the page"]}),
        (Part.WEBHOOK, {"unsubscribed": ["the page"]}),
        (Part.INBOX, {"waiting": 1, "oldest_at": NOW - INBOX_AGE_LIMIT - SECOND}),
        (Part.OUTBOX, {"unsent": 1, "unsent_since": NOW - OUTBOX_AGE_LIMIT - SECOND}),
    ],
)
def test_a_worker_is_not_well(part: Part, facts: dict[str, Any]) -> None:
    [problem] = found(**facts)
    assert problem.part is part
    assert problem.message
    assert problem.remedy


def test_the_store_s_silence_is_dated() -> None:
    [problem] = found(store_failed=True, store_answered_at=NOW - 3 * SECOND)
    assert problem.message == "The session store has not answered since 11:59:57 UTC."


def test_the_inbox_s_age_is_told_with_what_is_allowed() -> None:
    [problem] = found(waiting=7, oldest_at=NOW - timedelta(minutes=6))
    assert problem.message == (
        "The oldest of 7 events in the inbox has waited since 2026-10-01 11:54:00 UTC; "
        "5 minutes are allowed."
    )


def test_the_pages_whose_tokens_are_refused_are_named() -> None:
    [problem] = found(refused_tokens=["page 111", "page 222"])
    assert problem.message == "Meta refuses the access token of page 111, page 222."


def test_each_part_has_its_own_problem() -> None:
    waiting = {"waiting": 7, "oldest_at": NOW - timedelta(hours=1)}
    parts = [problem.part for problem in found(refused_tokens=["the page"], **waiting)]
    assert parts == [Part.TOKEN, Part.INBOX]


def test_of_an_inbox_behind_a_dead_store_nothing_is_said() -> None:
    [problem] = found(store_failed=True, waiting=7, oldest_at=NOW - timedelta(hours=1))
    assert problem.part is Part.STORE
