"""The shapes of Meta's webhook payloads. Pure.

Only what this plugin looks at has a field. Items stay raw, because one without an id of its own is
identified by its bytes. Source: Messenger Platform, Webhook Events.
"""

from __future__ import annotations

from typing import Any

import msgspec


class MessageShape(msgspec.Struct):
    mid: Any = None
    text: Any = None
    quick_reply: Any = None
    referral: Any = None
    reply_to: Any = None
    sticker_id: Any = None
    attachments: list[Any] | None = None
    is_echo: Any = False
    app_id: Any = None
    metadata: Any = None
    is_unsupported: Any = False
    is_deleted: Any = False
    is_self: Any = False
    ai_generated: Any = False
    admin_text: Any = None


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
    message: MessageShape | None = None
    message_edit: EditShape | None = None
    postback: PostbackShape | None = None
    prior_message: Any = None
    referral: Any = None
    optin: Any = None
    account_linking: Any = None
    pass_thread_control: ControlShape | None = None
    take_thread_control: ControlShape | None = None
    request_thread_control: ControlShape | None = None


class ChangeShape(msgspec.Struct):
    value: msgspec.Raw = msgspec.Raw(b"null")
    field: Any = None


class EntryShape(msgspec.Struct):
    id: Any = None
    messaging: list[msgspec.Raw] | None = None
    standby: list[msgspec.Raw] | None = None
    changes: list[ChangeShape | None] | None = None


class DeliveryShape(msgspec.Struct):
    object: str = ""
    entry: list[EntryShape | None] = []
