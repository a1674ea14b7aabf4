"""More comes in than Rasa can answer: what waits, waits in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from channels.core.errors import StoreUnavailable
from channels.core.events import Event, Thread
from channels.core.records.inbox import InboxEntry
from channels.engine import engine, inbox
from channels.engine.health import Part
from tests.fakes.store import MemoryStore
from tests.scenario.world import ANNA, PAGE, SECOND, TIMEOUT, World

USERS = [Thread(page=PAGE, user=str(number)) for number in range(3001, 3031)]
ROOM = 5


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST_OF_A_PAGE", ROOM)
    monkeypatch.setattr(inbox, "MOST_OF_A_THREAD", 2)


@pytest.mark.usefixtures("little_room")
async def test_a_worker_takes_no_more_in_hand_than_it_has_room_for(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = [go_on, "at last"]
    for user in USERS:
        await world.deliver(world.message("slow", user))

    assert world.workers[0].assistant.turns_at_once == ROOM
    assert (await world.store.backlog()).waiting == len(USERS)

    go_on.set()
    await world.wait(SECOND)
    assert all(world.said(user) == ["at last"] for user in USERS)
    assert (await world.store.backlog()).waiting == 0


@pytest.mark.usefixtures("little_room")
async def test_who_writes_without_end_leaves_room_for_others(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = [go_on]
    await world.deliver(*[world.message("slow") for _ in range(50)])
    await world.deliver(*[world.message("hello", user) for user in USERS[:3]])

    assert [world.said(user) for user in USERS[:3]] == [["re: hello"]] * 3

    go_on.set()
    await world.settle()
    assert world.heard() == ["slow"] * 50


@pytest.mark.usefixtures("little_room")
async def test_some_who_write_without_end_leave_room_for_others(world: World) -> None:
    world.script.answers["slow"] = [asyncio.Event()]
    for user in USERS[: ROOM - 1] * 3:
        await world.deliver(world.message("slow", user))
    await world.deliver(world.message("hello"))

    assert world.said() == ["re: hello"]


@pytest.mark.usefixtures("little_room")
async def test_a_crowd_that_waits_for_turns_keeps_no_handover_from_its_end(world: World) -> None:
    await world.hand_over()
    world.script.answers["slow"] = [asyncio.Event()]
    for user in USERS:
        await world.deliver(world.message("slow", user))
    await world.user_says("menu")

    assert world.ends() == ["keyword"]
    assert world.said() == ["re: keyword"]


@pytest.mark.usefixtures("little_room")
async def test_what_waited_in_the_store_is_answered_in_its_order(world: World) -> None:
    texts = [f"message {number}" for number in range(40)]
    for text in texts:
        await world.engine.intake.accept([world.message(text)])
    await world.settle()

    assert world.heard() == texts


async def test_what_a_stopping_worker_leaves_another_takes_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    world.script.once["slow"] = [[asyncio.Event()]]
    await world.deliver(world.message("slow"))
    await world.start()
    await world.engine.stop()
    await world.wait(engine.POLL_INTERVAL)

    assert world.heard() == ["slow"]


async def test_a_session_that_a_stopping_worker_was_ending_another_ends_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    await world.hand_over()
    world.script.once["timeout"] = [[asyncio.Event()]]
    await world.wait(TIMEOUT)
    await world.start()
    await world.engine.stop()
    await world.wait(engine.POLL_INTERVAL)

    assert world.ends() == ["timeout"]


class SlowStore(MemoryStore):
    """A store that records once it is let."""

    def __init__(self) -> None:
        super().__init__(worker="slow")
        self.may_record = asyncio.Event()

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        await self.may_record.wait()
        return await super().record(events, now, claim=claim)


async def test_a_delivery_that_meta_gave_up_on_is_handled_all_the_same() -> None:
    store = SlowStore()
    world = World(lambda _: store)
    await world.start()
    accepting = asyncio.create_task(world.engine.intake.accept([world.message("hello")]))
    await asyncio.sleep(0)
    accepting.cancel()
    store.may_record.set()
    await world.settle()

    assert world.said(ANNA) == ["re: hello"]


async def test_a_delivery_that_is_not_recorded_in_time_is_refused_and_handled_later() -> None:
    store = SlowStore()
    world = World(lambda _: store)
    await world.start()
    with pytest.raises(StoreUnavailable):
        await world.engine.intake.accept(
            [world.message("hello")], within=timedelta(milliseconds=20)
        )
    [problem] = world.engine.problems()
    assert problem.part is Part.STORE
    store.may_record.set()
    await world.settle()

    assert world.said(ANNA) == ["re: hello"]
