"""Whoever watches the open handovers by need looks every few seconds: many share one look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from channels.core.sessions.search import Found, Search
from channels.core.sessions.session import State
from channels.engine.operations.operations import LOOK_SHARED_FOR
from tests.scenario.world import World

BY_NEED = Search(by_need=True)


async def look(world: World, search: Search = BY_NEED) -> list[State]:
    found = await world.engine.operations.find_open(search, skip=0, limit=50)
    return [one.state for one in found.sessions]


def looks(world: World) -> int:
    """How often the store was asked."""
    return world.workers[0].wire.calls.count("find_open")


async def test_looks_of_one_moment_ask_the_store_once(world: World) -> None:
    await world.hand_over()
    assert await look(world) == await look(world) == [State.ACTIVE]
    assert looks(world) == 1
    await world.wait(LOOK_SHARED_FOR)
    await look(world)
    assert looks(world) == 2


@pytest.mark.parametrize("other", [Search(by_need=True, is_unanswered=True), Search()])
async def test_who_asks_for_something_else_shares_no_look(world: World, other: Search) -> None:
    await world.hand_over()
    await look(world)
    await look(world, other)
    assert looks(world) == 2


async def test_what_is_given_back_is_shown_so_at_once(world: World) -> None:
    await world.hand_over()
    await look(world)
    assert await world.operator_asks()
    assert await look(world) == []


async def test_a_look_that_began_before_shows_nobody_what_was_given_back_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.hand_over()
    find = world.store.find_open
    monkeypatch.setattr(world.store, "find_open", late := Late(find))
    before = asyncio.create_task(look(world))
    await late.has_found.wait()
    assert await world.operator_asks()
    late.goes_on.set()
    assert await before == [State.ACTIVE]

    assert await look(world) == []


class Late:
    """A store's answer that is on its way for as long as it is not to go on."""

    def __init__(self, find: Callable[..., Awaitable[Found]]) -> None:
        self._find = find
        self.has_found, self.goes_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, wanted: Search, *, skip: int, limit: int) -> Found:
        found = await self._find(wanted, skip=skip, limit=limit)
        self.has_found.set()
        await self.goes_on.wait()
        return found
