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

from ..core.events import (
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
from .reading import Reader, check_json
from .shapes import (
    ATTACHMENTS,
    CHANGE,
    CONTROL,
    DELIVERY,
    ENTRY,
    ITEM,
    ITEMS,
    MESSAGE,
    POSTBACK,
    ROLES,
    ControlShape,
    EntryShape,
    ItemShape,
    MessageShape,
    PostbackShape,
)

logger = logging.getLogger(__name__)

_PLATFORMS = {"page": Platform.MESSENGER, "instagram": Platform.INSTAGRAM}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LONGEST_MID = 500  # characters; Meta's have about 90, and a database index has a limit
MOST_ATTACHMENTS = 100  # in one message; Messenger's own apps send up to 30
_OLDEST = datetime(2011, 1, 1, tzinfo=timezone.utc)  # Messenger did not exist before


def decode_delivery(body: bytes, received_at: datetime) -> list[Event | PageRoles]:
    """The events of a delivery that can matter to a handover or to Rasa, in Meta's order.

    Raises MalformedDelivery if the body is not JSON. `received_at` stands in for timestamps
    that are missing or impossible.
    """
    reader = Reader()
    events = list(_events(body, reader, received_at))
    reader.log()
    return events


class _Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when the events of an entry came in, and what reads them."""

    page: str
    platform: Platform
    received_at: datetime
    reader: Reader


def _events(body: bytes, reader: Reader, received_at: datetime) -> Iterator[Event | PageRoles]:
    delivery = reader.read(DELIVERY, body)
    if delivery is None:
        check_json(body)
        return
    platform = _PLATFORMS.get(delivery.object)
    if platform is None:
        logger.debug("A delivery for no page and no Instagram account has nothing for us.")
        return
    for raw in delivery.entry:
        entry = reader.read(ENTRY, raw)
        page = reader.id(entry.id) if entry else None
        if entry is None or page is None:
            continue
        source = _Source(page=page, platform=platform, received_at=received_at, reader=reader)
        yield from _events_of_entry(entry, source)


def _events_of_entry(entry: EntryShape, source: _Source) -> Iterator[Event | PageRoles]:
    reader = source.reader
    for array, items in ((Array.MESSAGING, entry.messaging), (Array.STANDBY, entry.standby)):
        for item in reader.read(ITEMS, items) or ():
            yield from _event(item, source, array)
    for change in reader.read(ITEMS, entry.changes) or ():
        # The messaging_postbacks page shows its sample wrapped as {"field", "value"}.
        wrapped = reader.read(CHANGE, change)
        if wrapped is not None:
            on_standby = reader.text(wrapped.field) == Array.STANDBY.value
            array = Array.STANDBY if on_standby else Array.MESSAGING
            yield from _event(wrapped.value, source, array)


def _event(raw: msgspec.Raw, source: _Source, array: Array) -> Iterator[Event | PageRoles]:
    reader = source.reader
    item = reader.read(ITEM, raw)
    if item is None:
        return
    roles = reader.read(ROLES, item.app_roles)
    if roles:
        yield PageRoles(page=source.page, roles=roles)
        return
    message, postback = reader.read(MESSAGE, item.message), reader.read(POSTBACK, item.postback)
    user = _party(item.sender, reader)
    by_page = user == source.page or (message is not None and bool(message.is_echo))
    if by_page:
        user = _party(item.recipient, reader)
    if user is None:
        return
    mid = _mid(message or postback, reader)
    common = {
        "key": f"{source.page}/{array.value}/{mid or hashlib.sha256(raw).hexdigest()}",
        "thread": Thread(page=source.page, user=user, platform=source.platform),
        "array": array,
        "at": _moment(item.timestamp, source.received_at),
        "received_at": source.received_at,
    }
    if message is not None:
        make = _echo if by_page else _user_message
        event = make(message, mid, common, reader)
    elif postback is not None:
        event = _postback(postback, mid, common, reader)
    else:
        event = _control(item, common, reader)
    if event is not None:
        yield event


def _echo(
    message: MessageShape, mid: str | None, common: dict[str, Any], reader: Reader
) -> Event | None:
    return Echo(
        **common,
        mid=mid,
        app_id=reader.id(message.app_id),
        text=reader.text(message.text),
        metadata=reader.text(message.metadata),
        attachments=_attachments(message.attachments, reader),
    )


def _user_message(
    message: MessageShape, mid: str | None, common: dict[str, Any], reader: Reader
) -> Event | None:
    if message.is_deleted or message.is_unsupported or message.ai_generated:
        return None
    tapped = message.quick_reply if isinstance(message.quick_reply, dict) else {}
    text, payload = reader.text(message.text), reader.text(tapped.get("payload"))
    attachments = _attachments(message.attachments, reader)
    if not (text or payload or attachments):
        return None
    return UserMessage(**common, mid=mid, text=text, payload=payload, attachments=attachments)


def _postback(
    postback: PostbackShape, mid: str | None, common: dict[str, Any], reader: Reader
) -> Event | None:
    title, payload = reader.text(postback.title), reader.text(postback.payload)
    if not (title or payload):
        return None
    return Postback(**common, mid=mid, title=title, payload=payload)


def _control(item: ItemShape, common: dict[str, Any], reader: Reader) -> Event | None:
    if passed := reader.read(CONTROL, item.pass_thread_control):
        return ControlPassed(**common, **_owners(passed, reader))
    if taken := reader.read(CONTROL, item.take_thread_control):
        return ControlTaken(**common, **_owners(taken, reader))
    if requested := reader.read(CONTROL, item.request_thread_control):
        owner = reader.id(requested.requested_owner_app_id)
        metadata = reader.text(requested.metadata)
        return ControlRequested(**common, requested_owner=owner, metadata=metadata)
    return None


def _owners(control: ControlShape, reader: Reader) -> dict[str, Any]:
    return {
        "previous_owner": reader.id(control.previous_owner_app_id),
        "new_owner": reader.id(control.new_owner_app_id),
        "metadata": reader.text(control.metadata),
    }


def _attachments(sent: msgspec.Raw, reader: Reader) -> tuple[Attachment, ...]:
    listed = reader.read(ATTACHMENTS, sent)
    if not listed:
        return ()
    found = (one for one in listed[:MOST_ATTACHMENTS] if isinstance(one, dict))
    return tuple(_attachment(one, reader) for one in found)


def _attachment(sent: dict[str, Any], reader: Reader) -> Attachment:
    payload = reader.payload(sent.get("payload"))
    kind, url = reader.text(sent.get("type")) or "unknown", reader.text(payload.get("url"))
    return Attachment(type=kind, url=url, payload=payload)


def _party(value: object, reader: Reader) -> str | None:
    return reader.id(value.get("id")) if isinstance(value, dict) else None


def _mid(carrier: MessageShape | PostbackShape | None, reader: Reader) -> str | None:
    mid = reader.text(carrier.mid) if carrier else None
    return mid if mid is None or len(mid) <= LONGEST_MID else None


def _moment(timestamp: object, received_at: datetime) -> datetime:
    """Milliseconds since 1970 (a number, or a number as text), never later than now."""
    try:
        moment = _EPOCH + timedelta(milliseconds=int(timestamp))  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return received_at
    return min(moment, received_at) if moment >= _OLDEST else received_at
