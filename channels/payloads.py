"""The shapes of Meta's webhook payloads, and reading raw JSON into them. Pure.

Only what this plugin looks at has a field. A part whose shape may surprise is left raw, so that
it is read on its own and takes nothing beside it along. Source: Messenger Platform, Webhook Events.
"""

from __future__ import annotations

import logging
import re
from typing import Any, TypeVar

import msgspec

from .errors import MalformedDelivery

logger = logging.getLogger(__name__)

_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_NOTHING = msgspec.Raw(b"null")
NO_CHARACTER = "\ufffd"
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair of surrogates
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)
_T = TypeVar("_T")


class DeliveryShape(msgspec.Struct):
    object: str = ""
    entry: list[msgspec.Raw] = []


class EntryShape(msgspec.Struct):
    id: str | int | None = None
    messaging: msgspec.Raw = _NOTHING
    standby: msgspec.Raw = _NOTHING
    changes: msgspec.Raw = _NOTHING


class ChangeShape(msgspec.Struct):
    value: msgspec.Raw
    field: Any = None


class MessageShape(msgspec.Struct):
    mid: Any = None
    text: Any = None
    quick_reply: Any = None
    attachments: msgspec.Raw = _NOTHING
    is_echo: Any = False
    app_id: Any = None
    metadata: Any = None
    is_unsupported: Any = False
    is_deleted: Any = False
    ai_generated: Any = False


class PostbackShape(msgspec.Struct):
    mid: Any = None
    title: Any = None
    payload: Any = None


class ControlShape(msgspec.Struct):
    previous_owner_app_id: Any = None
    new_owner_app_id: Any = None
    requested_owner_app_id: Any = None
    metadata: Any = None


class ItemShape(msgspec.Struct):
    sender: Any = None
    recipient: Any = None
    timestamp: Any = None
    message: msgspec.Raw = _NOTHING
    postback: msgspec.Raw = _NOTHING
    pass_thread_control: msgspec.Raw = _NOTHING
    take_thread_control: msgspec.Raw = _NOTHING
    request_thread_control: msgspec.Raw = _NOTHING
    app_roles: msgspec.Raw = _NOTHING


_JSON = msgspec.json.Decoder(msgspec.Raw)
DELIVERY = msgspec.json.Decoder(DeliveryShape)
ENTRY = msgspec.json.Decoder(EntryShape)
RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)
CHANGE = msgspec.json.Decoder(ChangeShape)
ITEM = msgspec.json.Decoder(ItemShape)
MESSAGE = msgspec.json.Decoder(MessageShape | None)
POSTBACK = msgspec.json.Decoder(PostbackShape | None)
CONTROL = msgspec.json.Decoder(ControlShape | None)
ROLES = msgspec.json.Decoder(dict[str, tuple[str, ...]] | None)
ATTACHMENTS = msgspec.json.Decoder(list[Any] | None)


def read(decoder: msgspec.json.Decoder[_T], raw: bytes | msgspec.Raw) -> _T | None:
    """The part in its shape; None, and a warning, where it has another."""
    try:
        return decoder.decode(raw)
    except _UNREADABLE:
        return _read_mended(decoder, raw)


def _read_mended(decoder: msgspec.json.Decoder[_T], raw: bytes | msgspec.Raw) -> _T | None:
    try:
        return decoder.decode(_mended(raw))
    except _UNREADABLE:
        logger.warning("A part of a delivery was left out: its shape is not %s.", decoder.type)
        return None


def _mended(raw: bytes | msgspec.Raw) -> bytes:
    """The same JSON with U+FFFD for what is no character: half a surrogate pair, broken UTF-8.

    JSON allows half a pair (an emoji that was cut in two), but msgspec refuses all of a body
    that has one, and UTF-8 could not carry it on.
    """
    text = bytes(raw).decode(errors="replace")
    return _ESCAPE.sub(lambda found: NO_CHARACTER if found["half"] else found[0], text).encode()


def check_json(body: bytes) -> None:
    """Raise MalformedDelivery unless the body is JSON."""
    try:
        _JSON.decode(_mended(body))
    except _UNREADABLE:
        raise MalformedDelivery(
            "A signed webhook delivery is not JSON. Look for a proxy that changes the body."
        ) from None
