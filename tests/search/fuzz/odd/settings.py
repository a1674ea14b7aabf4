"""The channel's section of credentials.yml as nobody should write it."""

from __future__ import annotations

import copy
from datetime import date, datetime
from random import Random
from typing import Any

MOST_CHANGES = 2  # of one section

PAGE_TOKEN, APP_SECRET, VERIFY_TOKEN = (
    "EAAB-the-page-token",
    "5ec-the-app-secret",
    "the-verify-token",
)
ADMIN_TOKEN, DATABASE_PASSWORD = "the-bots-admin-token", "the-database-password"
SECRETS = (PAGE_TOKEN, APP_SECRET, VERIFY_TOKEN, ADMIN_TOKEN, DATABASE_PASSWORD)

_PLANS = {
    "default": {
        "target-app": "page-inbox",
        "timeout": "30m",
        "idle-timeout": "10m",
        "unanswered-timeout": 90,
        "owner-probe": "2m",
        "keywords": {"en": ["menu", "back to bot"], "ar": ["القائمة"]},
        "keyword-match": "contains",
        "return-payloads": ["/back"],
        "return-intents": ["show_menu"],
        "return-intent-threshold": 0.7,
        "metadata": {"queue": ["sales", 1, None, {"vip": True}]},
    },
    "sales": {"target-app": "123456789", "keywords": ["menu"]},
}
_COMMON = {
    "verify": VERIFY_TOKEN,
    "secret": APP_SECRET,
    "app-id": "900",
    "graph-url": "https://graph.facebook.com/v25.0",
    "store": f"postgresql://bot:{DATABASE_PASSWORD}@host/handover",
    "admin-token": ADMIN_TOKEN,
    "routing": "auto",
    "typed-intents": False,
    "max-turns": 50,
    "turn-timeout": "60s",
    "retention": "30d",
    "transcript": True,
    "transcript-retention": "7d",
    "requests": ["123", "456"],
    "plans": _PLANS,
}
_PAGE = {"page-access-token": PAGE_TOKEN, "instagram": "17841400000000000", "plans": _PLANS}
_SECTIONS = (
    {**_COMMON, "page-access-token": PAGE_TOKEN},
    {**_COMMON, "pages": {"111": _PAGE, 222: {**_PAGE, "instagram": None}}},
)


def _endless(kind: type[Any]) -> Any:
    """What YAML's anchors can write: something that holds itself."""
    value = kind()
    value.append(value) if kind is list else value.update(self=value)
    return value


def _nested(levels: int) -> Any:
    value: Any = "innermost"
    for level in range(levels):
        value = [value] if level % 2 else {"in": value}
    return value


SOUND_VALUES = ("45s", 90, "2h", "whole", "page-inbox", "123", ["menu"], True, 0.5, "on", "all")
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 10**30, 16**5000, -(16**5000)),
    *(float("inf"), float("-inf"), float("nan")),
    *("", " ", "\0", "\ud800", "\U0010ffff", "x" * 100_000, "٣٠m", "9" * 5000, "1e400", "${NAME}"),
    *("http://[", "https://graph.facebook.com:99999/v1.0", "postgresql://", "sqlite:///\0"),
    *([], {}, (), {1: 2}, {None: None}, {(): ()}, {"\ud800": "\ud800"}, [None], [[]], {"a", "b"}),
    *(b"bytes", date(2026, 1, 1), datetime(2026, 1, 1), _nested(30), _nested(5000)),  # noqa: DTZ001
    *(_endless(list), _endless(dict)),
)


class OddSettings:
    """Makes sections; the same seed makes the same ones."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def section(self) -> Any:
        """A section that is mostly as it should be, with something odd in it."""
        section = copy.deepcopy(self._random.choice(_SECTIONS))
        for _ in range(self._random.randint(1, MOST_CHANGES)):
            self._change(section)
        return self._odd() if self._random.random() < 0.01 else section

    def _change(self, section: dict[Any, Any]) -> None:
        place: Any = section
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = self._random.choice(keys) if keys else None
            inner = place[key] if keys else None
            if not (isinstance(inner, (dict, list)) and inner and self._random.random() < 0.6):
                break
            place = inner
        if keys:
            self._change_at(place, key)

    def _change_at(self, place: Any, key: Any) -> None:
        chance = self._random.random()
        if chance < 0.5:
            place[key] = self._random.choice(SOUND_VALUES)
        elif chance < 0.75:
            place[key] = self._odd()
        elif chance < 0.85:
            place[key] = self._random.choice(([place[key]], {"x": place[key]}, {key: place[key]}))
        elif isinstance(place, dict):
            place[self._random.choice(("x", "", "secret", "pages", 7, None))] = place.pop(key)
        else:
            del place[key]

    def _odd(self) -> Any:
        # Not copied: no parser may change what it is given.
        return self._random.choice(ODD_VALUES)
