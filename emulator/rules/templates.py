"""What the Send API refuses in a template: pure checks.

Meta facts 1.5; Meta: "Button Template", "Generic Template", "Buttons".
Every check raises GraphError 100.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import JsonObject, invalid_parameter
from .shapes import as_array, as_object, filled, one_of, text_within

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
UNTITLED_BUTTONS = ("account_link", "account_unlink")


def check_template(payload: JsonObject) -> None:
    """The payload of an attachment that is a template."""
    name = "message[attachment][payload][template_type]"
    one_of(payload.get("template_type"), (*_TEMPLATES, *UNCHECKED_TEMPLATES), name)
    check = _TEMPLATES.get(payload["template_type"])
    if check is not None:
        check(payload)


def _check_button_template(payload: JsonObject) -> None:
    filled(payload.get("text"), BUTTON_TEXT_MAX, "text")
    buttons = as_array(payload.get("buttons"), "buttons")
    if not buttons:
        raise invalid_parameter("A button template must have 1 to 3 buttons; it has none")
    _check_buttons(buttons)


def _check_generic_template(payload: JsonObject) -> None:
    elements = as_array(payload.get("elements"), "elements")
    if not 1 <= len(elements) <= ELEMENTS_MAX:
        raise invalid_parameter(f"Param elements must have 1 to {ELEMENTS_MAX} elements")
    for element in elements:
        shape = as_object(element, "element")
        filled(shape.get("title"), ELEMENT_LINE_MAX, "element title")
        text_within(shape.get("subtitle", ""), ELEMENT_LINE_MAX, "element subtitle")
        _check_buttons(as_array(shape.get("buttons", []), "buttons"))


_TEMPLATES: dict[str, Callable[[JsonObject], None]] = {
    "button": _check_button_template,
    "generic": _check_generic_template,
}


def _check_buttons(buttons: list[Any]) -> None:
    if len(buttons) > BUTTONS_MAX:
        raise invalid_parameter(f"Param buttons must have at most {BUTTONS_MAX} buttons")
    for button in buttons:
        _check_button(as_object(button, "button"))


def _check_button(button: JsonObject) -> None:
    kind = button.get("type")
    one_of(kind, tuple(BUTTON_NEEDS), "button type")
    if kind not in UNTITLED_BUTTONS:
        filled(button.get("title"), TITLE_MAX, "button title")
    needed = BUTTON_NEEDS[str(kind)]
    if needed is not None:
        limit = PAYLOAD_MAX if needed == "payload" else None
        filled(button.get(needed), limit, f"button {needed}")
