"""The elements of a Rasa response as cards: Messenger's generic template. Pure.

Sources: Meta facts 1.5; Messenger Platform, Generic template.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from .choices import fit_button, in_groups
from .fitting import Fitter, Message, as_object, as_text, json_name, required_text

Card = dict[str, Any]  # one element of a generic template

_ENOUGH_BESIDE_TITLE = {"subtitle", "image_url", "default_action", "buttons"}
_FITTED = ("title", "subtitle", "buttons")
_KINDS_OF_EXTRAS: dict[str, type] = {"image_url": str, "default_action": dict}


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
    element = as_object(value)
    title = required_text(element.get("title"), "title")
    buttons = fitter.every(element.get("buttons"), f"{field}.buttons", fit_button)
    details = _details(element, field, fitter)
    if not buttons and not _ENOUGH_BESIDE_TITLE & details.keys():
        fitter.note(field, "has only a title, and Messenger refuses such a card: sent as text.")
        return [{"text": piece} for piece in fitter.split(title)]
    title = fitter.shortened(title, f"{field}.title", fitter.limits.element_text)
    card = {"title": title, **details}
    groups = in_groups(buttons, fitter.limits.buttons)
    if len(groups) > 1:
        fitter.note(f"{field}.buttons", f"has {len(buttons)} items: sent on {len(groups)} cards.")
    return [{**card, "buttons": group} for group in groups] or [card]


def _details(element: dict[str, Any], field: str, fitter: Fitter) -> Card:
    """What the card shows besides title and buttons; keys that we don't know are kept."""
    details = {
        key: value
        for key, value in element.items()
        if key not in _FITTED and value is not None and value != ""
    }
    for key, kind in _KINDS_OF_EXTRAS.items():
        if key in details and not isinstance(details[key], kind):
            found = json_name(details.pop(key))
            fitter.note(f"{field}.{key}", f"was left out: it can't be {found}.")
    for subtitle in fitter.one(element.get("subtitle"), f"{field}.subtitle", _fit_subtitle):
        details["subtitle"] = subtitle
    return details


def _fit_subtitle(value: Any, field: str, fitter: Fitter) -> list[str]:
    subtitle = as_text(value, "subtitle")
    return [fitter.shortened(subtitle, field, fitter.limits.element_text)] if subtitle else []


def _generic_template(cards: list[Card]) -> Message:
    payload = {"template_type": "generic", "elements": cards}
    return {"attachment": {"type": "template", "payload": payload}}
