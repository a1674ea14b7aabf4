"""What the user writes to the agent in the moment in which the thread is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from channels.core.events import Array, UserMessage
from tests.scenario.world import ANNA, INBOX, PLAN, SECOND, TIMEOUT, World

HOUR = timedelta(hours=1)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(transcript=True, plans={"default": PLAN})
    await world.start()
    yield world
    await world.kill()


def on_standby(world: World, text: str) -> UserMessage:
    return world.message(text, array=Array.STANDBY)


async def kept(world: World, session_id: str) -> list[str]:
    return [line.text for line in await world.store.transcript(session_id, limit=9)]


async def test_what_was_written_before_the_timeout_is_kept(world: World) -> None:
    session = await world.hand_over()
    await world.wait(TIMEOUT - 2 * SECOND)
    late = on_standby(world, "one more thing")
    await world.wait(2 * SECOND)
    assert world.ends() == ["timeout"]

    await world.deliver(late)
    assert await kept(world, session.id) == ["one more thing"]
    assert world.said() == ["re: timeout"]
    assert await world.store.open_session(ANNA) is None


async def test_what_was_written_after_it_goes_to_rasa_and_is_kept(world: World) -> None:
    session = await world.hand_over()
    await world.wait(TIMEOUT)
    await world.wait(SECOND)
    await world.deliver(on_standby(world, "anybody there?"))

    assert world.said() == ["re: timeout", "re: anybody there?"]
    assert await kept(world, session.id) == ["anybody there?"]


@pytest.mark.parametrize("ahead", [20 * SECOND, -20 * SECOND, 90 * SECOND, -90 * SECOND, -HOUR])
async def test_what_came_before_the_end_and_after_it_is_told_apart_by_a_wrong_clock_too(
    ahead: timedelta,
) -> None:
    world = World(transcript=True, plans={"default": PLAN})
    world.graph.ahead = -ahead
    await world.start(ahead=ahead)
    session = await world.hand_over()
    await world.wait(TIMEOUT - SECOND)
    before, by_operator = on_standby(world, "one more thing"), world.echo("I look it up")
    await world.wait(2 * SECOND)
    await world.deliver(before, by_operator, on_standby(world, "anybody there?"))

    assert world.said() == ["re: timeout", "re: anybody there?"]
    said = await kept(world, session.id)
    assert said == ["one more thing", "I look it up", "anybody there?"]
    await world.kill()


async def test_what_follows_a_keyword_is_for_the_bot(world: World) -> None:
    await world.hand_over()
    menu, question = on_standby(world, "menu"), None
    world.clock.advance(SECOND)
    question = on_standby(world, "what does it cost?")
    world.clock.advance(SECOND)
    await world.deliver(menu, question)

    assert world.said() == ["re: keyword", "re: what does it cost?"]


async def test_what_was_written_long_after_opens_nothing_and_goes_nowhere(world: World) -> None:
    await world.hand_over()
    await world.wait(TIMEOUT)
    await world.wait(timedelta(minutes=2))
    await world.deliver(on_standby(world, "hello?"))
    assert world.said() == ["re: timeout"]


async def test_what_is_written_to_whoever_took_the_thread_again_is_theirs(world: World) -> None:
    await world.hand_over()
    await world.wait(TIMEOUT)
    await world.wait(SECOND)
    world.graph.threads[ANNA] = INBOX
    await world.deliver(on_standby(world, "thanks, Kim"))

    assert world.said() == ["re: timeout"]
    assert (await world.session()).is_adopted
