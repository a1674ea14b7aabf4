"""A turn that is taken again, beside what earlier attempts at it have said."""

from __future__ import annotations

from typing import Any

from channels.core.records.outgoing import Said
from channels.dialogue.outbox import Replay


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
