"""What one of the channel's events does to slots and forms: it does not count as an answer.

Rasa lets each message fill every slot whose mapping does not exclude it: a `from_text` mapping
would keep the event as what the user said, a `from_intent` mapping for "any intent but affirm"
would take it for a no, and an action that extracts slots would read it as an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rasa.shared.core.events import ActionExecutionRejected, SlotSet

from ..core.briefing.turns import RESERVED_INTENTS


def keep_answers_to_users(processor: Any) -> None:
    """From now on, an event that this MessageProcessor handles fills only the slots that name it.

    No form takes it for an answer: rules say what follows, and then the form asks again.
    """
    if not isinstance(processor.run_action_extract_slots, _Extraction):
        processor.run_action_extract_slots = _Extraction(processor)


class _Extraction:
    """Replaces `run_action_extract_slots`, in Rasa 3.6 and in Rasa Pro."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._of_rasa = processor.run_action_extract_slots

    async def __call__(self, output_channel: Any, tracker: Any) -> Any:
        message = tracker.latest_message
        if message is None or not _is_event(message):
            return await self._of_rasa(output_channel, tracker)
        for name, value in _filled(self._processor.domain.slots, tracker):
            tracker.update(SlotSet(name, value))
        if tracker.active_loop_name:
            # A form does the same with a message that fills none of its slots, but only after it
            # has asked the project's own actions.
            tracker.update(ActionExecutionRejected(tracker.active_loop_name))
        return tracker


def _is_event(message: Any) -> bool:
    """Whether no user wrote the message: a handover's start or end, or an act such as an opt-in."""
    is_external = bool((message.metadata or {}).get("is_external"))
    return message.intent_name in RESERVED_INTENTS or (is_external and message.text is None)


def _filled(slots: Any, tracker: Any) -> Iterator[tuple[str, Any]]:
    for slot in slots:
        for mapping in map(_as_dict, slot.mappings):
            if (value := _value(mapping, tracker)) is not None:
                yield slot.name, value
                break


def _value(mapping: Mapping[str, Any], tracker: Any) -> Any:
    """What an event puts into a slot, by a mapping that names its entity or its intent."""
    message = tracker.latest_message
    intents = _as_list(mapping.get("intent"))
    is_for_it = message.intent_name in intents
    if (intents and not is_for_it) or not _holds(mapping, tracker):
        return None
    if mapping.get("type") == "from_entity":
        found = (one for one in message.entities if one["entity"] == mapping.get("entity"))
        return next((one["value"] for one in found), None)
    return mapping.get("value") if mapping.get("type") == "from_intent" and is_for_it else None


def _holds(mapping: Mapping[str, Any], tracker: Any) -> bool:
    """Whether one of a mapping's conditions is met: its form, and the slot asked for, if named."""
    conditions = mapping.get("conditions") or ()
    return not conditions or any(
        condition.get("active_loop") == tracker.active_loop_name
        and condition.get("requested_slot") in {None, tracker.get_slot("requested_slot")}
        for condition in conditions
    )


def _as_dict(mapping: Any) -> Mapping[str, Any]:
    """A mapping as the domain writes it; Rasa Pro keeps mappings as objects."""
    plain: Mapping[str, Any] = mapping if isinstance(mapping, dict) else mapping.as_dict()
    return plain


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
