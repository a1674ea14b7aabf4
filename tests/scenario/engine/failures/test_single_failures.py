"""A call that fails once, at any point of a handover, changes nothing of how it turns out.

Each story is played once for each call, and there the store, Graph or the tracker store fails:
without doing what it was asked for, or after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.scenario.stories import STORIES, HarshWorld, calls_of, has_turned_out_well, play
from tests.scenario.wire import Wire

NOT_HERE = {
    ("send", True),  # it is for the Graph client to find out that a send was carried out
    ("record", True),  # the store in memory has given the entries to the worker by then
    ("claim_inbox", True),
    ("pass_control", False),  # two stories tell what becomes of it
    ("pass_control", True),
}


def failures(name: str) -> Iterator[tuple[int, bool, str]]:
    calls = calls_of(STORIES[name])
    for number in range(calls.index("claim_due"), len(calls)):  # the worker has started by then
        for moment, after in (("before", False), ("after", True)):
            if (calls[number], after) not in NOT_HERE:
                yield number, after, f"{moment} {number} {calls[number]}"


FAILURES = [
    pytest.param(name, number, after, id=f"{name}, {place}")
    for name in STORIES
    for number, after, place in failures(name)
]


@pytest.fixture
async def harsh_world() -> AsyncIterator[HarshWorld]:
    world = HarshWorld()
    yield world
    await world.kill()


@pytest.mark.parametrize(("name", "call", "after"), FAILURES)
async def test_a_call_that_fails_once(
    harsh_world: HarshWorld, name: str, call: int, after: bool
) -> None:
    await play(harsh_world, STORIES[name], Wire(breaks_at=call, after=after, survives=True))
    assert len(set(harsh_world.said())) == len(harsh_world.said())
    await has_turned_out_well(harsh_world, STORIES[name])
