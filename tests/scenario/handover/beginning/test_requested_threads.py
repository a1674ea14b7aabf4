"""Apps that ask for a thread with `request_thread_control`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.errors import GraphRefused, GraphUnavailable
from channels.core.events import ControlPassed, ControlRequested
from channels.core.meta.ownership import Routing
from channels.core.sessions.session import State
from channels.core.sessions.transitions import ASK_DEADLINE
from tests.scenario.wire import Wire
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, TIMEOUT, World

STRANGER = "31337"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def asks(world: World, app_id: str) -> ControlRequested:
    passed: ControlPassed = world.control_passed()
    return ControlRequested(
        key=passed.key,
        thread=passed.thread,
        array=passed.array,
        at=passed.at,
        received_at=passed.received_at,
        requested_owner=app_id,
    )


async def minutes_pass(world: World, count: int) -> None:
    for _ in range(60 * count):
        await world.wait(SECOND)


async def test_an_app_of_a_plan_gets_the_thread_and_a_session_begins(world: World) -> None:
    await world.deliver(asks(world, INBOX))

    assert world.graph.threads[ANNA] == INBOX
    session = await world.session()
    assert (session.is_adopted, session.owner_app) == (True, INBOX)
    assert world.heard() == ["EXTERNAL: handover_started"]


async def test_the_session_ends_as_any_other(world: World) -> None:
    await world.user_says("hello")
    await world.deliver(asks(world, INBOX))
    await world.wait(TIMEOUT)

    assert world.ends() == ["timeout"]
    assert world.graph.threads[ANNA] == BOT


async def test_a_stranger_gets_nothing_and_the_log_says_how_it_could(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.deliver(asks(world, STRANGER))

    assert [call.verb for call in world.graph.calls] == ["page"]  # to know whose event it is
    assert f"App {STRANGER} asked for a thread and does not get it" in caplog.text
    assert "'requests' in credentials.yml" in caplog.text


async def test_an_app_that_asked_long_ago_gets_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Meta has repeated the request after an outage: nobody waits for the thread any more."""
    long_ago = asks(world, INBOX)
    await world.wait(ASK_DEADLINE + SECOND)
    await world.deliver(long_ago)
    await world.user_says("hello")

    assert world.said() == ["re: hello"]
    assert f"App {INBOX} asked for a thread and does not get it: it asked more" in caplog.text


async def test_how_long_ago_an_app_asked_goes_by_meta_s_clock() -> None:
    world = World()
    world.graph.ahead = -HOUR
    await world.start(ahead=HOUR)
    await world.deliver(asks(world, INBOX))

    assert world.graph.threads[ANNA] == INBOX
    await world.kill()


async def test_an_app_that_asks_during_a_handover_is_not_told_to_be_listed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await world.hand_over()
    await world.deliver(asks(world, INBOX))

    assert "does not get it: a handover goes on there" in caplog.text


async def test_a_grant_that_was_cut_short_after_the_pass_still_begins_a_session(
    world: World,
) -> None:
    """The event comes again after a crash, when the thread is the other app's already."""
    world.graph.threads[ANNA] = INBOX
    await world.deliver(asks(world, INBOX))

    assert (await world.session()).owner_app == INBOX


async def test_a_grant_is_stored_before_control_is_passed(world: World) -> None:
    """So that whoever dies in between, the session goes on."""
    await world.kill()
    await world.start(Wire(breaks_at="pass_control", after=True))
    await world.deliver(asks(world, INBOX))
    assert (await world.store.open_sessions(limit=9))[0].state is State.OPENING

    await world.replace_dead()
    assert (await world.session()).state is State.ACTIVE
    assert world.heard() == ["EXTERNAL: handover_started"]


async def test_while_graph_is_away_a_grant_waits(world: World) -> None:
    world.graph.fail("pass_control", GraphUnavailable("No Graph"))
    await world.deliver(asks(world, INBOX))
    assert (await world.session()).state is State.OPENING

    await world.wait(MINUTE)
    assert world.graph.threads[ANNA] == INBOX
    assert world.heard() == ["EXTERNAL: handover_started"]


@pytest.mark.parametrize("routing", Routing)
async def test_a_grant_that_meta_does_not_make_keeps_nobody_from_the_bot(routing: Routing) -> None:
    world = World(routing=routing.value)
    world.graph.routing_now = routing
    await world.start()
    world.graph.fail("pass_control", GraphUnavailable("No Graph"), times=999)
    await world.deliver(asks(world, INBOX))
    await world.user_says("hello")
    await minutes_pass(world, 2)

    assert world.heard() == ["<failed>", "hello"]
    assert world.said() == ["re: hello"]
    await world.kill()


async def test_a_grant_that_meta_refuses_says_nothing_to_the_user(world: World) -> None:
    world.graph.fail("pass_control", GraphRefused("No such app"))
    await world.deliver(asks(world, INBOX))

    assert world.ends() == ["failed"]
    assert world.said() == []
