"""What the channel does in the place of an action that can't run is what the action does."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions import ActionHandoverAvailability
from channels.dialogue.unmade_handover import slots_of

CLOSED = {
    "open": False,
    "opens_at": "2026-11-30T09:00:00+01:00",
    "waiting": 3,
    "operator_seen_seconds": None,
}


def set_by_the_action(told: dict[str, Any]) -> dict[str, Any]:
    heard = {"event": "user", "metadata": {"handover": {"default": told}}}
    tracker = Tracker.from_dict({"sender_id": "user-1", "slots": {}, "events": [heard]})
    events = ActionHandoverAvailability().run(CollectingDispatcher(), tracker, {})
    return {event["name"]: event["value"] for event in events}


@pytest.mark.parametrize("seconds", [None, 0, 1, 59, 60, 61, 240.5, 241])
def test_the_channel_fills_the_slots_as_the_action_would(seconds: float | None) -> None:
    told = {**CLOSED, "expected_wait_seconds": seconds}
    assert slots_of(told) == set_by_the_action(told)


def test_where_somebody_is_there_and_where_nothing_is_known_too() -> None:
    told = {"open": True, "opens_at": None, "waiting": 0, "expected_wait_seconds": 30}
    assert slots_of(told) == set_by_the_action(told)
    assert slots_of({}) == set_by_the_action({})
