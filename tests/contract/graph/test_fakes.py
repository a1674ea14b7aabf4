"""MemoryGraph answers as the emulator does, for each call in each state of a thread."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from channels.core.errors import GraphError
from channels.core.events import Platform, Thread
from channels.core.meta.ownership import Owner, Routing
from channels.graph.protocol import Graph, SenderAction
from emulator import default_config
from emulator.rules.ownership import Role
from tests.contract.emulated_page import EmulatedPage, emulated_page
from tests.fakes.graph import MemoryGraph

BOT, DESK = (app.id for app in default_config().apps)
TESTS = Path(__file__).parents[2]
UNKNOWN_APP = "424242424242"
STRANGER = "7999999999999999"

Mode = Literal["on", "off", "primary", "secondary"]
Who = Literal["us", "another", "nobody", "stranger"]
MODES: tuple[Mode, ...] = ("on", "off", "primary", "secondary")
OWNERS: tuple[Who, ...] = ("us", "another", "nobody", "stranger")

QUICK_REPLY = {"content_type": "text", "title": "Yes", "payload": "yes"}

Call = Callable[[Graph, Thread], Awaitable[Any]]


def sends(**message: Any) -> Call:
    return lambda graph, thread: graph.send(thread, message)


def passes(app_id: str, metadata: str = "{}") -> Call:
    return lambda graph, thread: graph.pass_control(thread, app_id=app_id, metadata=metadata)


def takes(metadata: str = "") -> Call:
    return lambda graph, thread: graph.take_control(thread, metadata=metadata)


CALLS: Mapping[str, Call] = {
    "sends a text": sends(text="Hello"),
    "sends nothing": sends(),
    "sends too long a text": sends(text="x" * 2001),
    "sends a text that is too long for Instagram": sends(text="x" * 1001),
    "sends too many quick replies": sends(
        text="Choose",
        quick_replies=[
            {"content_type": "text", "title": str(n), "payload": "p"} for n in range(14)
        ],
    ),
    "asks for a phone number": sends(
        text="Your number?", quick_replies=[{"content_type": "user_phone_number"}]
    ),
    "sends as a persona that there is none of": sends(text="Hi", persona_id="77"),
    "sends an attachment with quick replies": sends(
        attachment={"type": "image", "payload": {"url": "https://example.com/cat.png"}},
        quick_replies=[QUICK_REPLY],
    ),
    "shows that it has seen": lambda graph, thread: graph.sender_action(
        thread, SenderAction.MARK_SEEN
    ),
    "takes typing off": lambda graph, thread: graph.sender_action(thread, SenderAction.TYPING_OFF),
    "asks for the routing": lambda graph, thread: graph.routing(thread.page),
    "shows that it types": lambda graph, thread: graph.sender_action(
        thread, SenderAction.TYPING_ON
    ),
    "passes": passes(DESK),
    "passes to itself": passes(BOT),
    "passes to an unknown app": passes(UNKNOWN_APP),
    "passes with too much metadata": passes(DESK, "x" * 1001),
    "takes": takes(),
    "takes with too much metadata": takes("x" * 1001),
    "asks for control": lambda graph, thread: graph.request_control(thread, metadata=""),
    "asks who owns it": lambda graph, thread: graph.owner(thread),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a call came to: its error's class and numbers, or what it told; and who owns now."""

    error: str | None = None
    code: int | None = None
    subcode: int | None = None
    told: Owner | Routing | None = None
    owner: str | None = None


async def outcome_of(
    call: Call, graph: Graph, thread: Thread, owner: Callable[[], Awaitable[str | None]]
) -> Outcome:
    try:
        told = await call(graph, thread)
    except GraphError as error:
        return Outcome(
            error=type(error).__name__,
            code=error.code,
            subcode=error.subcode,
            owner=await owner(),
        )
    is_answer = isinstance(told, (Owner, Routing))  # the ids of messages are each platform's own
    return Outcome(told=told if is_answer else None, owner=await owner())


async def in_memory(
    call: Call, thread: Thread, mode: Mode, who: Who, *, is_closed: bool
) -> Outcome:
    graph = MemoryGraph(app_id=BOT, page_id=thread.page)
    graph.routing_now = Routing.ON if mode == "on" else Routing.OFF
    graph.role = {"primary": Role.PRIMARY, "secondary": Role.SECONDARY}.get(mode)
    graph.unknown_apps = {UNKNOWN_APP}
    if who == "stranger":
        graph.strangers = {thread}
    owners: dict[Who, str] = {"us": BOT, "another": DESK}
    graph.threads[thread] = owners.get(who)
    if is_closed:
        graph.closed_windows = {thread}

    async def owner() -> str | None:
        return graph.threads[thread]

    return await outcome_of(call, graph, thread, owner)


async def at_meta(
    page: EmulatedPage, call: Call, thread: Thread, mode: Mode, who: Who, *, is_closed: bool
) -> Outcome:
    await page.start_over()
    if who != "stranger":
        await page.user_writes(user=thread.user)
        if is_closed:
            await page.close_window()
        await page.set_owner({"us": BOT, "another": DESK}.get(who), user=thread.user)
    await page.set_mode(mode)
    graph = page.graph()

    async def owner() -> str | None:
        return None if who == "stranger" else await page.owner_id(user=thread.user)

    try:
        return await outcome_of(call, graph, thread, owner)
    finally:
        await graph.close()


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("mode", MODES)
async def test_every_call_comes_to_the_same_in_memory_and_at_meta(
    mode: Mode, platform: Platform
) -> None:
    deviations, compared = [], 0
    async with emulated_page() as page:
        users = {Platform.MESSENGER: 0, Platform.INSTAGRAM: 2}
        known = default_config().users[users[platform]].id
        for (name, call), who, is_closed in itertools.product(CALLS.items(), OWNERS, (False, True)):
            user = ("178" if platform is Platform.INSTAGRAM else "") + STRANGER
            thread = Thread(
                page=page.thread.page,
                user=user if who == "stranger" else known,
                platform=platform,
            )
            fake = await in_memory(call, thread, mode, who, is_closed=is_closed)
            real = await at_meta(page, call, thread, mode, who, is_closed=is_closed)
            compared += 1
            if fake != real:
                deviations.append(f"{name}, {who}, closed {is_closed}: {fake} is {real} at Meta")
    assert "\n".join(deviations) == ""
    assert compared == len(CALLS) * len(OWNERS) * 2


def test_no_other_fake_stands_for_graph() -> None:
    """A class that answers `pass_control` is MemoryGraph, or made of it: held to the above."""
    found, read = {}, 0
    for path in sorted(TESTS.rglob("*.py")):
        read += 1
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                verbs = {part.name for part in node.body if isinstance(part, ast.AsyncFunctionDef)}
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                if verbs >= {"pass_control", "take_control"} and "Protocol" not in bases:
                    found[node.name] = bases
    others = {name for name, bases in found.items() if "MemoryGraph" not in bases}
    assert others == {"MemoryGraph"}
    assert read > 300
