"""How a session ends, and how it goes on where Meta does not give the thread back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
import pytest

from channels.core.sessions import transitions
from channels.core.sessions.session import EndReason, Session, Speaker, State
from tests.unit.channels.core.sessions.transition_samples import (
    ACTIVE,
    CAUSE_AT,
    ENDING,
    MINUTE,
    NOW,
    OPENING,
    PLAN,
    changes,
    hears,
)

FAILED_IN_DOUBT = transitions.failed(OPENING, NOW, regained=False)


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


def test_handovers_follow_one_another_in_a_row_while_nobody_says_anything() -> None:
    third = msgspec.structs.replace(ACTIVE, row=2)
    assert transitions.next_in_row(third) == 3
    assert transitions.next_in_row(hears(third, Speaker.USER)) == 0
    assert transitions.next_in_row(hears(third, Speaker.OPERATOR)) == 0


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


def test_a_thread_left_with_the_agent_keeps_the_date_of_its_next_probe() -> None:
    probed = transitions.ending(
        transitions.probed(ACTIVE, NOW + 7 * MINUTE), EndReason.KEYWORD, NOW
    )
    assert transitions.left_with_agent(probed).probe_at == NOW + 7 * MINUTE


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
