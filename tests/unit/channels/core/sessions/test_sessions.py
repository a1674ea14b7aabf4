"""What a session is: its ids, its deadline and Meta's window."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.events import Platform, Thread
from channels.core.plans import INBOX_APP_IDS, PAGE_INBOX, Plan
from channels.core.sessions.session import (
    LOOP_PERIOD,
    MESSAGING_WINDOW,
    Cause,
    EndReason,
    Session,
    Speaker,
    State,
    deadline,
    is_loop,
    is_window_open,
    session_id_for,
    waits_since,
)
from channels.core.sessions.transitions import (
    activated,
    ended,
    ending,
    heard,
    left_with_agent,
    opening,
    regained,
)

ADA = Thread(page="111", user="222")
CAUSE_AT = datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc)
CAUSE = Cause(at=CAUSE_AT, key="111/messaging/m_1")
OPENED_AT = CAUSE_AT + timedelta(seconds=1)
PASSED_AT = CAUSE_AT + timedelta(seconds=3)
MINUTE, A_MOMENT = timedelta(minutes=1), timedelta(microseconds=1)


def opened(thread: Thread = ADA, **settings: Any) -> Session:
    """A new session whose plan has these settings."""
    plan = msgspec.structs.replace(Plan(name="default"), **settings)
    return opening(thread=thread, plan=plan, cause=CAUSE, now=OPENED_AT)


def active(**settings: Any) -> Session:
    return activated(opened(**settings), PASSED_AT)


def said(session: Session, speaker: Speaker, at: datetime) -> Session:
    return heard(session, speaker, said_at=at, now=at)


ACTIVE = active()


@pytest.mark.parametrize("state", State)
def test_a_session_is_open_until_it_has_ended(state: State) -> None:
    session = msgspec.structs.replace(ACTIVE, state=state)
    assert session.is_open is (state is not State.ENDED)


def test_a_session_never_changes_in_place() -> None:
    with pytest.raises(AttributeError):
        ACTIVE.state = State.ENDED  # type: ignore[misc]


@pytest.mark.parametrize("platform", Platform)
def test_the_inbox_that_gets_the_thread_is_the_platforms(platform: Platform) -> None:
    session = opened(Thread(page="111", user="222", platform=platform), target_app=PAGE_INBOX)
    assert session.target_app_id == INBOX_APP_IDS[platform]


def test_an_app_that_the_plan_names_gets_the_thread() -> None:
    assert opened(target_app="2000").target_app_id == "2000"


# Ids.
def test_an_event_leads_to_one_session_however_often_it_comes() -> None:
    again = msgspec.structs.replace(CAUSE, at=CAUSE_AT + MINUTE)
    assert CAUSE.session_id == again.session_id == session_id_for(CAUSE.key)


def test_two_events_lead_to_two_sessions() -> None:
    assert session_id_for("111/messaging/m_1") != session_id_for("111/messaging/m_2")


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_a_session_id_is_short_whatever_the_events_key(key: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", session_id_for(key))


@pytest.mark.parametrize("name", ["started_message_id", "ended_message_id"])
def test_a_message_id_for_rasa_is_the_same_in_every_version(name: str) -> None:
    ends = ending(ACTIVE, EndReason.KEYWORD, PASSED_AT)
    assert len({getattr(version, name) for version in (ACTIVE, ends, ended(ends))}) == 1


def test_no_two_message_ids_for_rasa_are_the_same() -> None:
    other = msgspec.structs.replace(ACTIVE, id="another")
    sessions = (ACTIVE, other)
    ids = [id_ for each in sessions for id_ in (each.started_message_id, each.ended_message_id)]
    assert len(set(ids)) == 4


# The deadline.
def test_the_timeout_counts_from_the_start() -> None:
    assert deadline(active(timeout=30 * MINUTE)) == (OPENED_AT + 30 * MINUTE, EndReason.TIMEOUT)


def test_a_session_whose_thread_is_not_passed_yet_has_no_deadline() -> None:
    assert deadline(opened(idle_timeout=MINUTE, unanswered_timeout=MINUTE)) is None


def test_a_thread_that_was_left_with_the_agent_has_no_deadline() -> None:
    session = active(idle_timeout=MINUTE, unanswered_timeout=MINUTE)
    assert deadline(left_with_agent(ending(session, EndReason.IDLE, PASSED_AT + MINUTE))) is None


def test_silence_counts_from_the_pass_until_somebody_is_heard() -> None:
    assert deadline(active(idle_timeout=5 * MINUTE)) == (PASSED_AT + 5 * MINUTE, EndReason.IDLE)


@pytest.mark.parametrize("speaker", Speaker)
def test_whoever_speaks_breaks_the_silence(speaker: Speaker) -> None:
    spoken_at = PASSED_AT + 2 * MINUTE
    session = said(active(idle_timeout=5 * MINUTE), speaker, spoken_at)
    assert deadline(session) == (spoken_at + 5 * MINUTE, EndReason.IDLE)


def test_the_wait_for_an_operator_counts_from_the_start() -> None:
    session = active(unanswered_timeout=5 * MINUTE)
    assert deadline(session) == (OPENED_AT + 5 * MINUTE, EndReason.UNANSWERED)


def test_what_the_user_says_is_no_answer() -> None:
    session = said(active(unanswered_timeout=5 * MINUTE), Speaker.USER, PASSED_AT + MINUTE)
    assert deadline(session) == (OPENED_AT + 5 * MINUTE, EndReason.UNANSWERED)


def test_an_operators_first_words_end_the_wait_for_one() -> None:
    waiting = active(timeout=30 * MINUTE, unanswered_timeout=5 * MINUTE)
    answered = said(waiting, Speaker.OPERATOR, PASSED_AT + MINUTE)
    assert deadline(answered) == (OPENED_AT + 30 * MINUTE, EndReason.TIMEOUT)


minutes = st.integers(1, 60).map(lambda count: count * MINUTE)


@given(timeout=minutes, idle_timeout=minutes, unanswered_timeout=minutes)
def test_the_first_of_all_dates_is_the_deadline(
    timeout: timedelta, idle_timeout: timedelta, unanswered_timeout: timedelta
) -> None:
    session = active(
        timeout=timeout, idle_timeout=idle_timeout, unanswered_timeout=unanswered_timeout
    )
    dates = {
        EndReason.TIMEOUT: OPENED_AT + timeout,
        EndReason.IDLE: PASSED_AT + idle_timeout,
        EndReason.UNANSWERED: OPENED_AT + unanswered_timeout,
    }
    ends = deadline(session)
    assert ends is not None
    assert ends[0] == min(dates.values()) == dates[ends[1]]


def test_lively_talk_does_not_put_the_timeout_off() -> None:
    session = active(timeout=10 * MINUTE, idle_timeout=5 * MINUTE)
    for count in range(1, 9):
        session = said(session, Speaker.USER, PASSED_AT + count * MINUTE)
    assert deadline(session) == (OPENED_AT + 10 * MINUTE, EndReason.TIMEOUT)


# Meta's window.
def test_the_window_closes_a_day_after_the_user_last_wrote() -> None:
    assert is_window_open(ACTIVE, CAUSE_AT + MESSAGING_WINDOW - A_MOMENT)
    assert not is_window_open(ACTIVE, CAUSE_AT + MESSAGING_WINDOW)


def test_what_the_user_says_to_the_agent_opens_the_window_again() -> None:
    spoke = said(ACTIVE, Speaker.USER, CAUSE_AT + timedelta(hours=5))
    assert is_window_open(spoke, CAUSE_AT + timedelta(hours=28))


def test_what_the_operator_says_does_not_keep_the_window_open() -> None:
    answered = said(ACTIVE, Speaker.OPERATOR, CAUSE_AT + timedelta(hours=5))
    assert not is_window_open(answered, CAUSE_AT + timedelta(hours=28))


@pytest.mark.parametrize(
    ("session", "is_silent", "is_lost"),
    [
        (opened(), True, False),
        (ACTIVE, True, True),
        (ending(ACTIVE, EndReason.KEYWORD, PASSED_AT), True, True),
        (regained(ending(ACTIVE, EndReason.KEYWORD, PASSED_AT), PASSED_AT), False, False),
    ],
)
def test_a_session_keeps_the_bot_from_speaking(
    session: Session, is_silent: bool, is_lost: bool
) -> None:
    assert (session.silences_the_bot, session.takes_the_floor) == (is_silent, is_lost)


# For whom the user waits.
WAITING = msgspec.structs.replace(opened(), state=State.WAITING, waiting_since=CAUSE_AT)
ANSWERED_AT = PASSED_AT + MINUTE
ANSWERED = said(ACTIVE, Speaker.OPERATOR, ANSWERED_AT)


@pytest.mark.parametrize(
    ("session", "since"),
    [
        (WAITING, CAUSE_AT),
        (opened(), OPENED_AT),
        (ACTIVE, OPENED_AT),
        (said(ACTIVE, Speaker.USER, ANSWERED_AT), OPENED_AT),
        (ANSWERED, None),
        (said(ANSWERED, Speaker.USER, ANSWERED_AT), None),
        (said(ANSWERED, Speaker.USER, ANSWERED_AT + A_MOMENT), ANSWERED_AT + A_MOMENT),
        (ending(ACTIVE, EndReason.KEYWORD, PASSED_AT), None),
        (ended(ending(ACTIVE, EndReason.KEYWORD, PASSED_AT)), None),
    ],
)
def test_a_user_waits_until_an_operator_has_the_last_word(
    session: Session, since: datetime | None
) -> None:
    assert waits_since(session) == since


TAKEN = msgspec.structs.replace(ACTIVE, is_adopted=True)  # by somebody who has not written yet
CONTACTED = said(TAKEN, Speaker.OPERATOR, ANSWERED_AT)
ASKED = said(TAKEN, Speaker.USER, ANSWERED_AT)


@pytest.mark.parametrize(
    ("session", "since", "answered_at"),
    [
        (TAKEN, None, OPENED_AT),
        (CONTACTED, None, OPENED_AT),
        (ASKED, ANSWERED_AT, None),
        (said(ASKED, Speaker.OPERATOR, ANSWERED_AT + A_MOMENT), None, OPENED_AT),
        (ACTIVE, OPENED_AT, None),
        (ANSWERED, None, ANSWERED_AT),
    ],
)
def test_who_has_asked_for_nobody_waits_for_nobody(
    session: Session, since: datetime | None, answered_at: datetime | None
) -> None:
    assert (waits_since(session), session.answered_at) == (since, answered_at)


# Sessions that we might be making ourselves.
UNASKED = msgspec.structs.replace(
    ended(ending(ACTIVE, EndReason.AGENT_RELEASED, PASSED_AT)), is_adopted=True
)


def test_sessions_in_a_row_that_nobody_has_asked_for_or_talked_in_are_a_loop() -> None:
    assert is_loop([UNASKED] * 3, OPENED_AT + LOOP_PERIOD - A_MOMENT)


def test_two_of_them_are_none_nor_are_old_ones() -> None:
    assert not is_loop([UNASKED] * 2, PASSED_AT)
    assert not is_loop([UNASKED] * 3, OPENED_AT + LOOP_PERIOD)


@pytest.mark.parametrize("reason", [EndReason.AGENT_RELEASED, EndReason.AGENT_RETURNED])
def test_an_automations_answer_before_it_lets_go_shows_no_people(reason: EndReason) -> None:
    answered = msgspec.structs.replace(UNASKED, operator_messages=1, reason=reason)
    assert is_loop([UNASKED, UNASKED, answered], PASSED_AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"is_adopted": False},
        {"returned_with": ""},
        {"operator_messages": 1, "user_messages": 1},
        {"operator_messages": 1, "reason": EndReason.TIMEOUT},
    ],
)
def test_a_session_that_people_had_to_do_with_belongs_to_no_loop(changes: dict[str, Any]) -> None:
    of_people = msgspec.structs.replace(UNASKED, **changes)
    assert not is_loop([UNASKED, UNASKED, of_people], PASSED_AT)
