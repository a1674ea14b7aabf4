"""The shapes of Meta's webhook payloads. Pure.

Only what this plugin looks at has a field. A part whose shape may surprise is left raw, so that it
is read on its own and costs nothing beside it.

Source: Messenger Platform, Webhook Events.
"""

from __future__ import annotations

from typing import Any

import msgspec

NOTHING = msgspec.Raw(b"null")


class DeliveryShape(msgspec.Struct):
    object: str = ""
    entry: list[msgspec.Raw] = []


class EntryShape(msgspec.Struct):
    id: Any = None
    messaging: msgspec.Raw = NOTHING
    standby: msgspec.Raw = NOTHING
    changes: msgspec.Raw = NOTHING


class ChangeShape(msgspec.Struct):
    value: msgspec.Raw = NOTHING
    field: Any = None


class MessageShape(msgspec.Struct):
    mid: Any = None
    text: Any = None
    quick_reply: Any = None
    referral: Any = None
    reply_to: Any = None
    sticker_id: Any = None
    attachments: msgspec.Raw = NOTHING
    is_echo: Any = False
    app_id: Any = None
    metadata: Any = None
    is_unsupported: Any = False
    is_deleted: Any = False
    is_self: Any = False
    ai_generated: Any = False


class EditShape(msgspec.Struct):
    mid: Any = None
    text: Any = None
    num_edit: Any = None


class PostbackShape(msgspec.Struct):
    mid: Any = None
    title: Any = None
    payload: Any = None
    referral: Any = None


class ControlShape(msgspec.Struct):
    previous_owner_app_id: Any = None
    new_owner_app_id: Any = None
    requested_owner_app_id: Any = None
    metadata: Any = None


class ItemShape(msgspec.Struct):
    sender: Any = None
    recipient: Any = None
    timestamp: Any = None
    message: msgspec.Raw = NOTHING
    message_edit: msgspec.Raw = NOTHING
    postback: msgspec.Raw = NOTHING
    prior_message: Any = None
    referral: Any = None
    optin: Any = None
    account_linking: Any = None
    pass_thread_control: msgspec.Raw = NOTHING
    take_thread_control: msgspec.Raw = NOTHING
    request_thread_control: msgspec.Raw = NOTHING


DELIVERY = msgspec.json.Decoder(DeliveryShape)
ENTRY = msgspec.json.Decoder(EntryShape | None)
ITEMS = msgspec.json.Decoder(list[msgspec.Raw] | None)
CHANGE = msgspec.json.Decoder(ChangeShape | None)
ITEM = msgspec.json.Decoder(ItemShape | None)
MESSAGE = msgspec.json.Decoder(MessageShape | None)
EDIT = msgspec.json.Decoder(EditShape | None)
POSTBACK = msgspec.json.Decoder(PostbackShape | None)
CONTROL = msgspec.json.Decoder(ControlShape | None)
ATTACHMENTS = msgspec.json.Decoder(list[Any] | None)
