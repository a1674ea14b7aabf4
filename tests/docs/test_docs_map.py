"""CONTRIBUTING's map of the code: what it names is there, and no room is left out."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from tests.support.documents import ROOT, codes, table, text_of

PAGE = "CONTRIBUTING.md"
MAP = "Where things are"
FEWEST_ROOMS = 12
FEWEST_PATHS = 20
_PATH = re.compile(r"`((?:\w+/)+\w+\.(?:py|md|yml|json|txt|in))`")


def mapped() -> set[str]:
    return {code.rstrip("/") for row in table(PAGE, MAP) for code in codes(row[0])}


def rooms() -> set[str]:
    """The packages of the root, with those of `channels` in its place."""
    found = {
        file.parent for kind in ("*", "channels/*") for file in ROOT.glob(f"{kind}/__init__.py")
    }
    return {str(package.relative_to(ROOT)) for package in found} - {"channels"}


def test_the_map_has_each_room_and_what_it_has_is_there() -> None:
    assert rooms() - mapped() == set()
    assert len(rooms()) >= FEWEST_ROOMS
    assert [path for path in mapped() if not (ROOT / path).exists()] == []
    assert len(mapped()) > 15


def test_each_path_in_the_text_is_there() -> None:
    paths = set(_PATH.findall(text_of(PAGE)))
    places = (ROOT, ROOT / "channels", ROOT / "tests" / "clients")
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []
    assert len(paths) > FEWEST_PATHS


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("core.decisions", "_asks_for_the_bot"),
        ("engine.handling", "EventHandler"),
        ("handover.ending", "Endings"),
        ("core.sessions.transitions", "ending"),
        ("handover.ledger", "Ledger"),
        ("store.sessions.sessions", "save"),
        ("dialogue.dialogue", "Dialogue"),
    ],
)
def test_the_way_of_a_postback_is_in_the_code(module: str, name: str) -> None:
    assert hasattr(import_module(f"channels.{module}"), name)
    assert f"`{name}" in text_of(PAGE)
