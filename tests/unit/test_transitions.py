"""The session state machine: what each step changes, and when the next one is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import transitions
from channels.events import Thread
from channels.plans import Plan
from channels.sessions import Cause, EndReason, Session, Speaker, State

ADA = Thread(page="111", user="222")
INBOX, AGENT = "263902037430900", "2000"
PLAN = Plan(name="default", timeout=timedelta(minutes=30), owner_probe=timedelta(hours=1))
PROBING_PLAN = Plan(name="default", timeout=timedelta(hours=9), owner_probe=timedelta(minutes=2))
CAUSE_AT = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
CAUSE = Cause(at=CAUSE_AT, key="111/messaging/m_1")
OPENED_AT = CAUSE_AT + timedelta(seconds=1)
PASSED_AT = CAUSE_AT + timedelta(seconds=3)
NOW = CAUSE_AT + timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def opening(plan: Plan = PLAN, cause: Cause = CAUSE) -> Session:
    return transitions.opening(thread=ADA, plan=plan, cause=cause, now=OPENED_AT)


def adopted(plan: Plan = PLAN, owner_app: str | None = AGENT) -> Session:
    return transitions.adopted(
        thread=ADA, plan=plan, cause=CAUSE, owner_app=owner_app, now=OPENED_AT
    )


def hears(session: Session, speaker: Speaker, at: datetime = NOW) -> Session:
    return transitions.heard(session, speaker, said_at=at, now=at)


def attempted(session: Session, attempts: int) -> Session:
    return msgspec.structs.replace(session, attempts=attempts)


def changes(before: Session, after: Session) -> dict[str, Any]:
    """What a step changed, its version apart."""
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return {name: new[name] for name in new if new[name] != old[name] and name != "version"}


OPENING = opening()
ACTIVE = transitions.activated(OPENING, PASSED_AT)
ENDING = transitions.ending(ACTIVE, EndReason.KEYWORD, NOW)
FAILED_IN_DOUBT = transitions.failed(OPENING, NOW, regained=False)

STEPS: dict[str, Callable[[Session], Session]] = {
    "activated": lambda session: transitions.activated(session, NOW),
    "announced": transitions.announced,
    "probed": lambda session: transitions.probed(session, NOW),
    "owned_by": lambda session: transitions.owned_by(session, AGENT),
    "failed": lambda session: transitions.failed(session, NOW),
    "ending": lambda session: transitions.ending(session, EndReason.TIMEOUT, NOW),
    "asked": lambda session: transitions.asked(session, NOW),
    "regained": lambda session: transitions.regained(session, NOW),
    "held": transitions.held,
    "postponed": lambda session: transitions.postponed(session, NOW),
    "left_with_agent": transitions.left_with_agent,
    "ended": transitions.ended,
    "heard": lambda session: hears(session, Speaker.USER),
}
UNTRIED = ["probed", "owned_by", "postponed", "ended", "heard"]  # these carry no step through


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("session", [OPENING, ACTIVE, ENDING], ids=lambda s: s.state.value)
def test_each_step_makes_the_next_version(
    session: Session, step: Callable[[Session], Session]
) -> None:
    assert step(session).version == session.version + 1


@pytest.mark.parametrize("name", [name for name in STEPS if name not in UNTRIED])
def test_a_step_that_succeeds_starts_counting_tries_anew(name: str) -> None:
    assert STEPS[name](attempted(ENDING, 7)).attempts == 0


# How a session begins.
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
    assert (
        Session(
            id=CAUSE.session_id,
            thread=ADA,
            plan=PLAN,
            state=State.ACTIVE,
            version=1,
            opened_at=OPENED_AT,
            cause_at=CAUSE_AT,
            last_user_at=CAUSE_AT,
            owner_app=AGENT,
            is_adopted=True,
            is_announced=False,
            active_at=OPENED_AT,
            probe_at=session.probe_at,
            due_at=OPENED_AT,
        )
        == session
    )


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


# While the agent has the thread.
@pytest.mark.parametrize(
    ("speaker", "counter"),
    [(Speaker.USER, "user_messages"), (Speaker.OPERATOR, "operator_messages")],
)
def test_what_was_heard_is_counted_by_who_spoke(speaker: Speaker, counter: str) -> None:
    twice = hears(hears(ACTIVE, speaker), speaker)
    counted = {"user_messages": 0, "operator_messages": 0, counter: 2}
    assert {name: getattr(twice, name) for name in counted} == counted


def test_the_first_answer_is_the_operators_first_message() -> None:
    first_at, second_at = NOW, NOW + timedelta(seconds=2)
    spoke = hears(hears(ACTIVE, Speaker.USER), Speaker.OPERATOR, first_at)
    assert hears(spoke, Speaker.OPERATOR, second_at).first_answer_at == first_at


def test_what_the_user_says_is_no_answer() -> None:
    assert hears(ACTIVE, Speaker.USER).first_answer_at is None


def test_the_silence_is_broken_by_our_clock_and_the_window_opened_by_metas() -> None:
    said_at = NOW - timedelta(seconds=2)
    spoke = transitions.heard(ACTIVE, Speaker.USER, said_at=said_at, now=NOW)
    assert (spoke.last_heard_at, spoke.last_user_at) == (NOW, said_at)


def test_a_message_that_comes_late_does_not_turn_the_window_back() -> None:
    spoke = hears(ACTIVE, Speaker.USER)
    late = transitions.heard(spoke, Speaker.USER, said_at=PASSED_AT, now=NOW)
    assert late.last_user_at == NOW


def test_what_the_operator_says_opens_no_window() -> None:
    assert hears(ACTIVE, Speaker.OPERATOR).last_user_at == CAUSE_AT


def test_whoever_speaks_puts_the_end_by_silence_off() -> None:
    plan = msgspec.structs.replace(PLAN, idle_timeout=15 * MINUTE)
    quiet = transitions.activated(opening(plan), PASSED_AT)
    assert quiet.due_at == PASSED_AT + 15 * MINUTE
    assert hears(quiet, Speaker.USER).due_at == NOW + 15 * MINUTE


def test_an_operators_first_words_put_the_end_unanswered_off() -> None:
    plan = msgspec.structs.replace(PLAN, unanswered_timeout=15 * MINUTE)
    waiting = transitions.activated(opening(plan), PASSED_AT)
    assert waiting.due_at == OPENED_AT + 15 * MINUTE
    assert hears(waiting, Speaker.OPERATOR).due_at == OPENED_AT + PLAN.timeout


def test_a_thread_that_goes_over_to_another_app_keeps_its_deadline() -> None:
    assert changes(ACTIVE, transitions.owned_by(ACTIVE, AGENT)) == {"owner_app": AGENT}


# Probes.
keys = st.text(st.characters(codec="ascii"), max_size=20)


@given(keys)
def test_the_first_probe_is_half_an_interval_to_one_and_a_half_away(key: str) -> None:
    begun = opening(PROBING_PLAN, Cause(at=CAUSE_AT, key=key))
    probe_at = transitions.activated(begun, PASSED_AT).probe_at
    assert probe_at is not None
    assert MINUTE <= probe_at - PASSED_AT < 3 * MINUTE


def test_the_first_probes_of_many_sessions_are_spread_out() -> None:
    causes = [Cause(at=CAUSE_AT, key=f"111/messaging/m_{number}") for number in range(1_000)]
    active = [transitions.activated(opening(PROBING_PLAN, cause), PASSED_AT) for cause in causes]
    tenths = Counter(
        (each.probe_at - PASSED_AT) // (PROBING_PLAN.owner_probe / 10) for each in active
    )
    assert sorted(tenths) == list(range(5, 15))
    assert all(50 < count < 150 for count in tenths.values())


def test_a_session_is_due_when_its_probe_is() -> None:
    active = transitions.activated(opening(PROBING_PLAN), PASSED_AT)
    assert active.due_at == active.probe_at


def test_an_adopted_session_is_probed_once_it_is_announced() -> None:
    session = transitions.announced(adopted(PROBING_PLAN))
    assert session.probe_at is not None
    assert session.due_at == session.probe_at


def test_after_a_probe_the_next_one_is_due() -> None:
    active = transitions.activated(opening(PROBING_PLAN), PASSED_AT)
    probed = transitions.probed(active, NOW)
    assert changes(active, probed) == {"probe_at": NOW, "due_at": NOW}


def test_a_probe_after_the_deadline_does_not_put_it_off() -> None:
    ends_at = OPENED_AT + PLAN.timeout
    assert transitions.probed(ACTIVE, ends_at + MINUTE).due_at == ends_at


# How a session ends.
def test_a_failed_handover_has_its_thread_and_only_rasa_is_left_to_be_told() -> None:
    assert changes(OPENING, transitions.failed(OPENING, NOW)) == {
        "state": State.ENDING,
        "reason": EndReason.FAILED,
        "ended_at": NOW,
        "regained": True,
        "due_at": NOW,
    }


def test_a_handover_that_may_have_been_made_all_the_same_is_taken_back_first() -> None:
    assert not FAILED_IN_DOUBT.regained


@pytest.mark.parametrize("reason", EndReason)
def test_an_ending_session_keeps_its_reason_and_its_moment(reason: EndReason) -> None:
    ending = transitions.ending(ACTIVE, reason, NOW)
    assert (ending.state, ending.reason) == (State.ENDING, reason)
    assert ending.ended_at == ending.due_at == NOW


@pytest.mark.parametrize("reason", EndReason)
def test_a_thread_that_the_agent_gave_up_need_not_be_taken_back(reason: EndReason) -> None:
    gave_up = reason in (EndReason.AGENT_RETURNED, EndReason.AGENT_RELEASED)
    assert transitions.ending(ACTIVE, reason, NOW).regained is gave_up


def test_an_owner_that_was_asked_has_five_minutes_to_pass_the_thread() -> None:
    later = NOW + MINUTE
    assert changes(ENDING, transitions.asked(ENDING, later)) == {
        "asked_at": later,
        "due_at": later + 5 * MINUTE,
    }


def test_a_regained_thread_is_due_at_once() -> None:
    later = NOW + MINUTE
    assert changes(ENDING, transitions.regained(ENDING, later)) == {
        "regained": True,
        "due_at": later,
    }


def test_an_end_that_is_held_waits_for_the_user() -> None:
    regained = transitions.regained(ENDING, NOW)
    assert changes(regained, transitions.held(regained)) == {"due_at": None}


def test_a_held_end_is_told_once_the_user_writes() -> None:
    held = transitions.held(transitions.regained(ENDING, NOW))
    wrote_at = NOW + timedelta(days=3)
    told = transitions.regained(held, wrote_at + MINUTE, user_at=wrote_at)
    assert (told.last_user_at, told.due_at) == (wrote_at, wrote_at + MINUTE)


ENDED_BY_USER: dict[str, Callable[[datetime], Session]] = {
    "ending": lambda user_at: transitions.ending(
        ACTIVE, EndReason.AGENT_RELEASED, NOW, user_at=user_at
    ),
    "regained": lambda user_at: transitions.regained(ENDING, NOW, user_at=user_at),
}


@pytest.mark.parametrize("step", ENDED_BY_USER.values(), ids=ENDED_BY_USER)
def test_the_message_that_ends_a_session_opens_the_window(
    step: Callable[[datetime], Session],
) -> None:
    assert step(NOW).last_user_at == NOW


@pytest.mark.parametrize("step", ENDED_BY_USER.values(), ids=ENDED_BY_USER)
def test_an_old_message_does_not_turn_the_window_back(
    step: Callable[[datetime], Session],
) -> None:
    assert step(CAUSE_AT - MINUTE).last_user_at == CAUSE_AT


def test_an_ended_session_is_never_due_and_keeps_its_reason() -> None:
    assert changes(ENDING, transitions.ended(ENDING)) == {"state": State.ENDED, "due_at": None}


# Where Meta does not give the thread back.
def test_a_thread_left_with_the_agent_has_no_deadline_and_no_end_but_is_probed() -> None:
    asked = transitions.asked(ENDING, NOW)
    assert changes(asked, transitions.left_with_agent(asked)) == {
        "state": State.ACTIVE,
        "reason": None,
        "ended_at": None,
        "asked_at": None,
        "has_deadline": False,
        "due_at": ACTIVE.probe_at,
    }


def test_a_thread_left_with_the_agent_keeps_being_probed() -> None:
    left = transitions.left_with_agent(ENDING)
    assert transitions.probed(left, NOW + MINUTE).due_at == NOW + MINUTE


def test_a_thread_left_with_the_agent_has_no_deadline_however_it_goes_on() -> None:
    left = hears(transitions.left_with_agent(ENDING), Speaker.OPERATOR)
    assert left.due_at == left.probe_at


def test_a_thread_left_with_the_agent_can_end_again() -> None:
    left = transitions.left_with_agent(ENDING)
    again = transitions.ending(left, EndReason.OPERATOR_REQUEST, NOW)
    assert again.reason is EndReason.OPERATOR_REQUEST


def test_a_pass_that_got_no_answer_counts_as_made_once_the_agent_turns_out_to_have_the_thread() -> (
    None
):
    """Otherwise nothing the user writes later could show that the agent has left."""
    assert transitions.left_with_agent(FAILED_IN_DOUBT).active_at == NOW


def test_a_pass_that_got_no_answer_is_probed_once_the_agent_turns_out_to_have_the_thread() -> None:
    """Otherwise nothing would show that the agent let the thread go without a word."""
    left = transitions.left_with_agent(FAILED_IN_DOUBT)
    assert left.due_at == left.probe_at
    assert left.due_at is not None
    assert left.due_at - NOW >= PLAN.owner_probe / 2


# Where a step fails for now.
def test_the_first_pauses_between_tries_double() -> None:
    pauses = []
    session = ENDING
    for _ in range(4):
        session = transitions.postponed(session, NOW)
        assert session.due_at is not None
        pauses.append(session.due_at - NOW)
    assert pauses == [timedelta(seconds=seconds) for seconds in (1, 2, 4, 8)]
    assert session.attempts == 4


@given(st.integers(0, 1_000_000))
def test_a_pause_never_shrinks_and_is_never_longer_than_five_minutes(attempts: int) -> None:
    due_at = transitions.postponed(attempted(ENDING, attempts), NOW).due_at
    next_due_at = transitions.postponed(attempted(ENDING, attempts + 1), NOW).due_at
    assert due_at is not None
    assert next_due_at is not None
    assert due_at <= next_due_at <= NOW + 5 * MINUTE


def test_a_postponed_step_stays_what_it_was() -> None:
    assert changes(ENDING, transitions.postponed(ENDING, NOW)).keys() == {"attempts", "due_at"}
