"""Each thread's events in their order, and many threads at once."""

from __future__ import annotations

import asyncio

from channels.core.events import Thread
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store import MemoryStore
from tests.scenario.world import ANNA, PAGE, SECOND, World

USERS = [Thread(page=PAGE, user=str(number)) for number in range(3001, 3021)]


class StoreOfMuch(MemoryStore):
    """A store in which there is no end of what can be pruned."""

    async def prune(self, *_: object, **__: object) -> None:
        await asyncio.get_running_loop().create_future()


async def test_one_user_s_messages_are_answered_in_order_while_others_write(
    world: World,
) -> None:
    texts = [f"message {number}" for number in range(50)]
    deliveries = []
    for number, text in enumerate(texts):
        others = [world.message(f"of {user.user}", user) for user in USERS if number % 5 == 0]
        deliveries.append([world.message(text), *others])
    await asyncio.gather(*[world.engine.intake.accept(events) for events in deliveries])
    await world.engine.idle()

    assert world.heard() == texts
    assert world.said() == [f"re: {text}" for text in texts]
    assert all(len(world.heard(user)) == 10 for user in USERS)


async def test_thousands_of_events_leave_nothing_behind(world: World) -> None:
    for batch in range(20):
        events = [world.message(f"{batch}.{number}", user) for number in range(5) for user in USERS]
        await world.engine.intake.accept(events)
    await world.engine.idle()

    expected = [f"{batch}.{number}" for batch in range(20) for number in range(5)]
    assert all(world.heard(user) == expected for user in USERS)
    successor = world.make_store("successor")
    assert await successor.claim_inbox(world.clock.now() + CLAIM_LEASE, limit=9) == []


async def test_a_slow_turn_of_one_user_does_not_hold_up_another(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = [go_on, "at last"]
    slow, quick = USERS[:2]
    await world.deliver(world.message("slow", slow), world.message("hello", slow))
    await world.deliver(world.message("hello", quick))
    assert (world.said(slow), world.said(quick)) == ([], ["re: hello"])

    go_on.set()
    await world.settle()
    assert world.said(slow) == ["at last", "re: hello"]


async def test_no_more_turns_than_allowed_are_under_way_at_once() -> None:
    world = World(max_turns=3)
    worker = await world.start()
    go_on = asyncio.Event()
    world.script.answers["hello"] = [go_on, "at last"]
    await world.deliver(*[world.message("hello", user) for user in USERS])
    assert worker.assistant.turns_at_once == 3

    go_on.set()
    await world.settle()
    assert worker.assistant.most_turns_at_once == 3
    assert all(world.said(user) == ["at last"] for user in USERS)


async def test_a_handover_in_a_turn_does_not_wait_for_a_place_of_its_own() -> None:
    world = World(max_turns=1)
    await world.start()
    await world.deliver(*[world.message("human", user) for user in USERS])
    await world.wait(SECOND)
    await world.deliver(*[world.message("menu", user) for user in USERS])

    assert all(world.said(user) == ["connecting", "re: keyword"] for user in USERS)


async def test_a_new_worker_takes_what_was_left_before_what_comes_new(world: World) -> None:
    world.script.is_ready = False
    texts = [f"message {number}" for number in range(250)]
    await world.engine.intake.accept([world.message(text) for text in texts])
    await world.kill()
    world.clock.advance(CLAIM_LEASE)

    world.script.is_ready = True
    await world.start()
    await world.deliver(world.message("new"))
    assert world.heard() == [*texts, "new"]


async def test_what_a_dead_worker_left_is_taken_over_by_another(world: World) -> None:
    await world.start()
    world.script.is_ready = False
    await world.deliver(world.message("hello"))
    world.workers.pop(0).wire.die()
    world.script.is_ready = True
    await world.wait(CLAIM_LEASE / 2)
    assert world.heard() == []

    await world.wait(CLAIM_LEASE / 2)
    assert world.heard() == ["hello"]


async def test_a_clean_up_that_takes_long_lets_no_claim_expire() -> None:
    first = StoreOfMuch(worker="first")
    world = World(lambda worker: StoreOfMuch(worker=worker, shared=first))
    await world.start()
    await world.start()
    world.script.is_ready = False
    await world.deliver(world.message("hello"))
    for _ in range(20):
        await world.wait(CLAIM_LEASE / 4)
    world.workers[0].wire.die()
    world.script.is_ready = True
    await world.wait(CLAIM_LEASE / 2)

    assert world.heard() == []


async def test_what_a_worker_works_at_for_long_is_taken_over_by_nobody() -> None:
    world = World(turn_timeout="10m")
    await world.start()
    await world.start()
    go_on = asyncio.Event()
    world.script.answers["slow"] = [go_on, "at last"]
    await world.deliver(world.message("slow"))
    for _ in range(20):
        await world.wait(CLAIM_LEASE / 4)
    go_on.set()
    await world.settle()

    assert world.said() == ["at last"]
    assert world.heard(ANNA) == ["slow"]
