"""What becomes of what the bot says: pure decisions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from channels.core.records.outgoing import Fate, Replay, Said, fate_of

STRANGE = GraphUnavailable("Server error", others_answered=True)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (GraphThrottled("Slow down", retry_after=timedelta(hours=1)), Fate.WAIT),
        (GraphUnavailable("Down"), Fate.WAIT),
        (GraphTimeout("No answer"), Fate.WAIT),
        (TokenRefused("Expired"), Fate.WAIT),
        (WindowClosed("Too late"), Fate.HOLD),
        (NotThreadOwner("Another app"), Fate.LOST),
        (UserUnreachable("Blocked"), Fate.GIVE_UP),
        (GraphRefused("Invalid"), Fate.GIVE_UP),
        (STRANGE, Fate.WAIT),
    ],
)
def test_each_error_says_what_becomes_of_the_message(error: GraphError, fate: Fate) -> None:
    assert fate_of(error, waited_out=False) is fate


def test_a_message_that_meta_alone_of_all_does_not_take_is_given_up_in_the_end() -> None:
    assert fate_of(STRANGE, waited_out=True) is Fate.GIVE_UP


@pytest.mark.parametrize("error", [GraphUnavailable("Down"), TokenRefused("Expired")])
def test_an_outage_is_waited_for_without_end(error: GraphError) -> None:
    assert fate_of(error, waited_out=True) is Fate.WAIT


def said(place: int, text: str, *, is_waiting: bool = True, position: int = 0) -> Said:
    return Said(
        position=position or place + 1,
        place=place,
        message={"text": text},
        response="",
        is_waiting=is_waiting,
    )


def attempt(earlier: list[Said], *texts: str) -> tuple[list[str], list[int]]:
    """What an attempt has to store, and what it takes back before that or at its end."""
    replay, stored, withdrawn = Replay(earlier), [], list[int]()
    for text in texts:
        message: dict[str, Any] = {"text": text}
        if replay.repeated(message) is None:
            withdrawn += replay.withdrawn()
            replay.place += 1
            stored.append(text)
    return stored, withdrawn + replay.withdrawn()


def test_the_first_attempt_stores_all_that_it_says() -> None:
    assert attempt([], "one", "two") == (["one", "two"], [])


def test_what_is_said_again_in_the_same_words_is_not_stored_again() -> None:
    assert attempt([said(0, "one"), said(1, "two")], "one", "two", "three") == (["three"], [])


def test_what_is_said_in_other_words_takes_the_place_of_what_waits() -> None:
    earlier = [said(0, "one"), said(1, "two"), said(2, "three")]
    assert attempt(earlier, "one", "zwei", "three") == (["zwei", "three"], [2, 3])


def test_what_has_been_sent_can_t_be_taken_back() -> None:
    earlier = [said(0, "one", is_waiting=False), said(1, "two", is_waiting=False)]
    assert attempt(earlier, "eins", "two") == (["eins"], [])


def test_what_an_attempt_does_not_say_is_taken_back_at_its_end() -> None:
    assert attempt([said(0, "one"), said(1, "two")], "one") == ([], [2])


def test_an_attempt_is_held_against_the_latest_one_at_each_place() -> None:
    earlier = [said(0, "eins", is_waiting=False), said(0, "one", position=5)]
    assert attempt(earlier, "one") == ([], [])
