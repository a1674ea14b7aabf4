"""An event of the channel fills the slots that name it, whatever Rasa Pro makes of no text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecutionRejected, ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from channels.core.briefing.turns import HANDOVER_ENDED, external_parse_data
from channels.core.sessions.session import EndReason
from channels.dialogue.event_slots import keep_answers_to_users

DOMAIN = """
version: "3.1"
intents: [handover_ended, affirm]
entities: [handover_end_reason]
forms: {gift_form: {required_slots: [recipient, consent]}}
slots:
  recipient:
    type: text
    mappings: [{type: from_text, conditions: [{active_loop: gift_form, requested_slot: recipient}]}]
  last_words: {type: text, mappings: [{type: from_text}]}
  consent: {type: bool, mappings: [{type: from_intent, not_intent: affirm, value: false}]}
  mood: {type: text, mappings: [{type: controlled, run_action_every_turn: action_mood}]}
  handover_active:
    type: bool
    mappings: [{type: from_intent, intent: handover_ended, value: false}]
  handover_end_reason:
    type: categorical
    values: [timeout, idle]
    mappings: [{type: from_entity, entity: handover_end_reason, intent: handover_ended}]
"""


async def extracted(message: UserUttered, *before: Any) -> DialogueStateTracker:
    """The tracker once Rasa has extracted slots of a message."""
    domain = Domain.from_yaml(DOMAIN)
    tracker = DialogueStateTracker.from_events("2001", [*before, message], domain.slots)

    async def of_rasa(_: Any, tracker: DialogueStateTracker) -> DialogueStateTracker:
        tracker.update(SlotSet("last_words", message.text))
        return tracker

    processor: Any = SimpleNamespace(domain=domain, run_action_extract_slots=of_rasa)
    keep_answers_to_users(processor)
    keep_answers_to_users(processor)  # as for each event
    await processor.run_action_extract_slots(None, tracker)
    return tracker


@pytest.mark.parametrize("commands", [[], [{"command": "start flow", "flow": "handover_ended"}]])
async def test_the_reason_is_kept(commands: list[Any]) -> None:
    said = external_parse_data(HANDOVER_ENDED, EndReason.IDLE)
    data = {**said, "text": None, "commands": commands}
    tracker = await extracted(UserUttered(None, data["intent"], data["entities"], data))

    assert tracker.get_slot("handover_end_reason") == "idle"
    assert tracker.get_slot("handover_active") is False


async def test_nothing_else_is() -> None:
    data = {**external_parse_data(HANDOVER_ENDED, EndReason.IDLE), "text": None}
    form = [ActiveLoop("gift_form"), SlotSet("requested_slot", "recipient")]
    tracker = await extracted(UserUttered(None, data["intent"], data["entities"], data), *form)

    kept = [tracker.get_slot(name) for name in ("recipient", "last_words", "consent", "mood")]
    assert kept == [None, None, None, None]
    assert tracker.events[-1] == ActionExecutionRejected("gift_form")


async def test_what_a_user_says_is_for_rasa_to_extract() -> None:
    tracker = await extracted(UserUttered("hello", {"name": "affirm"}))
    assert tracker.get_slot("last_words") == "hello"
