"""A call that fails once, at any point of a handover, changes nothing of how it turns out.

Each story is played once for each call, and there the store, Graph or the tracker store fails:
without doing what it was asked for, or after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.scenario.engine.failures.places import Place, each_in, failures_of
from tests.scenario.engine.failures.stories import STORIES, HarshWorld, has_turned_out_well, play

NOT_HERE = {
    ("send", True),  # it is for the Graph client to find out that a send was carried out
    ("record", True),  # the store in memory has given the entries to the worker by then
    ("claim_inbox", True),
    ("pass_control", False),  # two stories tell what becomes of it
    ("pass_control", True),
}


FAILURES = each_in(
    STORIES,
    lambda story: (
        place for place in failures_of(story) if (place.name, place.after) not in NOT_HERE
    ),
)


@pytest.fixture
async def harsh_world() -> AsyncIterator[HarshWorld]:
    world = HarshWorld()
    yield world
    await world.kill()


@pytest.mark.parametrize(("name", "place"), FAILURES)
async def test_a_call_that_fails_once(harsh_world: HarshWorld, name: str, place: Place) -> None:
    await play(harsh_world, STORIES[name], wire := place.wire(survives=True))
    assert wire.was_cut
    assert len(set(harsh_world.said())) == len(harsh_world.said())
    await has_turned_out_well(harsh_world, STORIES[name])
