"""The action that asks for a live agent."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from .availability import DEFAULT_PLAN, availability
from .fields import FIELDS, Field, is_empty

logger = logging.getLogger(__name__)

CHANNELS = frozenset({"facebook", "instagram"})  # where the handover's channel says it is

_told_of: set[str] = set()  # the other channels on which it was asked for


class ActionHandover(Action):  # type: ignore[misc]  # rasa-sdk ships no types
    """Asks the channel to hand the user over to a live agent.

    The action itself does not pass control: it sends one custom message,
    `{"handover": {"plan": …, "target_app": …, "timeout": …, "keywords": …, "metadata": …}}`,
    in which only `plan` is always present. The Messenger channel performs the handover once
    everything said before has been delivered, and reports its end, even a failure to start, with
    the intent `handover_ended`. Make it the last step of a rule: what the bot says after it in the
    same turn cannot be delivered. In a rule for `handover_ended` it asks for the next handover,
    which begins once that rule's responses have been delivered.

    Outside the plan's hours the handover is refused, or waits: then, too, the slot
    `handover_active` is left alone.

    On other channels (REST, a website's chat) nothing acts on that message, so no handover begins
    or ends: the action leaves the slot `handover_active` alone there, and logs that once.

    For a second kind of handover, subclass this, override `name` and set what differs:

        class ActionHandoverSales(ActionHandover):
            plan = "sales"

            def name(self) -> str:
                return "action_handover_sales"

    The slots `handover_plan`, `handover_timeout` and `handover_keywords` take precedence over the
    attributes if they are set and not empty. Rasa keeps a slot until it is set again, so either
    every intent that asks for a person must set `handover_plan`, or none. A value of a wrong type,
    in a slot or an attribute, is logged and left out: the user asked for a person, and gets one
    under the plan's own settings.

    Attributes:
        plan: the plan of `credentials.yml` that the handover follows.
        target_app: who gets the thread, `page-inbox` or an app id. None: as the plan says.
        timeout: when the bot takes the thread back, counted from the start of the handover:
            seconds as a number, or text such as `90s`, `30m`, `2h`, `1d`. None: as the plan
            says.
        keywords: what the user may write to come back to the bot: a list, or a mapping from
            language to list. None: as the plan says.
        metadata: context for the agent's app, in addition to what the channel and the plan add.
            None: nothing.
    """

    plan: str = DEFAULT_PLAN
    target_app: int | str | None = None
    timeout: int | str | None = None
    keywords: list[str] | dict[str, list[str]] | None = None
    metadata: dict[str, Any] | None = None

    def name(self) -> str:
        return "action_handover"

    def metadata_for(
        self,
        tracker: Tracker,  # noqa: ARG002  # for those who override it
    ) -> dict[str, Any] | None:
        """What the agent's app should know about this conversation: a dict that JSON can hold.

        By default this is the attribute `metadata`; override it to read slots. If it raises, the
        error is logged and the handover goes on without metadata.
        """
        return self.metadata

    def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],  # noqa: ARG002  # rasa-sdk calls every action with the domain
    ) -> list[EventType]:
        request = self._request(tracker)
        dispatcher.utter_message(json_message={"handover": request})
        channel = channel_elsewhere(tracker)
        if channel is not None:
            _tell_of(channel)
            return []
        told = availability(tracker, request["plan"])
        if told is not None and not told["open"]:
            return []  # it is refused, or waits: handover_started sets the slot later
        return [SlotSet("handover_active", True)]

    def _request(self, tracker: Tracker) -> dict[str, Any]:
        chosen = ((field.name, self._value(field, tracker)) for field in FIELDS)
        return {"plan": DEFAULT_PLAN} | {name: value for name, value in chosen if value is not None}

    def _value(self, field: Field, tracker: Tracker) -> object | None:
        """The first source's value that is neither empty nor of a wrong type."""
        for source, value in self._sources(field, tracker):
            if is_empty(value):
                continue
            if field.accepts(value):
                return value
            logger.warning(
                "%s gives a %s, which is left out of the handover request: allowed is %s. "
                "Fix what sets it.",
                source,
                type(value).__name__,
                field.allowed,
            )
        return None

    def _sources(self, field: Field, tracker: Tracker) -> Iterator[tuple[str, object]]:
        if field.slot is not None:
            yield f"The slot {field.slot}", tracker.slots.get(field.slot)
        if field.name == "metadata":
            yield f"{type(self).__name__}.metadata_for", self._metadata(tracker)
        else:
            yield f"{type(self).__name__}.{field.name}", getattr(self, field.name)

    def _metadata(self, tracker: Tracker) -> dict[str, Any] | None:
        try:
            return self.metadata_for(tracker)
        except Exception as error:
            # The error's message may quote the user, so the log shows only where it was raised.
            logger.error(
                "%s.metadata_for failed with %s: the handover goes on without metadata for the "
                "agent's app. Fix the method.\n%s",
                type(self).__name__,
                type(error).__name__,
                "".join(traceback.format_tb(error.__traceback__)).rstrip(),
            )
            return None


def channel_elsewhere(tracker: Tracker) -> str | None:
    """The channel that the user writes on, if nobody can be handed over there."""
    channel: str | None = tracker.get_latest_input_channel() if tracker.events else None
    return None if channel in CHANNELS else channel


def _tell_of(channel: str) -> None:
    if channel not in _told_of:
        _told_of.add(channel)
        logger.warning(
            "A handover was asked for on the channel '%s', which can't hand over: only Messenger "
            "and Instagram can. The slot handover_active stays as it is there. Have a rule for "
            "other channels say how to reach a person. (This is logged only once.)",
            channel,
        )
