"""What a user wrote as the thread was taken back, and came late: for the bot, or in the session."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from channels.core.sessions import transitions
from channels.core.sessions.session import EndReason, Speaker, is_for_the_bot, was_said_in
from tests.unit.channels.core.sessions.transition_samples import (
    ACTIVE,
    MINUTE,
    NOW,
    OPENED_AT,
    hears,
)

A_MOMENT, AHEAD, NONE = timedelta(microseconds=1), timedelta(seconds=20), timedelta()
SAID_AT = NOW - 2 * MINUTE
SPOKE = hears(ACTIVE, Speaker.USER, SAID_AT)
BY_TIMEOUT = transitions.ending(SPOKE, EndReason.TIMEOUT, NOW)
BY_KEYWORD = transitions.ending(SPOKE, EndReason.KEYWORD, NOW)


@pytest.mark.parametrize(
    ("said_at", "is_for_it"),
    [(NOW, False), (NOW + A_MOMENT, True), (NOW + MINUTE, True), (NOW + MINUTE + A_MOMENT, False)],
)
@pytest.mark.parametrize("ahead", [NONE, AHEAD], ids=["clocks alike", "Meta's ahead"])
def test_words_are_for_the_bot_for_a_minute_after_the_end(
    ahead: timedelta, said_at: datetime, is_for_it: bool
) -> None:
    assert is_for_the_bot(said_at + ahead, BY_TIMEOUT, ahead) is is_for_it


@pytest.mark.parametrize(("said_at", "is_for_it"), [(SAID_AT, False), (SAID_AT + A_MOMENT, True)])
def test_they_are_from_the_word_on_that_has_ended_the_session(
    said_at: datetime, is_for_it: bool
) -> None:
    assert is_for_the_bot(said_at, BY_KEYWORD, NONE) is is_for_it


@pytest.mark.parametrize(
    ("said_at", "is_in_it"),
    [
        (OPENED_AT, False),
        (OPENED_AT + A_MOMENT, True),
        (NOW + MINUTE, True),
        (NOW + MINUTE + A_MOMENT, False),
    ],
)
@pytest.mark.parametrize("ahead", [NONE, AHEAD], ids=["clocks alike", "Meta's ahead"])
def test_words_belong_to_a_session_from_its_opening_to_a_minute_after_its_end(
    ahead: timedelta, said_at: datetime, is_in_it: bool
) -> None:
    assert was_said_in(BY_TIMEOUT, said_at + ahead, ahead) is is_in_it
