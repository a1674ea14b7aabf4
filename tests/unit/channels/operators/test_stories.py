"""What operators are told of a handover: since when its user waits, and what has happened."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from channels.core.events import Platform, Thread
from channels.core.plans import Plan
from channels.core.sessions.session import Cause, Session, State, session_id_for, waits_since
from channels.operators.stories import Happening, inbox_url, story

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
ANNA = Thread(page="1001", user="2001")


def session(**fields: Any) -> Session:
    cause = Cause(at=NOON, key="m_1")
    usual = {
        "id": session_id_for(cause.key),
        "thread": ANNA,
        "plan": Plan(name="default"),
        "state": State.ACTIVE,
        "version": 1,
        "opened_at": NOON,
        "cause_at": NOON,
        "last_user_at": NOON,
        "due_at": None,
    }
    return Session(**{**usual, **fields})


ANSWERED = {
    "operator_messages": 1,
    "first_answer_at": NOON + MINUTE,
    "last_operator_at": NOON + MINUTE,
}


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({}, NOON),
        ({"last_user_at": NOON + MINUTE}, NOON),
        (ANSWERED, None),
        ({**ANSWERED, "last_user_at": NOON + 2 * MINUTE}, NOON + 2 * MINUTE),
        ({**ANSWERED, "last_user_at": NOON + MINUTE}, None),
        ({"state": State.WAITING, "waiting_since": NOON - MINUTE}, NOON - MINUTE),
        ({"state": State.ENDING}, None),
        ({"state": State.ENDED}, None),
    ],
)
def test_a_user_waits_until_an_operator_has_said_the_last_word(
    fields: dict[str, Any], since: datetime | None
) -> None:
    assert waits_since(session(**fields)) == since


def test_a_story_has_what_happened_in_its_order() -> None:
    told = story(
        session(
            **{**ANSWERED, "last_operator_at": NOON + 3 * MINUTE},
            waiting_since=NOON - MINUTE,
            active_at=NOON,
            user_messages=1,
            last_user_at=NOON + 2 * MINUTE,
            ended_at=NOON + 4 * MINUTE,
        ),
        "2001",
        None,
    )
    assert [step.what for step in told.steps] == [
        Happening.ASKED_FOR,
        Happening.OPENED,
        Happening.PASSED,
        Happening.FIRST_ANSWER,
        Happening.USER_WROTE,
        Happening.LAST_ANSWER,
        Happening.ENDED,
    ]
    assert told.transcript is None


def test_one_that_waits_for_the_hours_has_not_been_opened() -> None:
    waiting = session(state=State.WAITING, waiting_since=NOON)
    assert [step.what for step in story(waiting, "2001", []).steps] == [Happening.ASKED_FOR]


def test_the_link_leads_to_the_conversation_where_meta_has_an_address_of_it() -> None:
    assert inbox_url(ANNA).endswith("&selected_item_id=2001&thread_type=FB_MESSAGE")
    on_instagram = msgspec.structs.replace(ANNA, platform=Platform.INSTAGRAM)
    assert inbox_url(on_instagram) == "https://business.facebook.com/latest/inbox/all"
