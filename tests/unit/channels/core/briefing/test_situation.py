"""Who may read a session's context, and for how long."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from channels.core.briefing.situation import (
    context_token,
    context_url,
    may_be_read,
)
from channels.core.events import Thread
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
DAY, A_MOMENT = timedelta(days=1), timedelta(microseconds=1)
SECRET = "the-app-secret"
OPENING = transitions.opening(
    thread=Thread(page="1", user="2"),
    plan=Plan(name="default"),
    cause=Cause(at=NOON, key="cause"),
    now=NOON,
)
ENDING = transitions.ending(transitions.activated(OPENING, NOON), EndReason.KEYWORD, NOON)


def test_a_token_is_too_long_to_be_guessed() -> None:
    assert re.fullmatch("[0-9a-f]{32}", context_token("one", SECRET))


def test_the_url_is_that_of_the_route_which_answers_it() -> None:
    url = context_url(OPENING, public_url="https://bot.example.com", app_secret=SECRET)
    assert url == (
        f"https://bot.example.com/webhooks/facebook/handovers/{OPENING.id}/context"
        f"?token={context_token(OPENING.id, SECRET)}"
    )


def test_a_context_may_be_read_until_a_day_after_the_end() -> None:
    assert may_be_read(OPENING, NOON + 7 * DAY)
    assert may_be_read(ENDING, NOON + DAY - A_MOMENT)
    assert not may_be_read(ENDING, NOON + DAY)
