"""Meta does not say who has a thread: because of that nobody is left alone, and nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    TokenRefused,
    UserUnreachable,
)
from channels.core.events import Array, SignOfLife
from channels.core.meta.ownership import Owner
from channels.core.sessions.session import State
from channels.engine.handling import PATIENCE
from tests.scenario.world import ANNA, BOT, INBOX, PAGE, SECOND, TIMEOUT, World

REFUSALS = [
    pytest.param(GraphRefused("Nonexisting field", code=100), id="no such edge"),
    pytest.param(UserUnreachable("No such user", code=100, subcode=2018001), id="no such user"),
]

FAILURES = [
    pytest.param(GraphTimeout("A page of HTML"), id="no answer"),
    pytest.param(GraphThrottled("Slow down", retry_after=3 * SECOND), id="a limit of that call's"),
]


@pytest.fixture
def untold(world: World) -> World:
    world.graph.odd_owner = Owner.UNKNOWN
    return world


async def test_a_session_outlasts_probes_that_say_nothing(untold: World) -> None:
    await untold.hand_over()
    for _ in range(3):
        await untold.wait(timedelta(minutes=5))
    assert untold.calls("owner") > 1
    assert (await untold.session()).state is State.ACTIVE


async def test_an_agent_s_return_is_believed(untold: World) -> None:
    await untold.hand_over()
    await untold.agent_returns()
    assert untold.ends() == ["agent_returned"]
    assert untold.said() == ["re: agent_returned"]


async def test_what_was_so_before_the_thread_was_taken_back_opens_nothing(untold: World) -> None:
    await untold.hand_over()
    await untold.wait(TIMEOUT - SECOND)
    by_ai = untold.echo("I am Meta's AI", by_ai=True)
    taken = untold.control_passed(previous_owner=BOT, new_owner=INBOX)
    await untold.wait(2 * SECOND)
    shown = untold.message("", array=Array.STANDBY)
    common = {name: getattr(shown, name) for name in SignOfLife.__struct_fields__}
    await untold.deliver(by_ai, taken, SignOfLife(**common))
    assert await untold.store.open_session(ANNA) is None


async def test_what_the_user_says_is_heard(untold: World) -> None:
    await untold.hand_over()
    await untold.deliver(untold.message("on messaging", received_at=untold.clock.now()))
    assert (await untold.session()).user_messages == 1
    assert untold.said() == []


async def test_an_operator_who_writes_into_the_thread_is_noticed(untold: World) -> None:
    await untold.user_says("hello")
    untold.graph.threads[ANNA] = INBOX
    await untold.operator_says("I take over")
    session = await untold.session()
    assert (session.is_adopted, session.operator_messages) == (True, 1)


@pytest.mark.parametrize("error", REFUSALS)
async def test_no_event_dies_of_a_refusal(world: World, error: GraphError) -> None:
    await world.hand_over()
    world.graph.fail("owner", error, times=9)
    await world.user_says("hello?")
    await world.operator_says("good morning")
    await world.agent_returns()
    assert world.ends() == ["agent_returned"]
    assert (await world.store.backlog()).dead == 0


@pytest.mark.parametrize("error", FAILURES)
async def test_nobody_waits_for_ever_for_a_call_that_alone_of_all_fails(
    world: World, error: GraphError
) -> None:
    await world.hand_over()
    world.graph.fail("owner", error, times=999)
    await world.user_says("hello?")
    await world.operator_says("good morning")
    await world.agent_returns()
    assert world.ends() == [], "it may answer yet"
    for _ in range(60):
        await world.wait(3 * SECOND)
    assert world.ends() == ["agent_returned"]
    assert (await world.store.backlog()).waiting == 0


@pytest.mark.parametrize("error", FAILURES)
async def test_what_has_waited_for_the_bot_gives_meta_as_long_to_tell(
    world: World, error: GraphError
) -> None:
    await world.hand_over()
    waited = world.message("hello?", array=Array.MESSAGING)
    await world.wait(2 * PATIENCE)
    world.graph.threads[ANNA] = None
    world.graph.fail("owner", error)
    await world.deliver(waited)
    await world.wait(3 * SECOND)
    assert world.ends() == ["agent_released"]


async def test_what_closes_the_page_is_waited_for(world: World) -> None:
    """Nothing could be said meanwhile, and the owner may be told once it is over."""
    await world.hand_over()
    world.graph.fail("owner", TokenRefused("Expired"))
    world.graph.broken[PAGE] = TokenRefused("Expired")
    await world.agent_returns()
    for _ in range(60):
        await world.wait(3 * SECOND)
    assert world.ends() == []
    world.graph.broken.clear()
    for _ in range(20):
        await world.wait(3 * SECOND)
    assert world.ends() == ["agent_returned"]
