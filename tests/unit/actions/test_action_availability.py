"""ActionHandoverAvailability: what it makes of the last message's metadata."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions import ActionHandover, ActionHandoverAvailability

CLOSED = {
    "open": False,
    "opens_at": "2026-11-30T09:00:00+01:00",
    "waiting": 3,
    "expected_wait_seconds": 241,
    "operator_seen_seconds": None,
}
OPEN = {**CLOSED, "open": True, "opens_at": None, "expected_wait_seconds": None}
UNKNOWN = {
    "handover_open": True,
    "handover_opens_at": None,
    "handover_opens_when": None,
    "handover_waiting": None,
    "handover_expected_wait": None,
}


def user(metadata: dict[str, Any] | None) -> dict[str, Any]:
    return {"event": "user", "input_channel": "facebook", "metadata": metadata}


def tracker(*events: dict[str, Any], **slots: Any) -> Tracker:
    state = {"sender_id": "user-1", "slots": slots, "events": [*events, {"event": "action"}]}
    return Tracker.from_dict(state)


def slots_after(*events: dict[str, Any], **slots: Any) -> dict[str, Any]:
    action = ActionHandoverAvailability()
    set_ = action.run(CollectingDispatcher(), tracker(*events, **slots), {})
    return {event["name"]: event["value"] for event in set_}


def test_what_the_channel_tells_is_put_into_slots() -> None:
    assert slots_after(user({"handover": {"default": CLOSED}})) == {
        "handover_open": False,
        "handover_opens_at": "2026-11-30T09:00:00+01:00",
        "handover_opens_when": "2026-11-30, 09:00",
        "handover_waiting": 3,
        "handover_expected_wait": 5,  # whole minutes, and none too few
    }


def test_the_plan_is_the_one_that_the_handover_would_take() -> None:
    told = user({"handover": {"default": CLOSED, "sales": OPEN}})
    assert slots_after(told, handover_plan="sales")["handover_open"] is True
    assert slots_after(told, handover_plan=None)["handover_open"] is False


@pytest.mark.parametrize(
    "events",
    [
        [],
        [user(None)],
        [user({})],
        [user({"handover": {"sales": CLOSED}})],
        [user({"handover": "default"})],
        [user({"handover": {"default": CLOSED}}), user({})],
    ],
)
def test_where_nothing_is_told_somebody_counts_as_there(events: list[dict[str, Any]]) -> None:
    assert slots_after(*events) == UNKNOWN


def test_an_event_of_the_channels_own_does_not_hide_what_the_users_message_told() -> None:
    ended = user({"is_external": True, "handover": {"session_id": "5f0c", "reason": "unanswered"}})
    found = slots_after(user({"handover": {"default": CLOSED}}), ended)
    assert found["handover_open"] is False


@pytest.mark.parametrize(("told", "is_active"), [(CLOSED, False), (OPEN, True)])
def test_a_handover_that_has_to_wait_is_not_active_yet(
    told: dict[str, Any], is_active: bool
) -> None:
    dispatcher = CollectingDispatcher()
    events = ActionHandover().run(dispatcher, tracker(user({"handover": {"default": told}})), {})
    assert dispatcher.messages[0]["custom"] == {"handover": {"plan": "default"}}
    assert [event["name"] for event in events] == ["handover_active"] * is_active


def test_the_action_server_finds_it_beside_the_handover() -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    assert {"action_handover", "action_handover_availability"} <= set(executor.actions)
