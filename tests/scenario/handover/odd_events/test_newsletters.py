"""Threads that another app writes to, and whose users say nothing: they are left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.events import Array, Thread
from channels.core.sessions.session import EndReason, Session, State
from tests.scenario.world import ANNA, PAGE, SECOND, TIMEOUT, World

NEWSLETTER = "777000777000777"
PLAN = {"timeout": "30m", "idle-timeout": "10m", "keywords": ["menu"]}


async def is_sent(world: World, thread: Thread = ANNA) -> None:
    """The other app takes the thread as it writes to it."""
    await world.wait(SECOND)
    world.graph.threads[thread] = NEWSLETTER
    await world.deliver(world.echo("News!", thread, app_id=NEWSLETTER))


async def ended(world: World) -> Session:
    [session] = await world.store.ended_sessions(since=world.clock.now() - TIMEOUT * 2, limit=9)
    return session


async def test_a_reader_who_says_nothing_is_asked_nothing_and_the_app_keeps_the_thread(
    world: World,
) -> None:
    await world.user_says("hello")
    world.graph.sent.clear()
    await is_sent(world)
    await world.wait(TIMEOUT)

    session = await ended(world)
    assert (session.state, session.reason) == (State.ENDED, EndReason.TIMEOUT)
    assert world.said() == []
    assert world.ends() == ["timeout"]
    assert world.calls("take_control") == 0
    assert world.graph.threads[ANNA] == NEWSLETTER


@pytest.mark.parametrize("owner", [None, "us"])
async def test_nothing_is_asked_either_when_the_app_lets_go_of_the_thread(
    world: World, owner: str | None
) -> None:
    await is_sent(world)
    if owner:
        await world.agent_returns()
    else:
        world.graph.threads[ANNA] = None
        await world.wait(timedelta(minutes=5))

    assert world.ends() == ["agent_returned" if owner else "agent_released"]
    assert world.said() == []
    await world.user_says("hello")
    assert world.said() == ["re: hello"]


async def test_who_taps_after_the_thread_was_left_has_an_agent_again_once_meta_refuses(
    world: World,
) -> None:
    await is_sent(world)
    await world.wait(TIMEOUT)
    assert world.ends() == ["timeout"]
    tap = world.postback(payload="/order", array=Array.MESSAGING)  # whoever has the thread
    await world.deliver(tap)

    assert (await world.session()).is_adopted
    assert world.said() == []
    await world.wait(TIMEOUT)
    assert world.ends() == ["timeout", "timeout"]
    assert world.said() == ["re: timeout"]


async def test_a_reader_who_answers_is_followed_up_as_ever(world: World) -> None:
    await is_sent(world)
    await world.user_says("How much is it?")
    await world.wait(TIMEOUT)

    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]
    assert world.calls("take_control") == 1


async def test_an_end_in_silence_is_no_warning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await is_sent(world)
    await world.wait(TIMEOUT)
    assert world.ends() == ["timeout"]
    assert "was not sent" not in caplog.text


async def test_an_operator_who_asks_for_the_bot_gets_it(world: World) -> None:
    await world.user_says("hello")
    await is_sent(world)
    await world.wait(SECOND)
    assert await world.operator_asks()

    assert world.said() == ["re: hello", "re: operator_request"]
    assert world.calls("take_control") == 1


async def test_who_asked_the_bot_for_a_person_is_followed_up_without_another_word(
    world: World,
) -> None:
    await world.hand_over()
    await world.wait(TIMEOUT)

    assert world.said() == ["re: timeout"]


async def test_a_user_whose_answer_was_refused_has_said_something(world: World) -> None:
    world.graph.threads[ANNA] = NEWSLETTER  # and no webhook has told so
    await world.deliver(world.message("hello", array=world.message("x").array.MESSAGING))
    assert (await world.session()).is_adopted
    await world.wait(TIMEOUT)

    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_a_thousand_readers_leave_nothing_behind(world: World) -> None:
    readers = [Thread(page=PAGE, user=f"4{number}") for number in range(1000)]
    for reader in readers:
        world.graph.threads[reader] = NEWSLETTER
    await world.deliver(*[world.echo("News!", one, app_id=NEWSLETTER) for one in readers])
    for _ in range(3):
        await world.wait(TIMEOUT / 2)

    assert world.graph.sent == []
    assert world.calls("take_control") == 0
    assert await world.store.count_open() == 0
