"""A worker that is killed while it learns from a refused send that another app has the thread."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from channels.core.events import Array
from tests.scenario.engine.failures.stories import HarshWorld
from tests.scenario.wire import Wire
from tests.scenario.world import ANNA, TIMEOUT

DESK = "777000777000777"


@pytest.fixture
async def world() -> AsyncIterator[HarshWorld]:
    world = HarshWorld()
    world.script.answers["hello"] = ["good day", "anything else?"]
    world.graph.threads[ANNA] = DESK  # and no webhook has told so
    yield world
    await world.kill()


@pytest.mark.parametrize("call", ["add_session", "drop"])
@pytest.mark.parametrize("after", [False, True])
async def test_a_kill_between_the_refusal_and_the_drop_of_what_waits_costs_no_lesson(
    world: HarshWorld, call: str, after: bool
) -> None:
    worker = await world.start(Wire(breaks_at=call, after=after))
    await world.deliver(world.message("hello", array=Array.MESSAGING))
    assert worker.wire.died.is_set()

    session = await world.session()
    assert session.is_adopted
    assert not await world.store.waits_outgoing(ANNA)

    await world.agent_returns()
    ended = await world.store.ended_sessions(since=world.clock.now() - TIMEOUT, limit=9)
    assert [one.id for one in ended] == [session.id]
    assert world.said() == ["re: agent_returned"]
