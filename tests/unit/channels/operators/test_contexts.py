"""What the agent's app may read about a handover."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from msgspec.structs import replace

from channels.core.briefing.situation import Said, Situation
from channels.core.briefing.transcript import Line
from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, Speaker
from channels.operators.contexts import context

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
OPENING = transitions.opening(
    thread=Thread(page="1", user="2"),
    plan=Plan(name="default"),
    cause=Cause(at=NOON, key="cause"),
    now=NOON,
)
ENDING = transitions.ending(transitions.activated(OPENING, NOON), EndReason.KEYWORD, NOON)
SITUATION = Situation(
    said=(
        Said(at=NOON, speaker="user", text="a person please"),
        Said(at=NOON + MINUTE, speaker="user", text="thank you, bot"),
    )
)
LINES = [Line(key="m", at=NOON, speaker=Speaker.OPERATOR, text="Hello, this is Ada")]


def test_what_users_tell_the_bot_after_the_end_is_not_for_the_agent() -> None:
    assert [one.text for one in context(OPENING, "2", SITUATION, LINES).said] == [
        "a person please",
        "thank you, bot",
    ]
    assert [one.text for one in context(ENDING, "2", SITUATION, LINES).said] == ["a person please"]


def test_a_plan_without_last_messages_tells_no_words() -> None:
    silent = replace(OPENING, plan=Plan(name="default", last_messages=False))
    told = context(silent, "2", SITUATION, LINES)
    assert (told.said, told.transcript) == ([], [])
