"""The session state machine: what each step changes, and when the next one is due."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import sessions
from channels.events import Thread
from channels.plans import Plan
from channels.sessions import Cause, EndReason, Session, Speaker, State, session_id_for

PLAN = Plan(name="default", timeout=timedelta(minutes=30))
CAUSE_AT = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
OPENED_AT = CAUSE_AT + timedelta(seconds=1)
PASSED_AT = CAUSE_AT + timedelta(seconds=3)
NOW = CAUSE_AT + timedelta(minutes=10)

OPENING = sessions.opening(
    session_id="s1",
    thread=Thread(page="111", user="222"),
    plan=PLAN,
    cause_at=CAUSE_AT,
    now=OPENED_AT,
)
ACTIVE = sessions.activated(OPENING, PASSED_AT)
ENDING = sessions.ending(ACTIVE, EndReason.KEYWORD, NOW)

STEPS: dict[str, Callable[[Session], Session]] = {
    "activated": lambda session: sessions.activated(session, NOW),
    "failed": lambda session: sessions.failed(session, NOW),
    "ending": lambda session: sessions.ending(session, EndReason.TIMEOUT, NOW),
    "regained": lambda session: sessions.regained(session, NOW),
    "postponed": lambda session: sessions.postponed(session, NOW),
    "left_with_agent": sessions.left_with_agent,
    "ended": sessions.ended,
    "heard": lambda session: sessions.heard(session, Speaker.USER),
}


def changes(before: Session, after: Session) -> dict[str, Any]:
    """What a step changed, its version apart."""
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return {name: new[name] for name in new if new[name] != old[name] and name != "version"}


def attempted(session: Session, attempts: int) -> Session:
    return msgspec.structs.replace(session, attempts=attempts)


def test_a_new_session_is_opening_and_due_at_once() -> None:
    assert (
        Session(
            id="s1",
            thread=Thread(page="111", user="222"),
            plan=PLAN,
            state=State.OPENING,
            version=1,
            opened_at=OPENED_AT,
            cause_at=CAUSE_AT,
            due_at=OPENED_AT,
        )
        == OPENING
    )


def test_an_active_session_is_due_when_its_timeout_has_passed_since_the_start() -> None:
    assert changes(OPENING, sessions.activated(OPENING, PASSED_AT)) == {
        "state": State.ACTIVE,
        "active_at": PASSED_AT,
        "due_at": OPENED_AT + PLAN.timeout,
    }


def test_a_session_that_is_activated_after_its_deadline_is_overdue() -> None:
    late = sessions.activated(OPENING, OPENED_AT + timedelta(hours=1))
    assert late.due_at == OPENED_AT + PLAN.timeout


def test_a_failed_handover_has_its_thread_and_only_rasa_is_left_to_be_told() -> None:
    assert changes(OPENING, sessions.failed(OPENING, NOW)) == {
        "state": State.ENDING,
        "reason": EndReason.FAILED,
        "ended_at": NOW,
        "regained": True,
        "due_at": NOW,
    }


def test_a_handover_that_may_have_been_made_all_the_same_is_taken_back_first() -> None:
    assert not sessions.failed(OPENING, NOW, regained=False).regained


@pytest.mark.parametrize("reason", EndReason)
def test_an_ending_session_keeps_its_reason_and_its_moment(reason: EndReason) -> None:
    ending = sessions.ending(ACTIVE, reason, NOW)
    assert (ending.state, ending.reason) == (State.ENDING, reason)
    assert ending.ended_at == ending.due_at == NOW


@pytest.mark.parametrize("reason", EndReason)
def test_a_thread_that_the_agent_gave_up_need_not_be_taken_back(reason: EndReason) -> None:
    gave_up = reason in (EndReason.AGENT_RETURNED, EndReason.AGENT_RELEASED)
    assert sessions.ending(ACTIVE, reason, NOW).regained is gave_up


def test_a_regained_thread_is_due_at_once() -> None:
    later = NOW + timedelta(minutes=1)
    assert changes(ENDING, sessions.regained(ENDING, later)) == {"regained": True, "due_at": later}


def test_a_thread_left_with_the_agent_has_no_deadline_and_no_end() -> None:
    assert changes(ENDING, sessions.left_with_agent(ENDING)) == {
        "state": State.ACTIVE,
        "reason": None,
        "ended_at": None,
        "due_at": None,
    }


def test_a_thread_left_with_the_agent_can_end_again() -> None:
    again = sessions.ending(sessions.left_with_agent(ENDING), EndReason.OPERATOR_REQUEST, NOW)
    assert again.reason is EndReason.OPERATOR_REQUEST


def test_a_pass_that_got_no_answer_counts_as_made_once_the_agent_turns_out_to_have_the_thread() -> (
    None
):
    """Otherwise nothing the user writes later could show that the agent has left."""
    failed = sessions.failed(OPENING, NOW, regained=False)
    assert sessions.left_with_agent(failed).active_at == NOW


def test_an_ended_session_is_never_due_and_keeps_its_reason() -> None:
    assert changes(ENDING, sessions.ended(ENDING)) == {"state": State.ENDED, "due_at": None}


@pytest.mark.parametrize(
    ("speaker", "counter"),
    [(Speaker.USER, "user_messages"), (Speaker.OPERATOR, "operator_messages")],
)
def test_what_was_heard_is_counted_by_who_spoke(speaker: Speaker, counter: str) -> None:
    once = sessions.heard(ACTIVE, speaker)
    assert changes(ACTIVE, once) == {counter: 1}
    assert changes(once, sessions.heard(once, speaker)) == {counter: 2}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("session", [OPENING, ACTIVE, ENDING], ids=lambda s: s.state.value)
def test_each_step_makes_the_next_version(
    session: Session, step: Callable[[Session], Session]
) -> None:
    assert step(session).version == session.version + 1


@pytest.mark.parametrize("name", ["activated", "failed", "ending", "regained", "left_with_agent"])
def test_a_step_that_succeeds_starts_counting_tries_anew(name: str) -> None:
    assert STEPS[name](attempted(ENDING, 7)).attempts == 0


def test_the_first_pauses_between_tries_double() -> None:
    pauses = []
    session = ENDING
    for _ in range(4):
        session = sessions.postponed(session, NOW)
        pauses.append(session.due_at - NOW)
    assert pauses == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert session.attempts == 4


@given(st.integers(0, 1_000_000))
def test_a_pause_never_shrinks_and_is_never_longer_than_five_minutes(attempts: int) -> None:
    due_at = sessions.postponed(attempted(ENDING, attempts), NOW).due_at
    next_due_at = sessions.postponed(attempted(ENDING, attempts + 1), NOW).due_at
    assert due_at <= next_due_at <= NOW + timedelta(minutes=5)


def test_a_postponed_step_stays_what_it_was() -> None:
    assert changes(ENDING, sessions.postponed(ENDING, NOW)).keys() == {"attempts", "due_at"}


def test_an_event_leads_to_one_session_however_often_it_comes() -> None:
    first, again = (Cause(at=at, key="111/messaging/m_1") for at in (CAUSE_AT, NOW))
    assert first.session_id == again.session_id == session_id_for("111/messaging/m_1")


def test_two_events_lead_to_two_sessions() -> None:
    assert session_id_for("111/messaging/m_1") != session_id_for("111/messaging/m_2")


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_a_session_id_is_short_whatever_the_events_key(key: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", session_id_for(key))


@pytest.mark.parametrize("state", State)
def test_a_session_is_open_until_it_has_ended(state: State) -> None:
    session = msgspec.structs.replace(ACTIVE, state=state)
    assert session.is_open is (state is not State.ENDED)


def test_the_message_id_of_the_end_is_the_same_in_every_version() -> None:
    versions = [ACTIVE, ENDING, sessions.postponed(ENDING, NOW), sessions.ended(ENDING)]
    assert {version.ended_message_id for version in versions} == {"handover-ended-s1"}


def test_two_sessions_have_two_message_ids_of_the_end() -> None:
    other = msgspec.structs.replace(ENDING, id="s2")
    assert other.ended_message_id != ENDING.ended_message_id


def test_a_session_never_changes_in_place() -> None:
    with pytest.raises(AttributeError):
        ACTIVE.state = State.ENDED  # type: ignore[misc]
