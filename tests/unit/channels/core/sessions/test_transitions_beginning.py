"""How a session begins: opened or adopted, activated and announced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from channels.core.sessions import transitions
from channels.core.sessions.session import Session, Speaker, State
from tests.unit.channels.core.sessions.transition_samples import (
    ADA,
    AGENT,
    CAUSE,
    CAUSE_AT,
    INBOX,
    OPENED_AT,
    OPENING,
    PASSED_AT,
    PLAN,
    adopted,
    changes,
    hears,
)


def test_a_new_session_is_opening_and_due_at_once() -> None:
    assert (
        Session(
            id=CAUSE.session_id,
            thread=ADA,
            plan=PLAN,
            state=State.OPENING,
            version=1,
            opened_at=OPENED_AT,
            cause_at=CAUSE_AT,
            last_user_at=CAUSE_AT,
            owner_app=INBOX,
            due_at=OPENED_AT,
        )
        == OPENING
    )


def test_an_adopted_session_is_active_and_rasa_is_to_hear_of_it_at_once() -> None:
    session = adopted()
    assert session.version == 1
    assert changes(OPENING, session) == {
        "state": State.ACTIVE,
        "owner_app": AGENT,
        "is_adopted": True,
        "is_announced": False,
        "active_at": OPENED_AT,
        "probe_at": session.probe_at,
    }


def test_an_adopted_session_may_have_an_owner_that_nobody_knows() -> None:
    assert adopted(owner_app=None).owner_app is None


@pytest.mark.parametrize(
    "begin",
    [transitions.opening, lambda **given: transitions.adopted(owner_app=AGENT, **given)],
    ids=["opening", "adopted"],
)
def test_where_the_cause_is_not_the_users_the_window_counts_from_what_they_wrote(
    begin: Callable[..., Session],
) -> None:
    wrote_at = CAUSE_AT - timedelta(hours=7)
    session = begin(thread=ADA, plan=PLAN, cause=CAUSE, now=OPENED_AT, user_at=wrote_at)
    assert session.last_user_at == wrote_at


def test_an_active_session_is_due_when_its_timeout_has_passed_since_the_start() -> None:
    active = transitions.activated(OPENING, PASSED_AT)
    assert changes(OPENING, active) == {
        "state": State.ACTIVE,
        "active_at": PASSED_AT,
        "probe_at": active.probe_at,
        "due_at": OPENED_AT + PLAN.timeout,
    }


def test_a_session_that_is_activated_after_its_deadline_is_overdue() -> None:
    late = transitions.activated(OPENING, OPENED_AT + timedelta(hours=1))
    assert late.due_at == OPENED_AT + PLAN.timeout


def test_an_announced_session_is_not_announced_again() -> None:
    before = adopted()
    assert changes(before, transitions.announced(before)) == {
        "is_announced": True,
        "due_at": OPENED_AT + PLAN.timeout,
    }


def test_a_session_that_is_not_announced_stays_due_whatever_happens() -> None:
    assert hears(adopted(), Speaker.OPERATOR).due_at == OPENED_AT
