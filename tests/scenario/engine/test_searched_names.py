"""A search finds users by their names, also those whom nobody has looked at yet."""

from __future__ import annotations

from channels.core.events import Thread
from channels.core.sessions.search import Search
from tests.scenario.world import ANNA, PAGE, SECOND, World

BEN = Thread(page=PAGE, user="2002")


async def found(world: World, wanted: Search, *, limit: int = 9) -> list[Thread]:
    found = await world.engine.operations.find_open(wanted, skip=0, limit=limit)
    await world.wait(SECOND)
    return [one.thread for one in found.sessions]


async def test_a_search_finds_by_name_whom_no_look_has_shown(world: World) -> None:
    world.graph.known_names = {ANNA.user: "Anna", BEN.user: "Ben"}
    await world.hand_over(ANNA)
    await world.hand_over(BEN)
    for _ in range(2):  # those who are shown come first
        assert await found(world, Search(), limit=1) == [ANNA]

    assert await found(world, Search(words="ben")) == [BEN]


async def test_with_profiles_off_meta_is_asked_for_nobodys_name() -> None:
    world = World(profiles=False)
    await world.start()
    await world.hand_over()
    await found(world, Search())
    assert world.calls("names") == 1
    assert world.calls("user_name") == 0
    await world.kill()
