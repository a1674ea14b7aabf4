"""Decoding a webhook delivery into events. Pure.

Meta's payloads vary (numbers as strings, null, "null", missing and unknown keys), so nothing in a
well-formed JSON body is an error: what carries nothing for us is left out, and an odd part never
costs the parts beside it.
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
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Event,
    Platform,
    Thread,
    message_key,
)
from .messages import is_marked, said_in
from .reading import Reader, check_json
from .shapes import (
    ControlShape,
    DeliveryShape,
    EntryShape,
    ItemShape,
)

logger = logging.getLogger(__name__)

_PLATFORMS = {"page": Platform.MESSENGER, "instagram": Platform.INSTAGRAM}
_OF_CONVERSATIONS = ("messag", "standby")  # fields; comments, likes, leads … are of the Page's feed
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_OLDEST = datetime(2011, 1, 1, tzinfo=timezone.utc)  # Messenger did not exist before
_MOST_AHEAD = timedelta(hours=15)  # our clock may lag by this, if its time zone is wrong


def decode_delivery(
    body: bytes, received_at: datetime, *, metas: datetime | None = None
) -> list[Event]:
    """The events of a delivery that can matter to a handover or to Rasa, in Meta's order.

    Raises MalformedDelivery if the body is not JSON. `metas` is the time of receipt by Meta's
    clock, if it is known; it stands in for timestamps that are missing or impossible.
    """
    reader = Reader()
    events = list(events_in(body, reader, received_at, metas=metas))
    for what, times in reader.left_out.items():
        logger.warning("A part of a delivery was left out (%d times): %s.", times, what)
    return events


class _Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when the events of an entry came in, and what reads them."""

    page: str
    platform: Platform
    received_at: datetime
    metas: datetime
    reader: Reader


def events_in(
    body: bytes, reader: Reader, received_at: datetime, *, metas: datetime | None = None
) -> Iterator[Event]:
    """The same; the reader keeps count of what it has left out."""
    delivery = reader.read(DeliveryShape, body)
    if delivery is None:
        check_json(body)
        return
    platform = _PLATFORMS.get(delivery.object)
    if platform is None:
        logger.debug("A delivery for no page and no Instagram account has nothing for us.")
        return
    for entry in delivery.entry:
        page = reader.id(entry.id) if entry else None
        if entry is None or page is None:
            continue
        source = _Source(
            page=page,
            platform=platform,
            received_at=received_at,
            metas=metas or received_at,
            reader=reader,
        )
        yield from _events_of_entry(entry, source)


def _events_of_entry(entry: EntryShape, source: _Source) -> Iterator[Event]:
    reader = source.reader
    for array, items in ((Array.MESSAGING, entry.messaging), (Array.STANDBY, entry.standby)):
        for item in items or ():
            yield from _event(item, source, array)
    for wrapped in entry.changes or ():
        # The messaging_postbacks page shows its sample wrapped as {"field", "value"}.
        field = reader.text(wrapped.field) if wrapped else None
        if wrapped is not None and (field is None or field.startswith(_OF_CONVERSATIONS)):
            array = Array.STANDBY if field == Array.STANDBY.value else Array.MESSAGING
            yield from _event(wrapped.value, source, array)


def _event(raw: msgspec.Raw, source: _Source, array: Array) -> Iterator[Event]:
    reader = source.reader
    item = reader.read(ItemShape, raw)
    if item is None:
        return
    message = item.message
    user = _party(item.sender, reader)
    by_page = user == source.page or (message is not None and is_marked(message.is_echo))
    if by_page:
        recipient = _party(item.recipient, reader)
        user = user if recipient == source.page else recipient
    if user is None or user == source.page:
        return
    carrier = message or item.postback
    mid = reader.mid(carrier.mid) if carrier else None
    common = {
        "key": message_key(source.page, array, mid or hashlib.sha256(raw).hexdigest()),
        "thread": Thread(page=source.page, user=user, platform=source.platform),
        "array": array,
        "at": _moment(item.timestamp, source.metas),
        "received_at": source.received_at,
    }
    event = said_in(item, mid, common, reader, by_page=by_page) or _control(item, common, reader)
    if event is not None:
        yield event


def _control(item: ItemShape, common: dict[str, Any], reader: Reader) -> Event | None:
    if passed := item.pass_thread_control:
        return ControlPassed(**common, **_owners(passed, reader))
    if taken := item.take_thread_control:
        return ControlTaken(**common, **_owners(taken, reader))
    if requested := item.request_thread_control:
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


def _party(value: object, reader: Reader) -> str | None:
    return reader.id(value.get("id")) if isinstance(value, dict) else None


def _moment(timestamp: object, metas: datetime) -> datetime:
    """The moment of a timestamp of Meta's: milliseconds since 1970, a number or a number as text.

    If it is missing, from before there was Messenger, or further ahead than our clock may lag, it
    counts as now.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=int(timestamp))  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return metas
    return moment if _OLDEST <= moment <= metas + _MOST_AHEAD else metas
