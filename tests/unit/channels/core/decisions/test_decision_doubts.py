"""The decision table: what an event proves, and what it does not."""

from __future__ import annotations

from datetime import datetime

import pytest

from channels.core.decisions import (
    ASK,
    HEAR_OPERATOR,
    HEAR_USER,
    LATE_WORDS,
    NOTHING,
    OURS_AGAIN,
    Decision,
)
from channels.core.events import Event
from channels.core.meta.ownership import Owner, Routing
from channels.core.sessions import transitions
from channels.core.sessions.session import Session
from tests.unit.channels.core.decisions.decision_samples import (
    A_MOMENT,
    ACTIVE,
    ADOPT,
    AGENT,
    ALL_ACTIVE,
    ALL_ENDING,
    ALL_OPEN,
    ALL_REGAINED,
    ANOTHER,
    BY_TIMEOUT,
    CAUSE_AT,
    ENDING,
    ENDING_SINCE,
    FAILED_IN_DOUBT,
    HEAR_IT_AND_END,
    LATER,
    OPENING,
    OURS_OR_NOBODYS,
    PASSED_AT,
    REGAINED,
    STANDBY,
    US,
    adopted_by,
    echo,
    edited,
    look_up,
    message,
    passed,
    requested,
    taken,
    tap,
)


# A thread that nobody else has is not taken, whatever a late event makes it look like.
@pytest.mark.parametrize("owner", OURS_OR_NOBODYS)
@pytest.mark.parametrize("session", ALL_REGAINED, ids=["regained", "untold"])
@pytest.mark.parametrize(
    ("event", "decision"),
    [
        (message("menu", on=STANDBY), HEAR_USER),
        (tap(on=STANDBY), HEAR_USER),
        (echo(AGENT), HEAR_OPERATOR),
        (passed(AGENT), NOTHING),
        (taken(AGENT), NOTHING),
    ],
)
def test_a_regained_session_stays_unless_another_has_its_thread(
    event: Event, decision: Decision, session: Session, owner: Owner
) -> None:
    assert look_up(event, session, owner=owner) == decision


@pytest.mark.parametrize("owner", OURS_OR_NOBODYS)
@pytest.mark.parametrize("event", [passed(AGENT), taken(AGENT)], ids=["passed", "taken"])
def test_a_change_of_control_that_is_over_opens_nothing(event: Event, owner: Owner) -> None:
    assert look_up(event, None, owner=owner) == NOTHING


# The session ended in silence, and the thread was left to whoever had taken it.
def test_words_after_an_end_that_took_nothing_are_for_whoever_has_the_thread() -> None:
    words = message(on=STANDBY, at=ENDING_SINCE + A_MOMENT)
    left = transitions.ended(BY_TIMEOUT)
    assert look_up(words, left, owner=Owner.UNKNOWN) == ADOPT
    assert look_up(words, left, owner=Owner.OURS) == LATE_WORDS


def test_an_echo_that_names_no_app_opens_a_session_of_an_unnamed_owner() -> None:
    assert look_up(echo(None), None, owner=Owner.UNNAMED) == ADOPT


@pytest.mark.parametrize(
    ("event", "decision"),
    [
        (message(on=STANDBY), HEAR_USER),
        (message("menu", on=STANDBY), HEAR_IT_AND_END),
        (echo(AGENT), HEAR_OPERATOR),
        (passed(AGENT), NOTHING),
        (taken(AGENT), NOTHING),
    ],
)
def test_an_event_that_opened_a_session_is_then_handled_by_it(
    event: Event, decision: Decision
) -> None:
    opened = adopted_by(event, look_up(event, None, owner=Owner.ANOTHER_APP).owner_app)
    assert look_up(event, opened) == decision


@pytest.mark.parametrize(
    "session", [OPENING, *ALL_ENDING, *ALL_REGAINED], ids=lambda s: s.state.value
)
def test_a_return_word_ends_an_active_session_only(session: Session) -> None:
    assert look_up(message("menu", on=STANDBY), session, owner=Owner.OURS) == HEAR_USER


@pytest.mark.parametrize("received_at", [PASSED_AT, LATER], ids=["before", "after"])
def test_a_return_word_counts_while_routing_is_off(received_at: datetime) -> None:
    menu = message("menu", at=CAUSE_AT + A_MOMENT, received_at=received_at)
    assert look_up(menu, ACTIVE, routing=Routing.OFF) == HEAR_IT_AND_END


def test_the_title_of_a_button_with_another_payload_is_no_return_word() -> None:
    assert look_up(tap("menu", payload="/order"), ACTIVE, routing=Routing.OFF) == HEAR_USER


def test_control_passed_to_us_says_nothing_where_nobody_had_it() -> None:
    assert look_up(passed(US), OPENING) == NOTHING


@pytest.mark.parametrize("event", [passed(AGENT), taken(AGENT)], ids=["passed", "taken"])
@pytest.mark.parametrize("session", [OPENING, *ALL_ENDING], ids=lambda s: s.state.value)
def test_only_an_active_session_goes_over_to_another_app(event: Event, session: Session) -> None:
    assert look_up(event, session) == NOTHING


def test_the_pass_that_opened_a_session_says_nothing_new() -> None:
    assert look_up(passed(ACTIVE.target_app_id), ACTIVE) == NOTHING


@pytest.mark.parametrize("session", [*ALL_OPEN, *ALL_REGAINED], ids=lambda s: s.state.value)
def test_a_thread_that_is_handed_over_is_granted_to_nobody(session: Session) -> None:
    assert look_up(requested(AGENT), session) == Decision(refuse=AGENT)


@pytest.mark.parametrize("session", ALL_REGAINED, ids=["regained", "untold"])
@pytest.mark.parametrize(
    "event",
    [message("menu", on=STANDBY, at=CAUSE_AT), taken(AGENT, at=CAUSE_AT)],
    ids=["standby", "taken"],
)
def test_an_event_from_before_the_cause_takes_no_thread_again(
    event: Event, session: Session
) -> None:
    assert look_up(event, session, owner=Owner.ANOTHER_APP) == NOTHING


# What says that the thread is ours may come late, when somebody has it again.
@pytest.mark.parametrize(
    "session", [*ALL_ACTIVE, *ALL_ENDING], ids=["active", "adopted", "ending", "asked", "failed"]
)
@pytest.mark.parametrize(
    "event",
    [message("menu"), message(at=CAUSE_AT + A_MOMENT, received_at=LATER), passed(US)],
    ids=["message", "late message", "pass"],
)
def test_whether_the_thread_is_ours_is_asked_however_long_ago_the_pass_was(
    event: Event, session: Session
) -> None:
    assert look_up(event, session) == ASK


@pytest.mark.parametrize("owner", ANOTHER)
@pytest.mark.parametrize(
    "session", [ACTIVE, ENDING, FAILED_IN_DOUBT], ids=["active", "ending", "failed"]
)
def test_where_another_has_the_thread_a_message_to_us_is_heard_and_a_pass_to_us_is_over(
    session: Session, owner: Owner
) -> None:
    assert look_up(message(), session, owner=owner) == HEAR_USER
    is_told = owner is not Owner.HIDDEN
    assert (look_up(passed(US), session, owner=owner) == NOTHING) is is_told


@pytest.mark.parametrize("owner", [*ANOTHER, Owner.UNKNOWN])
def test_a_pass_to_no_app_is_one_to_us_only_if_meta_says_so(owner: Owner) -> None:
    assert look_up(passed(None), ACTIVE, owner=owner) == NOTHING


@pytest.mark.parametrize("session", [None, OPENING, *ALL_REGAINED])
def test_a_pass_to_no_app_says_nothing_where_nobody_else_had_the_thread(
    session: Session | None,
) -> None:
    assert look_up(passed(None), session) == NOTHING


def test_with_routing_off_nobody_is_asked_about_a_message() -> None:
    assert look_up(message(), ACTIVE, routing=Routing.OFF) == HEAR_USER


def test_a_regained_thread_needs_no_question_for_what_is_routed_to_us() -> None:
    assert look_up(message("menu"), REGAINED) == OURS_AGAIN
    assert look_up(passed(US), REGAINED) == NOTHING


# Where Meta does not tell whose the thread is, what the event itself says is believed.
@pytest.mark.parametrize(
    ("event", "decision"),
    [
        (message(on=STANDBY), ADOPT),
        (tap(on=STANDBY), ADOPT),
        (echo(AGENT, on=STANDBY), Decision(adopt=True, owner_app=AGENT)),
        (passed(AGENT), Decision(adopt=True, owner_app=AGENT)),
        (taken(AGENT), Decision(adopt=True, owner_app=AGENT)),
        (echo(AGENT), NOTHING),
    ],
    ids=["message", "tap", "echo", "passed", "taken", "echo on messaging"],
)
def test_a_thread_of_an_unknown_owner_is_taken_where_the_event_says_so(
    event: Event, decision: Decision
) -> None:
    assert look_up(event, None, owner=Owner.UNKNOWN) == decision


@pytest.mark.parametrize("session", [*ALL_ACTIVE, *ALL_ENDING], ids=lambda s: s.state.value)
@pytest.mark.parametrize("event", [message(), tap(payload="/greet")], ids=["message", "tap"])
def test_what_the_user_says_while_the_owner_is_unknown_is_heard(
    event: Event, session: Session
) -> None:
    assert look_up(event, session, owner=Owner.UNKNOWN) == HEAR_USER


def test_a_return_word_counts_while_the_owner_is_unknown() -> None:
    assert look_up(message("menu"), ACTIVE, owner=Owner.UNKNOWN) == HEAR_IT_AND_END


@pytest.mark.parametrize("session", ALL_REGAINED, ids=["regained", "untold"])
def test_an_unknown_owner_has_not_taken_what_was_regained(session: Session) -> None:
    assert look_up(echo(AGENT), session, owner=Owner.UNKNOWN) == HEAR_OPERATOR
    assert look_up(taken(AGENT), session, owner=Owner.UNKNOWN) == NOTHING


@pytest.mark.parametrize("session", [OPENING, ENDING, REGAINED], ids=lambda one: one.state.value)
def test_an_edit_into_a_return_word_ends_only_what_is_active(session: Session) -> None:
    assert look_up(edited("menu"), session) == HEAR_USER
