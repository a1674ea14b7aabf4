"""The chaos run's actions: the project's own, and one that writes down each time that it runs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions  # noqa: F401  the action server runs every action that is imported

RUNS = "CHAOS_ACTION_RUNS"  # the environment variable with the file of the lines


class ActionCount(Action):  # type: ignore[misc]  # rasa-sdk ships no types
    """Stands for an order, a ticket, a payment: whatever should not be made twice."""

    def name(self) -> str:
        return "action_count"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[Any]:
        del dispatcher, domain
        heard = next(event for event in reversed(tracker.events) if event["event"] == "user")
        run = {"user": tracker.sender_id, "message_id": heard["message_id"], "at": time.time()}
        with Path(os.environ[RUNS]).open("a") as runs:
            runs.write(json.dumps(run) + "\n")
        return []
