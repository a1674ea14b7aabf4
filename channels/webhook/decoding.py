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
_OF_CONVERSATIONS = ("messag", "standby")  # fields; comments, likes, leads … are of the Page's feed
_ORIGINS = {  # of addresses that Meta tells without one, such as "/reel/1234/"
    Platform.MESSENGER: "https://www.facebook.com",
    Platform.INSTAGRAM: "https://www.instagram.com",
}
_VAGUE_TYPES = {"fallback", "image", "share"}  # beside which the same thing may come by its own
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
LONGEST_MID = 500  # characters; Meta's have about 90, and a database index has a limit
MOST_ATTACHMENTS = 100  # in one message; Messenger's own apps send up to 30
_OLDEST = datetime(2011, 1, 1, tzinfo=timezone.utc)  # Messenger did not exist before
_MOST_AHEAD = timedelta(hours=15)  # of our clock, were it set by another time zone


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
        field = reader.text(wrapped.field) if wrapped else None
        if wrapped is not None and (field is None or field.startswith(_OF_CONVERSATIONS)):
            array = Array.STANDBY if field == Array.STANDBY.value else Array.MESSAGING
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
        recipient = _party(item.recipient, reader)
        user = user if recipient == source.page else recipient
    if user is None or user == source.page:
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
        prior = reader.payload(item.prior_message)
        event = make(message, mid, common, reader, {"prior_message": prior} if prior else {})
    elif postback is not None:
        event = _postback(postback, mid, common, reader)
    else:
        event = _control(item, common, reader)
    if event is not None:
        yield event


def _echo(
    message: MessageShape,
    mid: str | None,
    common: dict[str, Any],
    reader: Reader,
    _: dict[str, Any],
) -> Event | None:
    return Echo(
        **common,
        mid=mid,
        app_id=reader.id(message.app_id),
        text=reader.text(message.text),
        metadata=reader.text(message.metadata),
        attachments=_attachments(message, common["thread"].platform, reader),
    )


def _user_message(
    message: MessageShape,
    mid: str | None,
    common: dict[str, Any],
    reader: Reader,
    prior: dict[str, Any],
) -> Event | None:
    if message.is_deleted or message.is_unsupported or message.is_self or message.ai_generated:
        return None
    tapped = message.quick_reply if isinstance(message.quick_reply, dict) else {}
    text, payload = reader.text(message.text), reader.text(tapped.get("payload"))
    attachments = _attachments(message, common["thread"].platform, reader)
    if not (text or payload or attachments):
        return None
    return UserMessage(
        **common,
        mid=mid,
        text=text,
        payload=payload,
        attachments=attachments,
        context=_context(message, reader) | prior,
    )


def _postback(
    postback: PostbackShape, mid: str | None, common: dict[str, Any], reader: Reader
) -> Event | None:
    title, payload = reader.text(postback.title), reader.text(postback.payload)
    if not (title or payload):
        return None
    referral = reader.payload(postback.referral)
    context = {"referral": referral} if referral else {}
    return Postback(**common, mid=mid, title=title, payload=payload, context=context)


def _context(message: MessageShape, reader: Reader) -> dict[str, Any]:
    told: dict[str, Any] = {
        "referral": reader.payload(message.referral),
        "reply_to": reader.payload(message.reply_to),
        "sticker_id": message.sticker_id if reader.id(message.sticker_id) else None,
    }
    return {key: value for key, value in told.items() if value}


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


def _attachments(
    message: MessageShape, platform: Platform, reader: Reader
) -> tuple[Attachment, ...]:
    listed = reader.read(ATTACHMENTS, message.attachments) or []
    found = (one for one in listed[:MOST_ATTACHMENTS] if isinstance(one, dict))
    attachments = [_attachment(one, platform, reader) for one in found]
    if not attachments and reader.id(message.sticker_id):
        return (Attachment(type="sticker", payload={"sticker_id": message.sticker_id}),)
    return tuple(one for one in attachments if not _is_told_better(one, attachments))


def _attachment(sent: dict[str, Any], platform: Platform, reader: Reader) -> Attachment:
    payload = reader.payload(sent.get("payload"))
    kind, address = reader.text(sent.get("type")) or "unknown", reader.text(sent.get("url"))
    if address and not payload:
        # A shared link stands beside its payload, which is null.
        title = reader.text(sent.get("title"))
        payload = {"url": address, **({"title": title} if title else {})}
    url = reader.text(payload.get("url"))
    if url and url.startswith("/"):
        of_instagram = platform is Platform.INSTAGRAM or kind.startswith("ig_")
        origin = _ORIGINS[Platform.INSTAGRAM if of_instagram else Platform.MESSENGER]
        url = f"https:{url}" if url.startswith("//") else origin + url
    return Attachment(type=kind, url=url, payload=payload)


def _is_told_better(one: Attachment, attachments: list[Attachment]) -> bool:
    """Whether another attachment is the same thing by a type of its own: a sticker is an image,
    too, and an Instagram post a share.
    """
    if one.type not in _VAGUE_TYPES:
        return False
    others = [other for other in attachments if other.type not in _VAGUE_TYPES]
    return any(_same(one, other, "sticker_id") or _same(one, other, "url") for other in others)


def _same(one: Attachment, other: Attachment, key: str) -> bool:
    value = one.payload.get(key)
    return value is not None and str(value) == str(other.payload.get(key))


def _party(value: object, reader: Reader) -> str | None:
    return reader.id(value.get("id")) if isinstance(value, dict) else None


def _mid(carrier: MessageShape | PostbackShape | None, reader: Reader) -> str | None:
    mid = reader.text(carrier.mid) if carrier else None
    return mid if mid is None or len(mid) <= LONGEST_MID else None


def _moment(timestamp: object, received_at: datetime) -> datetime:
    """Milliseconds since 1970 (a number, or a number as text), Meta's time as it is.

    What is further ahead than a clock of ours may be behind is no time: then it is now.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=int(timestamp))  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return received_at
    return moment if _OLDEST <= moment <= received_at + _MOST_AHEAD else received_at
