"""What Rasa is told of an event: its text and its metadata. Pure.

A "/" makes Rasa read a text as an intent, so it is kept for payloads that the bot itself put on
a button; what a user types is never read as a command, and nobody but this channel can announce
the end of a handover.
"""

from __future__ import annotations

import re
from typing import Any

from .events import Postback, UserMessage
from .sessions import EndReason, Session

HANDOVER_ENDED = "handover_ended"
HANDOVER_STARTED = "handover_started"
END_REASON_ENTITY = "handover_end_reason"
EXTERNAL_PREFIX = "EXTERNAL: "  # Rasa's own mark of a message that no user wrote

_RESERVED_INTENTS = frozenset({HANDOVER_ENDED, HANDOVER_STARTED})
_INTENT = re.compile(r"\s*/\s*([^{@]*)")  # as Rasa's YAMLStoryReader reads it
_LEADING_SLASHES = re.compile(r"[\s/]+")


def text_for_rasa(event: UserMessage | Postback, *, typed_intents: bool) -> str:
    """The text that Rasa gets; `typed_intents` lets developers type "/intent" themselves."""
    if event.payload is not None:
        return event.payload if _names_free_intent(event.payload) else _plain(event.payload)
    if isinstance(event, Postback):
        return _plain(event.title or "")
    if event.text is not None:
        typed = typed_intents and _names_free_intent(event.text)
        return event.text if typed else _plain(event.text)
    url = next((sent.url for sent in event.attachments if sent.url), None)
    return _plain(url or event.attachments[0].type)


def metadata_for_rasa(event: UserMessage | Postback) -> dict[str, Any]:
    """What a custom action may want to know of the event besides its text."""
    attachments = event.attachments if isinstance(event, UserMessage) else ()
    sent = [{"type": one.type, "payload": one.payload} for one in attachments]
    metadata: dict[str, Any] = {"page": event.thread.page, "timestamp": event.at.isoformat()}
    return {**metadata, "attachments": sent} if sent else metadata


def ended_text() -> str:
    return EXTERNAL_PREFIX + HANDOVER_ENDED


def ended_parse_data(reason: EndReason) -> dict[str, Any]:
    """`handover_ended` as an NLU result, with the reason as an entity."""
    entity = {"entity": END_REASON_ENTITY, "value": reason.value, "start": 0, "end": 0}
    return {
        "text": ended_text(),
        "intent": {"name": HANDOVER_ENDED, "confidence": 1.0},
        "entities": [entity],
    }


def ended_metadata(session: Session) -> dict[str, Any]:
    """The metadata of `handover_ended`: what the assistant may want to know of the session."""
    handover = {
        "session_id": session.id,
        "plan": session.plan.name,
        "reason": session.reason.value if session.reason else None,
        "target_app": session.plan.target_app_id,
        "opened_at": session.opened_at.isoformat(),
        "ended_at": session.ended_at.isoformat() if session.ended_at else None,
        "operator_messages": session.operator_messages,
        "user_messages": session.user_messages,
        "metadata": session.plan.metadata,
    }
    return {"is_external": True, "handover": handover}


def _names_free_intent(text: str) -> bool:
    match = _INTENT.match(text)
    return match is None or match[1].strip() not in _RESERVED_INTENTS


def _plain(text: str) -> str:
    """The text without what would make Rasa read it as an intent; a "/" alone names none."""
    if not text.lstrip().startswith("/"):
        return text
    return _LEADING_SLASHES.sub("", text, count=1) or "/"
