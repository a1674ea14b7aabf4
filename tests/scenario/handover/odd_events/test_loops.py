"""Meta says that another app has a thread, and then that nobody has: no handover without end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from channels.core.errors import NotThreadOwner
from channels.core.events import Thread
from channels.core.meta.ownership import Owner
from channels.core.sessions.session import MOST_UNASKED_FOR
from tests.fakes.graph import MemoryGraph
from tests.scenario.world import ANNA, INBOX, World


class TwoFacedGraph(MemoryGraph):
    """Refuses each message because another app has the thread, and says that nobody has it when
    asked.
    """

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        await self._begin("send", thread, message=message, mark=mark)
        raise NotThreadOwner("Another app has it", code=10, subcode=2018300)

    async def owner(self, thread: Thread) -> Owner:
        await self._begin("owner", thread)
        return self.odd_owner or Owner.IDLE


async def test_no_more_than_three_sessions_come_of_what_meta_contradicts(
    errors: Callable[[], list[str]],
) -> None:
    world = World(graph=TwoFacedGraph)
    await world.start()
    for number in range(8):
        await world.user_says(f"hello {number}")
        await world.wait(timedelta(minutes=1))

    assert len(world.ends()) == MOST_UNASKED_FOR == 3
    assert [error for error in errors() if "begin and end in a row" in error]
    assert b"sessions_not_opened_total 0.0" not in world.engine.metrics.page()
    await world.user_says("still there?")
    assert world.heard()[-1] == "still there?"
    assert len(world.ends()) == MOST_UNASKED_FOR
    await world.kill()


@pytest.mark.parametrize("owner", [Owner.IDLE, Owner.OURS], ids=["nobody", "ours"])
async def test_an_automatic_answer_in_each_of_them_does_not_hide_it(owner: Owner) -> None:
    world = World(graph=TwoFacedGraph)
    world.graph.odd_owner = owner
    await world.start()
    for number in range(8):
        await world.user_says(f"hello {number}")
        await world.operator_says("We are away.")
        await world.wait(timedelta(minutes=1))

    assert len(world.ends()) == MOST_UNASKED_FOR
    await world.kill()


async def test_a_thread_that_operators_take_again_and_again_is_no_loop(world: World) -> None:
    for number in range(5):
        world.graph.threads[ANNA] = INBOX
        await world.operator_says(f"answer {number}")
        await world.agent_returns()
        await world.wait(timedelta(seconds=20))
    assert world.ends() == ["agent_returned"] * 5
