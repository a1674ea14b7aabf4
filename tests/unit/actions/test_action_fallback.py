"""ActionRephraseOrHandover: asks again once, then hands over."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import ActionRephraseOrHandover

LOST, GREET = "nlu_fallback", "greet"


def said(
    *intents: str, is_open: bool = True, plan: str = "default", channel: str | None = None
) -> list[Any]:
    """What the bot says where the channel tells of this plan."""
    metadata = {"handover": {plan: {"open": is_open, "opens_at": None}}}
    common = {"event": "user", "metadata": metadata, "input_channel": channel}
    events = [{**common, "parse_data": {"intent": {"name": one}}} for one in intents]
    tracker = Tracker.from_dict({"sender_id": "user-1", "slots": {}, "events": events})
    dispatcher = CollectingDispatcher()
    ActionRephraseOrHandover().run(dispatcher, tracker, {})
    return [one.get("response") or one.get("custom") for one in dispatcher.messages]


def test_the_first_message_that_is_not_understood_is_asked_for_again() -> None:
    assert said(GREET, LOST) == ["utter_default"]


def test_the_second_in_a_row_brings_a_person() -> None:
    assert said(LOST, LOST) == ["utter_connecting", {"handover": {"plan": "default"}}]


def test_one_that_is_understood_begins_again() -> None:
    assert said(LOST, GREET, LOST) == ["utter_default"]


def test_nobody_is_promised_outside_the_hours() -> None:
    assert said(LOST, LOST, is_open=False) == ["utter_default"]


def test_where_nothing_is_known_of_the_hours_a_person_helps() -> None:
    assert said(LOST, LOST, plan="another")[0] == "utter_connecting"


def test_nobody_is_promised_on_another_channel() -> None:
    assert said(LOST, LOST, channel="rest") == ["utter_default"]


def test_people_on_instagram_get_a_person() -> None:
    assert said(LOST, LOST, channel="instagram")[0] == "utter_connecting"
