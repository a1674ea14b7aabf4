"""The limits of a Messenger profile: pure checks (Meta facts 1.6; Meta: "Messenger Profile API",
"Persistent Menu", "Ice Breakers").

Every check raises GraphError 100. The limit of 10 calls in 10 minutes is not enforced: use a fault
for what happens beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import JsonObject, invalid_parameter
from .shapes import as_array, as_object

PROFILE_KEYS = (
    "get_started",
    "greeting",
    "ice_breakers",
    "persistent_menu",
    "commands",
    "whitelisted_domains",
    "account_linking_url",
)
ICE_BREAKERS_MAX = 4
MENU_ITEMS_MAX = 20
MENU_TITLE_MAX = 30
PAYLOAD_MAX = 1_000


def check_profile(profile: JsonObject) -> None:
    """The whole profile, as it would be once a call has changed it."""
    if "get_started" in profile:
        _payload(as_object(profile["get_started"], "get_started"), "get_started")
    if "greeting" in profile:
        _localised(profile["greeting"], "greeting")
    if "ice_breakers" in profile:
        _check_ice_breakers(profile["ice_breakers"])
    if "persistent_menu" in profile:
        check_menu(profile)


def check_menu(profile: JsonObject) -> None:
    """A persistent menu, which needs `get_started` in the rest of the profile."""
    if "get_started" not in profile:
        raise invalid_parameter("You must set a Get Started button to use a persistent menu")
    for menu in _localised(profile["persistent_menu"], "persistent_menu"):
        items = list(_items(menu.get("call_to_actions", [])))
        if len(items) > MENU_ITEMS_MAX:
            raise invalid_parameter(f"A persistent menu must have at most {MENU_ITEMS_MAX} items")
        for item in items:
            _title(item)
            if item.get("type") == "postback":
                _payload(item, "call_to_actions")


def _check_ice_breakers(value: Any) -> None:
    """A list of questions, or a list for each locale."""
    breakers = as_array(value, "ice_breakers")
    for one in breakers:
        nested = as_object(one, "ice_breakers").get("call_to_actions")
        if nested is not None:
            _check_ice_breakers(nested)
        else:
            _payload(one, "ice_breakers")
    if len(breakers) > ICE_BREAKERS_MAX and "call_to_actions" not in breakers[0]:
        raise invalid_parameter(f"Param ice_breakers must have at most {ICE_BREAKERS_MAX} items")


def _localised(value: Any, name: str) -> list[JsonObject]:
    entries = [as_object(one, name) for one in as_array(value, name)]
    if not any(one.get("locale") == "default" for one in entries):
        raise invalid_parameter(f"Param {name} must have an entry of the locale default")
    return entries


def _items(value: Any) -> Iterator[JsonObject]:
    for item in as_array(value, "call_to_actions"):
        shape = as_object(item, "call_to_actions")
        yield shape
        yield from _items(shape.get("call_to_actions", []))


def _title(item: JsonObject) -> None:
    title = item.get("title")
    if not isinstance(title, str) or not 1 <= len(title) <= MENU_TITLE_MAX:
        raise invalid_parameter(f"The title of an item must have 1 to {MENU_TITLE_MAX} characters")


def _payload(holder: JsonObject, name: str) -> None:
    payload = holder.get("payload")
    if not isinstance(payload, str) or not 1 <= len(payload) <= PAYLOAD_MAX:
        raise invalid_parameter(f"The payload of {name} must have 1 to {PAYLOAD_MAX} characters")
