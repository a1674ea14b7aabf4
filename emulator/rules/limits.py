"""What the Send API refuses in a body before it looks at the thread: pure checks.

Meta facts 1.5; Meta: "Send API", "Quick Replies", and Instagram's own "Send Messages" and "Quick
Replies".
Every check raises GraphError, nearly always 100.
"""

from __future__ import annotations

from typing import Any, Literal

from .errors import JsonObject, invalid_parameter
from .shapes import as_array, as_object, filled, known_keys, one_of, some, text_within, web_address
from .templates import (
    BUTTON_TYPES,
    INSTAGRAM_BUTTON_TYPES,
    PAYLOAD_MAX,
    TITLE_MAX,
    check_template,
)

TEXT_MAX = 2_000
INSTAGRAM_TEXT_MAX = {"bytes": 1_000, "characters": 999}
METADATA_MAX = 999
PASS_METADATA_MAX = 1_000
QUICK_REPLIES_MAX = 13
QUICK_REPLY_TYPES = ("text", "user_phone_number", "user_email")
MESSAGING_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
TAGS = ("HUMAN_AGENT", "CUSTOMER_FEEDBACK")
SENDER_ACTIONS = ("mark_seen", "typing_on", "typing_off", "react", "unreact")
CONTENTS = ("text", "attachment", "attachments", "sticker_id")
MESSAGE_KEYS = (*CONTENTS, "quick_replies", "metadata")
QUICK_REPLY_KEYS = ("content_type", "title", "payload", "image_url")
MEDIA_TYPES = ("image", "audio", "video", "file")


def check_messaging_type(body: JsonObject) -> None:
    """`messaging_type` must be given and known, and a message tag one that is still valid.

    CONFIRMED_EVENT_UPDATE, ACCOUNT_UPDATE and POST_PURCHASE_UPDATE have been refused since
    2026-04-27 (Meta facts 0; Meta: "Send Messages").
    """
    one_of(body.get("messaging_type"), MESSAGING_TYPES, "messaging_type")
    if body["messaging_type"] == "MESSAGE_TAG":
        one_of(body.get("tag"), TAGS, "tag")


def is_human(body: JsonObject) -> bool:
    """Whether the body carries the HUMAN_AGENT tag, whose window is 7 days."""
    return body.get("messaging_type") == "MESSAGE_TAG" and body.get("tag") == "HUMAN_AGENT"


def sender_action(body: JsonObject) -> str:
    """The action, in lower case; Meta's reference and its libraries also have it in capitals. It
    needs a request of its own: with a message it is error 100/2018014.
    """
    if "message" in body:
        raise invalid_parameter("Cannot send message and sender action together", subcode=2018014)
    action = str(body["sender_action"]).lower()
    one_of(action, SENDER_ACTIONS, "sender_action")
    return action


def check_message(message: JsonObject, *, button_types: tuple[str, ...] = BUTTON_TYPES) -> None:
    """The message must have a text or an attachment, not both, and all its parts must be within
    limits.
    """
    known_keys(message, MESSAGE_KEYS, "message")
    message = {key: value for key, value in message.items() if value is not None}
    contents = [key for key in CONTENTS if message.get(key)]
    if not contents:
        raise invalid_parameter(
            "Message cannot be empty, must provide valid attachment or text", subcode=2018034
        )
    if len(contents) > 1:
        raise invalid_parameter(f"Message has both {contents[0]} and {contents[1]}; send one")
    if "text" in contents:
        text_within(message["text"], TEXT_MAX, "message[text]")
    if "metadata" in message:
        text_within(message["metadata"], METADATA_MAX, "message[metadata]")
    for attachment in _attachments(message):
        _check_attachment(attachment, button_types)
    if "quick_replies" in message:
        _check_quick_replies(message["quick_replies"])


def check_instagram_message(
    message: JsonObject, *, text_in: Literal["bytes", "characters"]
) -> None:
    """Like `check_message`, with a shorter text, fewer types of buttons, and quick replies only
    below plain text: an attachment, such as a button template, can have none (Meta facts 1.5).
    """
    check_message(message, button_types=INSTAGRAM_BUTTON_TYPES)
    text, limit = message.get("text") or "", INSTAGRAM_TEXT_MAX[text_in]
    length = len(text.encode(errors="replace")) if text_in == "bytes" else len(text)
    if length > limit:
        raise invalid_parameter(
            f"Length of param message[text] must be less than or equal to {limit} {text_in}"
        )
    if message.get("quick_replies") and not text:
        raise invalid_parameter("Quick replies must come with a text on Instagram")
    if any(reply["content_type"] != "text" for reply in message.get("quick_replies") or ()):
        # Switched off there on 2026-10-05 (Meta facts 0); the error is not documented.
        raise invalid_parameter("Param quick reply content_type must be text on Instagram")


def check_pass_metadata(metadata: str | None) -> None:
    """Metadata of a thread control call, which must not exceed the Send API's length."""
    if metadata is not None:
        text_within(metadata, PASS_METADATA_MAX, "metadata")


def _attachments(message: JsonObject) -> list[Any]:
    if "attachment" in message:
        return [message["attachment"]]
    return as_array(message.get("attachments", []), "message[attachments]")


def _check_attachment(attachment: Any, button_types: tuple[str, ...]) -> None:
    shape = as_object(attachment, "message[attachment]")
    payload = as_object(shape.get("payload"), "message[attachment][payload]")
    one_of(shape.get("type"), (*MEDIA_TYPES, "template"), "message[attachment][type]")
    if shape["type"] == "template":
        check_template(payload, button_types)
    elif payload.get("url"):
        web_address(payload["url"], "message[attachment][payload][url]")
    elif not payload.get("attachment_id"):
        raise invalid_parameter("Attachment payload must have a url or an attachment_id")


def _check_quick_replies(quick_replies: Any) -> None:
    replies = as_array(quick_replies, "quick_replies")
    some(replies, QUICK_REPLIES_MAX, "message[quick_replies]")
    for reply in replies:
        shape = as_object(reply, "quick reply")
        known_keys(shape, QUICK_REPLY_KEYS, "message[quick_replies]")
        one_of(shape.get("content_type"), QUICK_REPLY_TYPES, "quick reply content_type")
        if shape["content_type"] == "text":
            filled(shape.get("title"), TITLE_MAX, "quick reply title")
            text_within(shape.get("payload"), PAYLOAD_MAX, "quick reply payload")
        if shape.get("image_url") is not None:
            web_address(shape["image_url"], "quick reply image_url")
