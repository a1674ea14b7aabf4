"""What recorded events say of their user."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.core.events import (
    Act,
    Array,
    Echo,
    Edited,
    Event,
    Postback,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
)
from channels.core.records.inbox import user_at

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
COMMON: dict[str, Any] = {
    "key": "1/messaging/m",
    "thread": Thread(page="1", user="2"),
    "array": Array.MESSAGING,
    "at": NOON,
    "received_at": NOON + timedelta(seconds=1),
}


@pytest.mark.parametrize(
    "event",
    [
        UserMessage(**COMMON),
        Postback(**COMMON),
        SignOfLife(**COMMON),
        Act(**COMMON, name="referral"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_a_user_writes_or_taps_opens_the_window(event: Event) -> None:
    assert user_at([event]) == NOON


@pytest.mark.parametrize(
    "event",
    [Echo(**COMMON), TakenBack(**COMMON, mid="m"), Edited(**COMMON, mid="m", text="", number=1)],
    ids=lambda event: type(event).__name__,
)
def test_nothing_else_does(event: Event) -> None:
    assert user_at([event]) is None


def test_the_last_of_several_counts() -> None:
    later = UserMessage(**{**COMMON, "at": NOON + timedelta(minutes=1)})
    assert user_at([later, UserMessage(**COMMON)]) == later.at
