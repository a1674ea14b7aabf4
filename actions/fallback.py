"""The action for a message that the bot did not understand: ask again once, then a person."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from .availability import availability
from .handover import ActionHandover, channel_elsewhere

FALLBACK = "nlu_fallback"


class ActionRephraseOrHandover(ActionHandover):
    """Asks again when a message was not understood, and hands over when that keeps happening.

    Have the rule for `nlu_fallback` run it, and nothing after it. Outside the plan's hours, and on
    channels where nobody can be handed over, it goes on asking.

    Attributes:
        attempts: after how many misunderstood messages in a row a person helps.
        rephrase: the response that asks the user for other words.
        connecting: the response that says that a person will help.
    """

    attempts: int = 2
    rephrase: str = "utter_default"
    connecting: str = "utter_connecting"

    def name(self) -> str:
        return "action_rephrase_or_handover"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        told = availability(tracker, tracker.slots.get("handover_plan") or self.plan)
        is_closed = told is not None and not told["open"]
        nobody_comes = is_closed or channel_elsewhere(tracker) is not None
        if nobody_comes or _misunderstood(tracker) < self.attempts:
            dispatcher.utter_message(response=self.rephrase)
            return []
        dispatcher.utter_message(response=self.connecting)
        events: list[EventType] = super().run(dispatcher, tracker, domain)
        return events


def _misunderstood(tracker: Tracker) -> int:
    """How many of the user's last messages in a row were not understood."""
    said = [event for event in tracker.events if event.get("event") == "user"]
    count = 0
    for event in reversed(said):
        if event["parse_data"].get("intent", {}).get("name") != FALLBACK:
            break
        count += 1
    return count
