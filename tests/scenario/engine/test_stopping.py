"""A worker that is stopped properly leaves nothing half done, and the next one goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.core.errors import GraphTimeout, GraphUnavailable
from channels.core.events import Thread
from channels.engine import engine
from channels.engine.delivery import ECHO_GRACE
from channels.store.protocol import CLAIM_LEASE
from channels.store.sql import SqlStore
from tests.fakes.store import MemoryStore
from tests.scenario.world import ANNA, INBOX, PAGE, SECOND, World

DESK = "777000777000777"
OTHER = Thread(page=PAGE, user="2002")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    url = f"sqlite:///{tmp_path / 'handover.db'}"
    world = World(lambda worker: SqlStore(url, worker=worker), max_turns=1)
    await world.start()
    yield world
    await world.kill()


async def starts_again(world: World) -> None:
    world.workers.clear()
    await world.start()


async def test_a_turn_under_way_is_finished_and_not_repeated(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = ["one", go_on, "two"]
    await world.deliver(world.message("slow"))
    stopping = asyncio.create_task(world.engine.stop())
    await world.settle()
    go_on.set()
    await stopping
    await starts_again(world)

    assert world.said() == ["one", "two"]
    assert world.heard() == ["slow"]


@pytest.mark.parametrize("waits_behind", [ANNA, OTHER])
async def test_no_turn_begins_while_the_process_stops(world: World, waits_behind: Thread) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = ["one", go_on, "two"]
    await world.deliver(world.message("slow"), world.message("hello", waits_behind))
    stopping = asyncio.create_task(world.engine.stop())
    await world.settle()
    go_on.set()
    await stopping
    assert world.said() == ["one", "two"]
    assert world.heard(waits_behind)[-1:] != ["hello"]

    await starts_again(world)
    assert world.heard(waits_behind)[-1:] == ["hello"]
    assert world.said(waits_behind)[-1:] == ["re: hello"]


async def test_what_waits_for_a_model_begins_no_turn_while_the_process_stops(world: World) -> None:
    go_on = asyncio.Event()
    world.script.answers["slow"] = ["one", go_on, "two"]
    await world.deliver(world.message("slow"), world.message("hello", OTHER))
    world.script.is_ready = False
    go_on.set()
    await world.settle()
    stopping = asyncio.create_task(world.engine.stop())
    await world.settle()
    world.script.is_ready = True
    await world.wait(SECOND)
    await stopping
    assert world.heard(OTHER) == []

    await starts_again(world)
    assert world.said(OTHER) == ["re: hello"]


async def test_a_turn_that_takes_too_long_begins_again_after_the_next_start(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    world.script.once["slow"] = [[asyncio.Event()]]
    await world.deliver(world.message("slow"), world.message("hello"))
    await world.engine.stop()
    assert "begin again" in caplog.text

    await starts_again(world)
    assert world.heard() == ["slow", "hello"]
    assert world.said() == ["re: slow", "re: hello"]


async def test_a_handover_goes_on_across_a_stop(world: World) -> None:
    await world.hand_over()
    await world.engine.stop()
    await starts_again(world)
    assert world.graph.threads[ANNA] == INBOX

    await world.user_says("menu")
    assert world.said() == ["re: keyword"]


async def test_a_refusal_during_a_stop_is_learnt_from(world: World) -> None:
    world.graph.fail("send", GraphUnavailable("No answer"))
    await world.user_says("hello")
    world.graph.threads[ANNA] = DESK  # and no webhook has told so
    stopping = asyncio.create_task(world.engine.stop())
    await world.settle()
    await world.wait(SECOND)
    await stopping
    await starts_again(world)

    assert (await world.session()).is_adopted
    assert not await world.store.waits_outgoing(ANNA)


async def test_what_graph_does_not_take_during_a_stop_is_not_overtaken(world: World) -> None:
    world.script.answers["hello"] = ["one", "two"]
    world.graph.fail("send", GraphTimeout("No answer"), 2)
    await world.user_says("hello")
    stopping = asyncio.create_task(world.engine.stop())
    await world.settle()
    await world.wait(10 * SECOND)
    await stopping
    assert world.said() == []

    await starts_again(world)
    await world.wait(ECHO_GRACE)
    assert world.said() == ["one", "two"]


async def test_what_comes_in_during_a_stop_is_the_next_worker_s_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    await world.start()
    record, may_record = world.store.record, asyncio.Event()

    async def record_late(*args: Any, **kwargs: Any) -> Any:
        await may_record.wait()
        return await record(*args, **kwargs)

    monkeypatch.setattr(world.store, "record", record_late)
    taking_in = asyncio.create_task(world.engine.intake.accept([world.message("hello")]))
    stopping = asyncio.create_task(world.engine.stop())
    for _ in range(100):  # as far as it gets
        await asyncio.sleep(0)
    may_record.set()
    await asyncio.gather(taking_in, stopping)
    await starts_again(world)

    assert world.said() == ["re: hello"]
    await world.kill()


async def test_a_stop_lets_go_of_graph(world: World) -> None:
    await world.engine.stop()

    assert world.graph.closed


async def test_a_stop_drops_what_graph_has_not_shown_yet(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.graph, "sender_action", lambda *_: asyncio.Event().wait())
    before = asyncio.all_tasks()
    await world.user_says("hello")
    begun = asyncio.all_tasks() - before
    await world.engine.stop()

    assert all(task.done() for task in begun)


async def test_a_stop_ends_an_opening_that_graph_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for verb in ("pass_control", "owner"):
        monkeypatch.setattr(world.graph, verb, lambda *_, **__: asyncio.Event().wait())
    await world.user_says("human")
    await world.kill()
    before = asyncio.all_tasks()
    await world.start()
    await world.wait(CLAIM_LEASE + SECOND)
    begun = asyncio.all_tasks() - before
    await world.engine.stop()

    assert all(task.done() for task in begun)


async def test_a_stop_does_not_wait_for_a_store_that_never_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("STOP_GRACE", "STORE_GRACE"):
        monkeypatch.setattr(engine, name, timedelta(milliseconds=20))
    store = StoreThatHangs(worker="worker")
    world = World(lambda _: store)
    await world.start()
    store.hangs = True
    taking_in = asyncio.create_task(world.engine.intake.accept([world.message("hello")]))
    await asyncio.sleep(0)

    await asyncio.wait_for(world.engine.stop(), 5)
    taking_in.cancel()


class StoreThatHangs(MemoryStore):
    """A store that can be closed, and answers nothing else while it `hangs`."""

    hangs = False

    def __getattribute__(self, name: str) -> Any:
        answers = ("hangs", "close", "surely_holds", "is_alone")
        if name.startswith("_") or name in answers or not self.hangs:
            return super().__getattribute__(name)
        return _never


async def _never(*_: object, **__: object) -> None:
    await asyncio.get_running_loop().create_future()
