from __future__ import annotations

from typing import Any

import pytest

from emulator.rules.errors import GraphError
from emulator.rules.profile_limits import check_profile

START = {"get_started": {"payload": "/start"}}


def menu(*items: dict[str, Any], locale: str = "default") -> dict[str, Any]:
    return {**START, "persistent_menu": [{"locale": locale, "call_to_actions": list(items)}]}


def item(title: str = "Help", payload: str = "/help") -> dict[str, Any]:
    return {"type": "postback", "title": title, "payload": payload}


def breakers(count: int) -> list[dict[str, Any]]:
    return [{"question": f"Question {i}", "payload": "/ask"} for i in range(count)]


@pytest.mark.parametrize(
    "profile",
    [
        {},
        START,
        {"get_started": {"payload": "p" * 1000}},
        {"greeting": [{"locale": "default", "text": "Hi"}, {"locale": "de_DE", "text": "Hallo"}]},
        {"ice_breakers": breakers(4)},
        {"ice_breakers": [{"locale": "default", "call_to_actions": breakers(4)}]},
        menu(*[item()] * 20),
        menu(item("t" * 30, "p" * 1000)),
        menu({"type": "nested", "title": "More", "call_to_actions": [item()]}),
        {"account_linking_url": "https://example.com/link"},
    ],
)
def test_a_profile_within_the_limits_is_taken(profile: dict[str, Any]) -> None:
    check_profile(profile)


@pytest.mark.parametrize(
    "profile",
    [
        {"get_started": {}},
        {"get_started": "payload"},
        {"get_started": {"payload": "p" * 1001}},
        {"greeting": [{"locale": "de_DE", "text": "Hallo"}]},
        {"greeting": "Hi"},
        {"ice_breakers": breakers(5)},
        {"ice_breakers": [{"locale": "default", "call_to_actions": breakers(5)}]},
        {"ice_breakers": [{"question": "No payload?"}]},
        {"persistent_menu": [{"locale": "default", "call_to_actions": [item()]}]},
        menu(item(), locale="de_DE"),
        menu(*[item()] * 21),
        menu({"type": "nested", "title": "More", "call_to_actions": [item()] * 20}),
        menu(item(title="t" * 31)),
        menu(item(title="")),
        menu(item(payload="p" * 1001)),
        menu({"type": "nested", "title": "More", "call_to_actions": [item(title="")]}),
    ],
)
def test_a_profile_beyond_the_limits_is_refused(profile: dict[str, Any]) -> None:
    with pytest.raises(GraphError) as refused:
        check_profile(profile)
    assert refused.value.code == 100
