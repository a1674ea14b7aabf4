"""However long Meta refuses: a turn runs once, and what it says arrives once, in one wording.

`tests/stack/acceptance/channel/test_said_once.py` shows the same on real processes, for as long as
one may wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from channels.core.errors import GraphError, GraphThrottled, GraphUnavailable, TokenRefused
from channels.core.events import Thread
from tests.fakes.graph import MemoryGraph
from tests.scenario.scripted_assistant import Step
from tests.scenario.world import PAGE, SECOND, World

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=90)  # then what was closed has opened
SLOW_DOWN = GraphThrottled(
    "(#613) Calls to this api have exceeded the rate limit", retry_after=SECOND
)
DOWN = GraphUnavailable("Server error")
EXPIRED = TokenRefused("The token has expired")


class Order(list[Step]):
    """A turn that says each time other words, as responses with variations do; `runs` tells."""

    runs = 0

    def __iter__(self) -> Iterator[Step]:
        self.runs += 1
        yield "I place your order."
        yield f"Confirmed, in wording {self.runs}."
        yield "Thank you!"


class RefusingGraph(MemoryGraph):
    """Refuses sends, and nothing else, until a moment."""

    refuses: tuple[GraphError, datetime] | None = None

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        if self.refuses is not None and self._clock.now() < self.refuses[1]:
            self.fail("send", self.refuses[0])
        return await super().send(thread, message, mark=mark)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.parametrize(
    ("error", "lasts", "is_whole_page"),
    [
        pytest.param(SLOW_DOWN, timedelta(seconds=30), False, id="613 for 30 s"),
        pytest.param(DOWN, timedelta(seconds=150), False, id="5xx of one edge for 150 s"),
        pytest.param(DOWN, timedelta(seconds=150), True, id="5xx of all for 150 s"),
        pytest.param(EXPIRED, HOUR, True, id="a dead token for an hour"),
        pytest.param(
            GraphThrottled("The app's limit", retry_after=4 * HOUR), HOUR, True, id="a long limit"
        ),
    ],
)
async def test_a_turn_runs_once_and_is_heard_once(
    error: GraphError, lasts: timedelta, is_whole_page: bool, is_killed: bool, workers: int
) -> None:
    world, order = World(graph=RefusingGraph), Order()
    world.script.answers["order"] = order
    for _ in range(workers):
        await world.start()
    await world.user_says("hello")  # by which each knows whose the token is
    world.graph.sent.clear()
    if is_whole_page:
        world.graph.broken[PAGE] = error
    else:
        world.graph.refuses = (error, world.clock.now() + lasts)  # type: ignore[attr-defined]
    ends_at = world.clock.now() + lasts
    await world.user_says("order")
    assert (order.runs, world.said()) == (1, [])

    if is_killed:
        await world.kill()
        await world.replace_dead()
    while world.clock.now() < ends_at:
        await world.wait(5 * SECOND)
    world.graph.broken.clear()
    ends_at = world.clock.now() + (10 * SOON if isinstance(error, GraphThrottled) else SOON)
    while world.clock.now() < ends_at:
        await world.wait(SECOND)

    assert order.runs == 1
    assert world.said() == ["I place your order.", "Confirmed, in wording 1.", "Thank you!"]
    assert world.heard() == ["hello", "order"]
    await world.kill()
