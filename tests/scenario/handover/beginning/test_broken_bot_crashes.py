"""A worker that is killed anywhere while it hands a broken bot's user over leaves nobody alone."""

from __future__ import annotations

from channels.core.sessions.session import State
from channels.store.protocol import CLAIM_LEASE
from tests.scenario.engine.failures.stories import HarshWorld
from tests.scenario.wire import Wire
from tests.scenario.world import ANNA, INBOX, SECOND


async def played(wire: Wire) -> HarshWorld:
    world = HarshWorld(plans={"default": {"timeout": "10m"}}, on_failure="default")
    world.script.answers["break"] = [RuntimeError("A component of the assistant raises")]
    world.script.responses["utter_connecting"] = {"text": "connecting you"}
    await world.start(wire)
    await world.user_says("break")
    for pause in (*[SECOND] * 5, CLAIM_LEASE, *[SECOND] * 5):
        await world.wait(pause)
    return world


async def turned_out_well(world: HarshWorld) -> bool:
    session = await world.store.open_session(ANNA)
    is_with_people = session is not None and session.state is State.ACTIVE
    return (
        is_with_people
        and world.graph.threads[ANNA] == INBOX
        and len(world.said()) <= 1  # a kill right after the session is stored takes the sentence
        and await world.store.claim_inbox(world.clock.now() + CLAIM_LEASE * 2, limit=9) == []
    )


async def test_whoever_writes_to_a_broken_bot_gets_a_person_wherever_the_worker_dies() -> None:
    wire = Wire()
    whole = await played(wire)
    assert await turned_out_well(whole)
    await whole.kill()

    left_alone = []
    for number, name in enumerate(wire.calls):
        world = await played(Wire(breaks_at=number, after=True))
        if not await turned_out_well(world):
            left_alone.append(f"killed after {number} {name}: {world.said()}")
        await world.kill()
    assert len(wire.calls) > 20
    assert left_alone == []
