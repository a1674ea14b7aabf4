"""What the Send API refuses in a template: pure checks.

Meta facts 1.5; Meta: "Button Template", "Generic Template", "Buttons".
Every check raises GraphError, nearly always 100.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .errors import JsonObject, invalid_parameter
from .shapes import (
    as_array,
    as_object,
    filled,
    known_keys,
    one_of,
    some,
    text_within,
    web_address,
)

TITLE_MAX = 20
PAYLOAD_MAX = 1_000
BUTTONS_MAX = 3
BUTTON_TEXT_MAX = 640
ELEMENTS_MAX = 10
ELEMENT_LINE_MAX = 80
UNCHECKED_TEMPLATES = ("media", "receipt", "product", "coupon", "customer_feedback")
BUTTON_NEEDS = {
    "web_url": "url",
    "postback": "payload",
    "phone_number": "payload",
    "account_link": "url",
    "account_unlink": None,
    "game_play": None,
}
BUTTON_TYPES = tuple(BUTTON_NEEDS)
INSTAGRAM_BUTTON_TYPES = ("web_url", "postback")
UNTITLED_BUTTONS = ("account_link", "account_unlink")
_ACTION_KEYS = {
    *("type", "url", "fallback_url", "messenger_extensions"),
    *("webview_height_ratio", "webview_share_button"),
}
_BUTTON_KEYS = {*_ACTION_KEYS, "title", "payload", "game_metadata"}
_SHOWN_BESIDE_TITLE = ("subtitle", "image_url", "default_action", "buttons")
# item_url is what default_action was called at first.
_ELEMENT_KEYS = {"title", *_SHOWN_BESIDE_TITLE, "item_url"}
_PHONE_NUMBER = re.compile(r"\+[0-9][0-9 ().-]+")


def check_template(payload: JsonObject, button_types: tuple[str, ...]) -> None:
    """The payload of an attachment that is a template."""
    name = "message[attachment][payload][template_type]"
    one_of(payload.get("template_type"), (*_TEMPLATES, *UNCHECKED_TEMPLATES), name)
    check = _TEMPLATES.get(payload["template_type"])
    if check is not None:
        check(payload, button_types)


def _check_button_template(payload: JsonObject, button_types: tuple[str, ...]) -> None:
    filled(payload.get("text"), BUTTON_TEXT_MAX, "text")
    buttons = as_array(payload.get("buttons"), "buttons")
    if not buttons:
        raise invalid_parameter("param name_placeholder[buttons] must be non-empty.")
    _check_buttons(buttons, button_types)


def _check_generic_template(payload: JsonObject, button_types: tuple[str, ...]) -> None:
    elements = as_array(payload.get("elements"), "elements")
    some(elements, ELEMENTS_MAX, "name_placeholder[elements]")
    for element in elements:
        _check_element(as_object(element, "element"), button_types)


def _check_element(element: JsonObject, button_types: tuple[str, ...]) -> None:
    known_keys(element, _ELEMENT_KEYS, "name_placeholder[elements]")
    filled(element.get("title"), ELEMENT_LINE_MAX, "element title")
    if not any(element.get(key) not in (None, "") for key in _SHOWN_BESIDE_TITLE):
        raise invalid_parameter(
            "Incomplete element data: title and at least one other field (image url, subtitle or "
            "buttons) is required with non-empty value",
            subcode=2018035,
        )
    if element.get("subtitle") is not None:
        text_within(element["subtitle"], ELEMENT_LINE_MAX, "element subtitle")
    if element.get("image_url") is not None:
        web_address(element["image_url"], "element image_url")
    if element.get("default_action") is not None:
        action = as_object(element["default_action"], "element default_action")
        known_keys(action, _ACTION_KEYS, "default_action")
        one_of(action.get("type"), ("web_url",), "default_action type")
        web_address(action.get("url"), "default_action url")
    if element.get("buttons") is not None:
        _check_buttons(as_array(element["buttons"], "buttons"), button_types)


_TEMPLATES: dict[str, Callable[[JsonObject, tuple[str, ...]], None]] = {
    "button": _check_button_template,
    "generic": _check_generic_template,
}


def _check_buttons(buttons: list[Any], types: tuple[str, ...]) -> None:
    some(buttons, BUTTONS_MAX, "name_placeholder[buttons]")
    for button in buttons:
        _check_button(as_object(button, "button"), types)


def _check_button(button: JsonObject, types: tuple[str, ...]) -> None:
    known_keys(button, _BUTTON_KEYS, "name_placeholder[buttons]")
    kind = button.get("type")
    one_of(kind, types, "button type")
    if kind not in UNTITLED_BUTTONS:
        filled(button.get("title"), TITLE_MAX, "button title")
    needed = BUTTON_NEEDS[str(kind)]
    if needed == "url":
        web_address(button.get("url"), "button url")
    elif needed == "payload":
        filled(button.get("payload"), PAYLOAD_MAX, "button payload")
    if kind == "phone_number" and not _PHONE_NUMBER.fullmatch(button["payload"]):
        raise invalid_parameter("Param button payload must be a phone number that begins with +")
