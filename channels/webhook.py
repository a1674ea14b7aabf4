"""Decoding a webhook delivery into events. Pure.

Meta's payloads vary (numbers as strings, null, "null", missing and unknown keys), so nothing
in a well-formed JSON body is an error: what carries nothing for us is left out, and an odd part
never takes the parts beside it along.
Sources: Messenger Platform, Webhooks and Webhook Events.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

from .events import (
    Array,
    Attachment,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Event,
    PageRoles,
    Platform,
    Postback,
    Thread,
    UserMessage,
)
from .payloads import (
    ATTACHMENTS,
    CHANGE,
    CONTROL,
    DELIVERY,
    ENTRY,
    ITEM,
    MESSAGE,
    NO_CHARACTER,
    POSTBACK,
    RAW_ITEMS,
    ROLES,
    ControlShape,
    ItemShape,
    MessageShape,
    PostbackShape,
    check_json,
    read,
)

logger = logging.getLogger(__name__)

_PLATFORMS = {"page": Platform.MESSENGER, "instagram": Platform.INSTAGRAM}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LONGEST_MID = 500  # characters; Meta's have about 90, and a database index has a limit
_OLDEST = datetime(2011, 1, 1, tzinfo=timezone.utc)  # Messenger did not exist before


def decode_delivery(body: bytes, received_at: datetime) -> list[Event | PageRoles]:
    """The events of a delivery that can matter to a handover or to Rasa, in Meta's order.

    Raises MalformedDelivery if the body is not JSON. `received_at` stands in for timestamps
    that are missing or impossible.
    """
    delivery = read(DELIVERY, body)
    if delivery is None:
        check_json(body)
        return []
    platform = _PLATFORMS.get(delivery.object)
    if platform is None:
        logger.debug("A delivery for no page and no Instagram account has nothing for us.")
        return []
    return [
        event for raw in delivery.entry for event in _events_of_entry(raw, platform, received_at)
    ]


class _Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when the events of an entry came in."""

    page: str
    platform: Platform
    received_at: datetime


def _events_of_entry(
    raw: msgspec.Raw, platform: Platform, received_at: datetime
) -> Iterator[Event | PageRoles]:
    entry = read(ENTRY, raw)
    page = _id(entry.id) if entry else None
    if entry is None or page is None:
        return
    source = _Source(page=page, platform=platform, received_at=received_at)
    for array, items in ((Array.MESSAGING, entry.messaging), (Array.STANDBY, entry.standby)):
        for item in read(RAW_ITEMS, items) or []:
            yield from _event(item, source, array)
    for change in read(RAW_ITEMS, entry.changes) or []:
        # The messaging_postbacks page shows its sample wrapped as {"field", "value"}.
        wrapped = read(CHANGE, change)
        if wrapped is not None:
            on_standby = wrapped.field == Array.STANDBY.value
            array = Array.STANDBY if on_standby else Array.MESSAGING
            yield from _event(wrapped.value, source, array)


def _event(raw: msgspec.Raw, source: _Source, array: Array) -> Iterator[Event | PageRoles]:
    item = read(ITEM, raw)
    if item is None:
        return
    roles = read(ROLES, item.app_roles)
    if roles:
        yield PageRoles(page=source.page, roles=roles)
        return
    message, postback = read(MESSAGE, item.message), read(POSTBACK, item.postback)
    by_page = _party(item.sender) == source.page or (message is not None and bool(message.is_echo))
    user = _party(item.recipient if by_page else item.sender)
    if user is None:
        return
    common = {
        "key": _key(source.page, array, message or postback, raw),
        "thread": Thread(page=source.page, user=user, platform=source.platform),
        "array": array,
        "at": _moment(item.timestamp, source.received_at),
        "received_at": source.received_at,
    }
    if message is not None:
        event = _echo(message, common) if by_page else _user_message(message, common)
    else:
        event = _control(item, common) if postback is None else _postback(postback, common)
    if event is not None:
        yield event


def _key(
    page: str, array: Array, carrier: MessageShape | PostbackShape | None, raw: msgspec.Raw
) -> str:
    mid = _text(carrier.mid) if carrier else None
    if mid is None or len(mid) > LONGEST_MID:
        mid = hashlib.sha256(raw).hexdigest()
    return f"{page}/{array.value}/{mid}"


def _echo(message: MessageShape, common: dict[str, Any]) -> Event:
    return Echo(
        **common,
        mid=_text(message.mid),
        app_id=_id(message.app_id),
        text=_text(message.text),
        metadata=_text(message.metadata),
        attachments=_attachments(message.attachments),
    )


def _user_message(message: MessageShape, common: dict[str, Any]) -> Event | None:
    if message.is_deleted or message.is_unsupported or message.ai_generated:
        return None
    tapped = message.quick_reply if isinstance(message.quick_reply, dict) else {}
    text, payload = _text(message.text), _text(tapped.get("payload"))
    attachments = _attachments(message.attachments)
    if not (text or payload or attachments):
        return None
    return UserMessage(
        **common, mid=_text(message.mid), text=text, payload=payload, attachments=attachments
    )


def _postback(postback: PostbackShape, common: dict[str, Any]) -> Event | None:
    title, payload = _text(postback.title), _text(postback.payload)
    if not (title or payload):
        return None
    return Postback(**common, mid=_text(postback.mid), title=title, payload=payload)


def _control(item: ItemShape, common: dict[str, Any]) -> Event | None:
    if passed := read(CONTROL, item.pass_thread_control):
        return ControlPassed(**common, **_owners(passed))
    if taken := read(CONTROL, item.take_thread_control):
        return ControlTaken(**common, **_owners(taken))
    if requested := read(CONTROL, item.request_thread_control):
        owner, metadata = _id(requested.requested_owner_app_id), _text(requested.metadata)
        return ControlRequested(**common, requested_owner=owner, metadata=metadata)
    return None


def _owners(control: ControlShape) -> dict[str, Any]:
    return {
        "previous_owner": _id(control.previous_owner_app_id),
        "new_owner": _id(control.new_owner_app_id),
        "metadata": _text(control.metadata),
    }


def _attachments(sent: msgspec.Raw) -> tuple[Attachment, ...]:
    listed = read(ATTACHMENTS, sent) or []
    return tuple(_attachment(item) for item in listed if isinstance(item, dict))


def _attachment(sent: dict[str, Any]) -> Attachment:
    payload = sent.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    kind, url = _text(sent.get("type")) or "unknown", _text(payload.get("url"))
    return Attachment(type=kind, url=url, payload=payload)


def _text(value: object) -> str | None:
    """What was written, if anything, with U+FFFD for NUL, which PostgreSQL can't store."""
    return value.replace("\0", NO_CHARACTER) if isinstance(value, str) and value else None


def _party(value: object) -> str | None:
    return _id(value.get("id")) if isinstance(value, dict) else None


def _id(value: object) -> str | None:
    """An id as text; null, "null", empty and missing are all "nobody"."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = _text(str(value))
    return None if text == "null" else text


def _moment(timestamp: object, received_at: datetime) -> datetime:
    """Milliseconds since 1970 (a number, or a number as text), never later than now."""
    try:
        moment = _EPOCH + timedelta(milliseconds=int(timestamp))  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return received_at
    return min(moment, received_at) if moment >= _OLDEST else received_at
