"""The action that asks whether anybody is there, before the bot promises anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

DEFAULT_PLAN = "default"
_SECONDS_IN_MINUTE = 60


class ActionHandoverAvailability(Action):  # type: ignore[misc]  # rasa-sdk ships no types
    """Puts into slots what the channel says about a plan with the user's last message.

    `handover_open` (bool), `handover_opens_at` (ISO 8601, with the offset of the plan's time zone;
    None while it is open), `handover_opens_when` (the same as people read it), `handover_waiting`
    (how many users are waiting for a first answer) and `handover_expected_wait` (in whole minutes).
    The plan is the one that `action_handover` would use: that of the slot `handover_plan`, or of
    the attribute `plan`. On other channels, or if the channel says nothing about the plan,
    `handover_open` is True and the rest is None.
    """

    plan: str = DEFAULT_PLAN

    def in_words(self, opens_at: datetime) -> str:
        """When the plan opens, as the bot says it; override it for another language."""
        return f"{opens_at:%Y-%m-%d, %H:%M}"

    def name(self) -> str:
        return "action_handover_availability"

    def run(
        self,
        dispatcher: CollectingDispatcher,  # noqa: ARG002  # this action says nothing
        tracker: Tracker,
        domain: dict[str, Any],  # noqa: ARG002  # rasa-sdk calls every action with the domain
    ) -> list[EventType]:
        told = availability(tracker, tracker.slots.get("handover_plan") or self.plan) or {}
        opens_at, expected = told.get("opens_at"), told.get("expected_wait_seconds")
        when = None if opens_at is None else self.in_words(datetime.fromisoformat(opens_at))
        return [
            SlotSet("handover_open", told.get("open", True)),
            SlotSet("handover_opens_at", opens_at),
            SlotSet("handover_opens_when", when),
            SlotSet("handover_waiting", told.get("waiting")),
            SlotSet("handover_expected_wait", None if expected is None else _minutes(expected)),
        ]


def availability(tracker: Tracker, plan: object) -> Mapping[str, Any] | None:
    """What the channel said about a plan in the user's last message; None if nothing."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            metadata = event.get("metadata") or {}
            plans = metadata.get("handover")
            told = plans.get(plan) if isinstance(plans, Mapping) else None
            if isinstance(told, Mapping) and "open" in told:
                return told
            if not metadata.get("is_external"):
                return None
    return None


def _minutes(seconds: float) -> int:
    """Rounded up: nobody minds an answer that comes early."""
    return max(-(-int(seconds) // _SECONDS_IN_MINUTE), 1)
