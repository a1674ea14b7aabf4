"""What the Send API refuses in a body before it looks at the thread: pure checks.

Meta facts 1.5; Meta: "Send API", "Quick Replies", "Button Template", "Generic Template", and
Instagram's own "Send Messages" and "Quick Replies".
Every check raises GraphError 100.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from .errors import JsonObject, invalid_parameter

T = TypeVar("T")

TEXT_MAX = 2_000
INSTAGRAM_TEXT_MAX = {"bytes": 1_000, "characters": 999}
METADATA_MAX = 999
PASS_METADATA_MAX = 1_000
QUICK_REPLIES_MAX = 13
QUICK_REPLY_TYPES = ("text", "user_phone_number", "user_email")
TITLE_MAX = 20
PAYLOAD_MAX = 1_000
BUTTONS_MAX = 3
BUTTON_TEXT_MAX = 640
ELEMENTS_MAX = 10
ELEMENT_LINE_MAX = 80
MESSAGING_TYPES = ("RESPONSE", "UPDATE", "MESSAGE_TAG", "UTILITY")
TAGS = ("HUMAN_AGENT", "CUSTOMER_FEEDBACK")
SENDER_ACTIONS = ("mark_seen", "typing_on", "typing_off", "react", "unreact")
CONTENTS = ("text", "attachment", "attachments", "sticker_id")
MEDIA_TYPES = ("image", "audio", "video", "file")
UNCHECKED_TEMPLATES = ("media", "receipt", "product", "coupon", "customer_feedback")
BUTTON_NEEDS = {
    "web_url": "url",
    "postback": "payload",
    "phone_number": "payload",
    "account_link": "url",
    "account_unlink": None,
    "game_play": None,
}
UNTITLED_BUTTONS = ("account_link", "account_unlink")


def check_messaging_type(body: JsonObject) -> None:
    """`messaging_type` must be given and known, and a message tag one that is still valid.

    CONFIRMED_EVENT_UPDATE, ACCOUNT_UPDATE and POST_PURCHASE_UPDATE have been refused since
    2026-04-27 (Meta facts 0; Meta: "Send Messages").
    """
    _one_of(body.get("messaging_type"), MESSAGING_TYPES, "messaging_type")
    if body["messaging_type"] == "MESSAGE_TAG":
        _one_of(body.get("tag"), TAGS, "tag")


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
    _one_of(action, SENDER_ACTIONS, "sender_action")
    return action


def check_message(message: JsonObject) -> None:
    """The message must have a text or an attachment, not both, and all its parts must be within
    limits.
    """
    message = {key: value for key, value in message.items() if value is not None}
    contents = [key for key in CONTENTS if message.get(key)]
    if not contents:
        raise invalid_parameter("Message cannot be empty, must provide valid attachment or text")
    if len(contents) > 1:
        raise invalid_parameter(f"Message has both {contents[0]} and {contents[1]}; send one")
    if "text" in contents:
        _text(message["text"], TEXT_MAX, "message[text]")
    if "metadata" in message:
        _text(message["metadata"], METADATA_MAX, "message[metadata]")
    for attachment in _attachments(message):
        _check_attachment(attachment)
    _check_quick_replies(message.get("quick_replies", []))


def check_instagram_message(
    message: JsonObject, *, text_in: Literal["bytes", "characters"]
) -> None:
    """Like `check_message`, with a shorter text, and quick replies only below plain text: an
    attachment, such as a button template, can have none (Meta facts 1.5).
    """
    check_message(message)
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
        _text(metadata, PASS_METADATA_MAX, "metadata")


def _attachments(message: JsonObject) -> list[Any]:
    if "attachment" in message:
        return [message["attachment"]]
    return _list(message.get("attachments", []), "message[attachments]")


def _check_attachment(attachment: Any) -> None:
    shape = _object(attachment, "message[attachment]")
    payload = _object(shape.get("payload"), "message[attachment][payload]")
    _one_of(shape.get("type"), (*MEDIA_TYPES, "template"), "message[attachment][type]")
    if shape["type"] == "template":
        _check_template(payload)
    elif not (payload.get("url") or payload.get("attachment_id")):
        raise invalid_parameter("Attachment payload must have a url or an attachment_id")


def _check_template(payload: JsonObject) -> None:
    name = "message[attachment][payload][template_type]"
    _one_of(payload.get("template_type"), (*_TEMPLATES, *UNCHECKED_TEMPLATES), name)
    check = _TEMPLATES.get(payload["template_type"])
    if check is not None:
        check(payload)


def _check_button_template(payload: JsonObject) -> None:
    _filled(payload.get("text"), BUTTON_TEXT_MAX, "text")
    buttons = _list(payload.get("buttons"), "buttons")
    if not buttons:
        raise invalid_parameter("A button template must have 1 to 3 buttons; it has none")
    _check_buttons(buttons)


def _check_generic_template(payload: JsonObject) -> None:
    elements = _list(payload.get("elements"), "elements")
    if not 1 <= len(elements) <= ELEMENTS_MAX:
        raise invalid_parameter(f"Param elements must have 1 to {ELEMENTS_MAX} elements")
    for element in elements:
        shape = _object(element, "element")
        _filled(shape.get("title"), ELEMENT_LINE_MAX, "element title")
        _text(shape.get("subtitle", ""), ELEMENT_LINE_MAX, "element subtitle")
        _check_buttons(_list(shape.get("buttons", []), "buttons"))


_TEMPLATES: dict[str, Callable[[JsonObject], None]] = {
    "button": _check_button_template,
    "generic": _check_generic_template,
}


def _check_buttons(buttons: list[Any]) -> None:
    if len(buttons) > BUTTONS_MAX:
        raise invalid_parameter(f"Param buttons must have at most {BUTTONS_MAX} buttons")
    for button in buttons:
        _check_button(_object(button, "button"))


def _check_button(button: JsonObject) -> None:
    kind = button.get("type")
    _one_of(kind, tuple(BUTTON_NEEDS), "button type")
    if kind not in UNTITLED_BUTTONS:
        _filled(button.get("title"), TITLE_MAX, "button title")
    needed = BUTTON_NEEDS[str(kind)]
    if needed is not None:
        limit = PAYLOAD_MAX if needed == "payload" else None
        _filled(button.get(needed), limit, f"button {needed}")


def _check_quick_replies(quick_replies: Any) -> None:
    replies = _list(quick_replies, "quick_replies")
    if len(replies) > QUICK_REPLIES_MAX:
        raise invalid_parameter(f"Param quick_replies must have at most {QUICK_REPLIES_MAX} items")
    for reply in replies:
        shape = _object(reply, "quick reply")
        _one_of(shape.get("content_type"), QUICK_REPLY_TYPES, "quick reply content_type")
        if shape["content_type"] == "text":
            _filled(shape.get("title"), TITLE_MAX, "quick reply title")
            _text(shape.get("payload"), PAYLOAD_MAX, "quick reply payload")


def _one_of(value: Any, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise invalid_parameter(f"Param {name} must be one of {{{', '.join(allowed)}}}")


def _filled(value: Any, limit: int | None, name: str) -> None:
    _text(value, limit, name)
    if not value:
        raise invalid_parameter(f"Param {name} must be a non-empty string")


def _text(value: Any, limit: int | None, name: str) -> None:
    if not isinstance(value, str):
        raise invalid_parameter(f"Param {name} must be a string")
    if limit is not None and len(value) > limit:
        raise invalid_parameter(f"Length of param {name} must be less than or equal to {limit}")


def _list(value: Any, name: str) -> list[Any]:
    return _typed(value, list, name, "an array")


def _object(value: Any, name: str) -> JsonObject:
    return _typed(value, dict, name, "a JSON object")


def _typed(value: Any, kind: type[T], name: str, called: str) -> T:
    if not isinstance(value, kind):
        raise invalid_parameter(f"Param {name} must be {called}")
    return value
