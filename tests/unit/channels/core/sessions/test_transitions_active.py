"""A session while the agent has the thread: what is heard in it, and when it is probed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, Speaker
from tests.unit.channels.core.sessions.transition_samples import (
    ACTIVE,
    AGENT,
    CAUSE_AT,
    MINUTE,
    NOW,
    OPENED_AT,
    PASSED_AT,
    PLAN,
    PROBING_PLAN,
    adopted,
    changes,
    hears,
    opening,
)


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


def test_an_answer_whose_moment_was_never_kept_is_not_dated_later() -> None:
    answered = msgspec.structs.replace(ACTIVE, operator_messages=1, first_answer_at=None)
    assert hears(answered, Speaker.OPERATOR).first_answer_at is None


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
    probes = [
        transitions.activated(opening(PROBING_PLAN, cause), PASSED_AT).probe_at for cause in causes
    ]
    tenths = Counter(
        (probe_at - PASSED_AT) // (PROBING_PLAN.owner_probe / 10) for probe_at in probes if probe_at
    )
    assert tenths.total() == len(causes)
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
