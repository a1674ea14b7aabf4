"""What all steps of a session have in common, and when one that fails is tried again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.sessions import transitions
from channels.core.sessions.session import EndReason, Session, Speaker, deadline
from tests.unit.channels.core.sessions.transition_samples import (
    ACTIVE,
    AGENT,
    ENDING,
    MINUTE,
    NOW,
    OPENING,
    PASSED_AT,
    PLAN,
    changes,
    hears,
)


def attempted(session: Session, attempts: int) -> Session:
    return msgspec.structs.replace(session, attempts=attempts)


STEPS: dict[str, Callable[[Session], Session]] = {
    "activated": lambda session: transitions.activated(session, NOW),
    "announced": transitions.announced,
    "probed": lambda session: transitions.probed(session, NOW),
    "owned_by": lambda session: transitions.owned_by(session, AGENT),
    "failed": lambda session: transitions.failed(session, NOW),
    "ending": lambda session: transitions.ending(session, EndReason.TIMEOUT, NOW),
    "asked": lambda session: transitions.asked(session, NOW),
    "regained": lambda session: transitions.regained(session, NOW),
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
def test_a_step_that_succeeds_starts_counting_tries_again(name: str) -> None:
    assert STEPS[name](attempted(ENDING, 7)).attempts == 0


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


def test_the_pauses_reach_five_minutes() -> None:
    assert transitions.postponed(attempted(ENDING, 9), NOW).due_at == NOW + 5 * MINUTE


def test_a_deadline_is_not_missed_for_a_pause() -> None:
    before = PASSED_AT + PLAN.timeout - 2 * MINUTE
    [(ends_at, _)] = filter(None, [deadline(ACTIVE)])
    assert transitions.postponed(attempted(ACTIVE, 9), before).due_at == ends_at


def test_a_step_that_has_to_be_done_before_some_moment_is_tried_again_by_then() -> None:
    before = NOW + MINUTE
    assert transitions.postponed(attempted(ENDING, 9), NOW, before=before).due_at == before


def test_once_that_moment_is_over_a_pause_is_a_pause() -> None:
    late = transitions.postponed(attempted(ENDING, 9), NOW, before=NOW)
    assert late.due_at == NOW + 5 * MINUTE


def test_once_the_deadline_is_over_a_pause_is_a_pause() -> None:
    [(ends_at, _)] = filter(None, [deadline(ACTIVE)])
    due_at = transitions.postponed(attempted(ACTIVE, 9), ends_at).due_at
    assert due_at == ends_at + 5 * MINUTE


def test_a_postponed_step_stays_what_it_was() -> None:
    assert changes(ENDING, transitions.postponed(ENDING, NOW)).keys() == {"attempts", "due_at"}
