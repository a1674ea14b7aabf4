"""What Rasa is told about an event: its text and its metadata. Pure.

A "/" makes Rasa read a text as an intent, so it is reserved for payloads that the bot itself put on
a button: what a user types is never read as a command, and only this channel can announce the end
of a handover.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from ..events import Act, Attachment, ControlPassed, Postback, UserMessage
from ..sessions.session import EndReason, Session

HANDOVER_ENDED = "handover_ended"
HANDOVER_STARTED = "handover_started"
HANDOVER_GIVEN = "handover_given"
END_REASON_ENTITY = "handover_end_reason"
EXTERNAL_PREFIX = "EXTERNAL: "  # Rasa's own mark of a message that no user wrote

RESERVED_INTENTS = frozenset({HANDOVER_ENDED, HANDOVER_STARTED, HANDOVER_GIVEN})
"""Intents that only this channel may send."""

_INTENT = re.compile(r"\s*/\s*([^{@]*)")  # as Rasa's YAMLStoryReader reads it
_TYPED_INTENT = re.compile(
    r"\s*/(?P<intent>[^{@\n]+)(@[01](\.[0-9]+)?)?(?P<entities>\{.+\})?\s*", re.ASCII
)
_DEEPEST = 20  # levels of JSON: Rasa copies what is in its tracker recursively
_LEADING_SLASHES = re.compile(r"[\s/]+")


class TypedIntent(msgspec.Struct, frozen=True, kw_only=True):
    """What a developer typed with a "/": an intent, and the names of the entities with it."""

    intent: str
    entities: frozenset[str]


def typed_intent(text: str) -> TypedIntent | None:
    """The intent that a text names in full; None if Rasa would log a warning that quotes the text.

    Source: rasa.shared, YAMLStoryReader.unpack_regex_message.
    """
    match = _TYPED_INTENT.fullmatch(text)
    if match is None or not _names_free_intent(text):
        return None
    try:
        entities = msgspec.json.decode(match["entities"] or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return TypedIntent(intent=match["intent"].strip(), entities=frozenset(entities))


def text_for_rasa(
    event: UserMessage | Postback, *, may_type: Callable[[TypedIntent], bool] | None = None
) -> str:
    """The text that Rasa gets. `may_type`: which intents a developer may type; none without it."""
    if event.payload is not None:
        return event.payload if _names_free_intent(event.payload) else plain(event.payload)
    if isinstance(event, Postback):
        return plain(event.title or "")
    if event.text is not None:
        typed = typed_intent(event.text) if may_type is not None else None
        is_typed = may_type is not None and typed is not None and may_type(typed)
        return event.text if is_typed else plain(event.text)
    url = next((sent.url for sent in event.attachments if sent.url), None)
    return plain(url or next((_name(sent) for sent in event.attachments), ""))


def _name(sent: Attachment) -> str:
    title = sent.payload.get("title")
    return title if isinstance(title, str) and title else sent.type


def metadata_for_rasa(event: UserMessage | Postback) -> dict[str, Any]:
    """What a custom action may want to know about the event besides its text."""
    attachments = event.attachments if isinstance(event, UserMessage) else ()
    sent = [{"type": one.type, "payload": one.payload} for one in attachments]
    metadata = {"page": event.thread.page, "timestamp": event.at.isoformat(), **event.context}
    return {**metadata, "attachments": sent} if sent else metadata


def act_metadata(act: Act) -> dict[str, Any]:
    """The metadata of an act: what Meta says about it, under Meta's name for it."""
    described = {"page": act.thread.page, "timestamp": act.at.isoformat()}
    return {"is_external": True, **described, act.name: act.details}


def external_text(intent: str) -> str:
    """The text of an event that no user wrote, as Rasa itself writes it."""
    return EXTERNAL_PREFIX + intent


def external_parse_data(intent: str, reason: EndReason | None = None) -> dict[str, Any]:
    """The same event as an NLU result; the reason of a handover's end is its entity."""
    told = () if reason is None else (reason.value,)
    return {
        "text": external_text(intent),
        "intent": {"name": intent, "confidence": 1.0},
        "entities": [
            {"entity": END_REASON_ENTITY, "value": value, "start": 0, "end": 0} for value in told
        ],
    }


def started_metadata(session: Session) -> dict[str, Any]:
    """The metadata of `handover_started`: who has taken the thread, and since when."""
    waited = {
        "was_waiting": session.waiting_since is not None,
        "opened_by": session.opened_by,
    }
    return {"is_external": True, "handover": _described(session) | waited}


def ended_metadata(session: Session, transcript: dict[str, Any] | None = None) -> dict[str, Any]:
    """The metadata of `handover_ended`: what the assistant may want to know about the session."""
    outcome: dict[str, Any] = {
        "reason": session.reason.value if session.reason else None,
        "ended_at": session.ended_at.isoformat() if session.ended_at else None,
        "operator_messages": session.operator_messages,
        "user_messages": session.user_messages,
    }
    if session.returned_with:
        outcome["returned_with"] = told_with(session.returned_with)
    if transcript is not None:
        outcome["transcript"] = transcript
    return {"is_external": True, "handover": _described(session) | outcome}


def given_metadata(passed: ControlPassed) -> dict[str, Any]:
    """The metadata of `handover_given`: who gave the thread, and what they said with it."""
    told = None if passed.metadata is None else told_with(passed.metadata)
    given = {"from_app": passed.previous_owner, "given_at": passed.at.isoformat()}
    return {"is_external": True, "handover": {**given, "given_with": told}}


def told_with(metadata: str) -> dict[str, Any]:
    """What another app has said with a pass: the text, and, if it is JSON, the JSON as well."""
    try:
        value = msgspec.json.decode(metadata)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {"text": metadata}
    return {"text": metadata, "json": value} if _is_shallow(value, _DEEPEST) else {"text": metadata}


def _is_shallow(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    parts = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in parts)


def _described(session: Session) -> dict[str, Any]:
    return {
        "session_id": session.id,
        "plan": session.plan.name,
        "target_app": session.owner_app or session.target_app_id,
        "opened_at": session.opened_at.isoformat(),
        "metadata": session.plan.metadata,
    }


def intent_in(text: str) -> str | None:
    """The intent that a text names with a "/"; None if it names none."""
    match = _INTENT.match(text)
    return None if match is None else match[1].strip()


def _names_free_intent(text: str) -> bool:
    return intent_in(text) not in RESERVED_INTENTS


def plain(text: str) -> str:
    """A text without the "/" that would make Rasa read it as an intent; "/" alone names none."""
    if not text.lstrip().startswith("/"):
        return text
    return _LEADING_SLASHES.sub("", text, count=1) or "/"
