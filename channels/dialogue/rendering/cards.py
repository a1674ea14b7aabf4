"""The elements of a Rasa response as cards: Messenger's generic template. Pure.

Sources: Meta facts 1.5; Messenger Platform, Generic template.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from .choices import LINK_KEYS, Choice, fit_button, in_groups
from .fitting import (
    Fit,
    Fitter,
    Message,
    as_object,
    as_text,
    fit_address,
    required_text,
    web_address,
)

Card = dict[str, Any]  # one element of a generic template


def card_messages(elements: Any, fitter: Fitter) -> list[Message]:
    """The messages for a response's elements, in order; up to ten in a row share a message."""
    fitted = fitter.every(elements, "elements", _fit_element)
    messages: list[Message] = []
    for are_cards, run in groupby(fitted, key=lambda item: "title" in item):
        if are_cards:
            messages += map(_generic_template, in_groups(list(run), fitter.limits.elements))
        else:
            messages += run
    return messages


def _fit_element(value: Any, field: str, fitter: Fitter) -> list[Card] | list[Message]:
    """The card for one element, or text messages if it is too bare for a card.

    If an element has more buttons than a card takes, it is repeated with the rest of them.
    """
    keys = ("title", "buttons", *_DETAILS)
    element = fitter.known(as_object(value), keys, field, "element")
    title = required_text(element.get("title"), "title")
    buttons = fitter.every(element.get("buttons"), f"{field}.buttons", fit_button)
    details = {
        key: fitted
        for key, fit in _DETAILS.items()
        for fitted in fitter.one(element.get(key), f"{field}.{key}", fit)
    }
    if not buttons and details.keys() <= {"item_url"}:
        fitter.note(field, "has only a title, and Messenger refuses such a card: sent as text.")
        return [{"text": piece} for piece in fitter.split(title)]
    title = fitter.shortened(title, f"{field}.title", fitter.limits.element_text)
    card = {"title": title, **details}
    groups = in_groups(buttons, fitter.limits.buttons)
    if len(groups) > 1:
        fitter.note(f"{field}.buttons", f"has {len(buttons)} items: sent on {len(groups)} cards.")
    return [{**card, "buttons": group} for group in groups] or [card]


def _fit_subtitle(value: Any, field: str, fitter: Fitter) -> list[str]:
    subtitle = as_text(value, "subtitle")
    return [fitter.shortened(subtitle, field, fitter.limits.element_text)] if subtitle else []


def _fit_action(value: Any, field: str, fitter: Fitter) -> list[Choice]:
    action = fitter.known(as_object(value), LINK_KEYS, field, "default_action")
    return [{**action, "type": "web_url", "url": web_address(action.get("url"), "url")}]


_DETAILS: dict[str, Fit[Any]] = {
    "subtitle": _fit_subtitle,
    "image_url": fit_address,
    "item_url": fit_address,  # what default_action was called at first
    "default_action": _fit_action,
}


def _generic_template(cards: list[Card]) -> Message:
    payload = {"template_type": "generic", "elements": cards}
    return {"attachment": {"type": "template", "payload": payload}}
