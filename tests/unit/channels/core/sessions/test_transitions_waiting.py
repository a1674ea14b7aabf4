"""A session asked for outside the plan's hours: refused, or waiting until somebody is there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from channels.core.hours import Hours, WhenClosed, parse_week
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, State, deadline
from tests.unit.channels.core.sessions.transition_samples import (
    AGENT,
    CAUSE_AT,
    INBOX,
    MINUTE,
    OPENED_AT,
    PLAN,
    changes,
    opening,
)

HOURS = Hours(week=parse_week({"mon-fri": "09:00-12:00"}), timezone="UTC")  # it is Thursday, noon
FRIDAY, MONDAY = (datetime(2026, 10, day, 9, tzinfo=timezone.utc) for day in (2, 5))
WAITS = msgspec.structs.replace(
    PLAN, hours=HOURS, when_closed=WhenClosed.WAIT, wait_at_most=timedelta(days=9)
)
REFUSES = msgspec.structs.replace(WAITS, when_closed=WhenClosed.REFUSE)
WAITING = transitions.by_hours(opening(WAITS), OPENED_AT)


def test_while_somebody_is_there_a_session_is_opened() -> None:
    session = opening(WAITS)
    assert transitions.by_hours(session, FRIDAY) is session


def test_where_the_plan_refuses_only_rasa_is_left_to_be_told() -> None:
    session = opening(REFUSES)
    assert changes(session, transitions.by_hours(session, OPENED_AT)) == {
        "state": State.ENDING,
        "reason": EndReason.CLOSED,
        "ended_at": OPENED_AT,
        "regained": True,
    }


def test_where_the_plan_waits_it_is_due_at_the_next_opening() -> None:
    assert changes(opening(WAITS), WAITING) == {
        "state": State.WAITING,
        "waiting_since": OPENED_AT,
        "is_announced": False,
        "due_at": FRIDAY,
    }


def test_it_waits_for_no_longer_than_the_plan_says() -> None:
    plan = msgspec.structs.replace(WAITS, wait_at_most=5 * MINUTE)
    waiting = transitions.by_hours(opening(plan), OPENED_AT)
    assert waiting.due_at == OPENED_AT + 5 * MINUTE
    assert deadline(waiting) == (OPENED_AT + 5 * MINUTE, EndReason.CLOSED)


def test_if_nobody_is_there_any_more_it_waits_for_the_opening_after() -> None:
    later = transitions.waiting_on(WAITING, FRIDAY + timedelta(hours=3))
    assert changes(WAITING, later) == {"due_at": MONDAY}


def test_once_somebody_is_there_its_clock_begins() -> None:
    assert changes(WAITING, transitions.opened(WAITING, FRIDAY, user_at=None)) == {
        "state": State.OPENING,
        "opened_at": FRIDAY,
    }


@pytest.mark.parametrize(
    ("user_at", "last_user_at"),
    [(FRIDAY - MINUTE, FRIDAY - MINUTE), (CAUSE_AT - MINUTE, CAUSE_AT)],
    ids=["since", "before"],
)
def test_the_window_counts_from_what_the_user_wrote_while_waiting(
    user_at: datetime, last_user_at: datetime
) -> None:
    assert transitions.opened(WAITING, FRIDAY, user_at=user_at).last_user_at == last_user_at


def test_an_app_that_has_asked_for_the_thread_gets_it_instead_of_the_plan_s() -> None:
    session = transitions.opened(WAITING, FRIDAY, user_at=None, target_app=AGENT)
    assert (session.owner_app, session.target_app_id) == (AGENT, AGENT)
    assert (WAITING.owner_app, WAITING.target_app_id) == (INBOX, INBOX)


def test_while_meta_does_not_take_the_pass_the_bot_goes_on_talking() -> None:
    session = transitions.opened(WAITING, FRIDAY, user_at=None)
    assert changes(session, transitions.waiting_again(session, FRIDAY)) == {
        "state": State.WAITING,
        "attempts": 1,
        "due_at": FRIDAY + timedelta(seconds=1),
    }


def test_another_handover_takes_its_place_and_rasa_does_not_hear_of_the_end() -> None:
    assert changes(WAITING, transitions.replaced(WAITING, OPENED_AT + MINUTE)) == {
        "state": State.ENDED,
        "reason": EndReason.CANCELLED,
        "ended_at": OPENED_AT + MINUTE,
        "regained": True,
        "due_at": None,
    }


def test_whoever_takes_the_thread_meanwhile_has_it_from_then_on() -> None:
    now = OPENED_AT + MINUTE
    cause = Cause(at=CAUSE_AT + MINUTE, key="taken")
    session = transitions.taken(WAITING, AGENT, cause, now)
    assert changes(WAITING, session) == {
        "state": State.ACTIVE,
        "owner_app": AGENT,
        "opened_at": now,
        "cause_at": cause.at,
        "active_at": now,
        "probe_at": session.probe_at,
        "due_at": now,
    }


def test_the_thread_of_a_waiting_session_need_not_be_taken_back() -> None:
    assert transitions.ending(WAITING, EndReason.CLOSED, FRIDAY).regained


def test_once_it_is_active_it_ends_like_any_other() -> None:
    opened = transitions.opened(WAITING, FRIDAY, user_at=None)
    active = transitions.activated(opened, FRIDAY + MINUTE)
    assert deadline(active) == (FRIDAY + PLAN.timeout, EndReason.TIMEOUT)
