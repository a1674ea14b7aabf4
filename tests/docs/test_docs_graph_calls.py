"""The reference lists each Graph call that the emulator answers, and no other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import aiohttp
import msgspec

from emulator import RoutingMode, default_config, running
from tests.support.documents import ROOT, codes, table

EMULATOR = "docs/reference/emulator.md"
CONFIG = default_config()
PRIMARY = msgspec.structs.replace(CONFIG, routing=RoutingMode.LEGACY)
"""Where the bot is the primary receiver, it has every call, that of the older roles too."""
APP = CONFIG.apps[0]
METHODS = ("GET", "POST", "DELETE")
NUMBERS = itertools.count(1)
MADE_BY = {  # what a call about it needs first: the edge that makes one, and its parameters
    "{persona}": (
        "personas",
        {"name": "Rosa", "profile_picture_url": "https://example.com/rosa.png"},
    ),
    "{label}": ("custom_labels", {"page_label_name": "Label {}"}),
}
OTHER_NAMES = {"me", "app"}  # of a node
MISSING = re.compile(r"nonexisting field|^Unsupported \w+ request")


def words() -> set[str]:
    """All that could be an edge: the words that the code of the Graph API has in quotes."""
    code = "".join(file.read_text() for file in (ROOT / "emulator" / "graph").glob("*.py"))
    return {"", *re.findall(r'"([a-z_/]*[a-z_])"', code)} - OTHER_NAMES


def nodes(made: str) -> dict[str, tuple[str, str]]:
    """What a path can begin with, as the reference calls it: an id and a token for it."""
    page_token = APP.page_access_token
    return {
        "{page}": (CONFIG.page.id, page_token),
        "{persona}": (made, page_token),
        "{label}": (made, page_token),
        "{person}": (CONFIG.users[0].id, page_token),
        "{user}": ("me", APP.user_access_token),
        "{app}": (APP.id, f"{APP.id}|{APP.secret}"),
        "": ("", page_token),
    }


def paths() -> Iterator[tuple[str, str]]:
    """Every node with every edge."""
    for name in nodes(""):
        for word in words():
            if name or word:
                yield name, word


async def test_the_graph_calls_are_all_listed() -> None:
    listed = {code for row in table(EMULATOR, "Graph calls") for code in codes(row[0])}
    async with running(PRIMARY) as url, aiohttp.ClientSession() as http:
        answered = {
            f"{method} {'/'.join(filter(None, path))}"
            for method in METHODS
            for path in paths()
            if await _is_answered(http, f"{url}/v25.0", method, *path)
        }
    assert answered == listed


async def _is_answered(
    http: aiohttp.ClientSession, graph: str, method: str, name: str, edge: str
) -> bool:
    """Whether Graph knows the call, be it to refuse what this one lacks."""
    made = await _made(http, graph, *MADE_BY[name]) if name in MADE_BY else ""
    node, token = nodes(made)[name]
    url = "/".join(filter(None, (graph, node, edge)))
    async with http.request(method, url, params={"access_token": token}) as answer:
        told = await answer.json()
    return not MISSING.search(told.get("error", {}).get("message", ""))


async def _made(http: aiohttp.ClientSession, graph: str, edge: str, fields: dict[str, str]) -> str:
    unique = {name: value.format(next(NUMBERS)) for name, value in fields.items()}
    query = {**unique, "access_token": APP.page_access_token}
    async with http.post(f"{graph}/me/{edge}", params=query) as answer:
        return str((await answer.json())["id"])
