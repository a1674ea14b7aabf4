"""The places for turns: bounded, fair among pages, and never all taken by one."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from channels.dialogue.fair_limit import FairLimit


class Turns:
    """Turns that hold their places until they are let go."""

    def __init__(self, places: FairLimit) -> None:
        self._fair_limit = places
        self._tasks: list[asyncio.Task[None]] = []
        self.begun: list[str] = []
        self.over = asyncio.Event()

    async def begin(self, *pages: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._take(page)) for page in pages]
        self._tasks += tasks
        await settle()
        return tasks

    async def end(self) -> None:
        self.over.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, page: str) -> None:
        async with self._fair_limit.place(page):
            self.begun.append(page)
            await self.over.wait()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def turns_of(most: int, *, several_pages: bool = True) -> Turns:
    return Turns(FairLimit(most, several_pages=several_pages))


async def test_a_single_page_may_have_all_places_and_no_more() -> None:
    turns = turns_of(10, several_pages=False)
    await turns.begin(*["a"] * 12)
    assert len(turns.begun) == 10
    await turns.end()
    assert len(turns.begun) == 12


async def test_of_several_pages_none_takes_all_places() -> None:
    turns = turns_of(10)
    await turns.begin(*["a"] * 12)
    assert turns.begun == ["a"] * 8
    await turns.begin("b")
    assert turns.begun == [*["a"] * 8, "b"]
    await turns.end()
    assert len(turns.begun) == 13


async def test_two_pages_that_are_slow_leave_room_for_a_third() -> None:
    turns = turns_of(50)
    await turns.begin(*["a"] * 60, *["b"] * 60, "c")
    assert turns.begun[-1] == "c"
    await turns.end()


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_few_places_are_all_used(most: int) -> None:
    turns = turns_of(most)
    await turns.begin(*["a"] * 5)
    assert len(turns.begun) == most
    await turns.end()
    assert len(turns.begun) == 5


async def test_pages_that_wait_come_in_by_turns() -> None:
    places = FairLimit(1, several_pages=True)
    order: list[str] = []

    async def take(page: str) -> None:
        async with places.place(page):
            order.append(page)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(places.place("a"))
        tasks = [asyncio.create_task(take(page)) for page in "aaabb"]
        await settle()
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "a", "b", "a"]


async def test_who_gives_up_waiting_takes_no_place() -> None:
    turns = turns_of(1)
    [_, second, _] = [*await turns.begin("a"), *await turns.begin("b"), *await turns.begin("c")]
    second.cancel()
    await turns.end()
    assert turns.begun == ["a", "c"]


async def test_who_gives_up_just_when_its_turn_comes_hands_the_place_on() -> None:
    places = FairLimit(1, several_pages=False)
    turns = Turns(places)
    async with places.place("a"):
        [second] = await turns.begin("b")
        await turns.begin("c")
    second.cancel()  # it has been given the place, and does not know yet
    await settle()
    assert turns.begun == ["c"]
    await turns.end()


async def test_a_turn_that_fails_gives_its_place_back() -> None:
    places = FairLimit(1, several_pages=False)
    with pytest.raises(ValueError, match="oops"):
        async with places.place("a"):
            raise ValueError("oops")
    async with places.place("a"):
        pass
