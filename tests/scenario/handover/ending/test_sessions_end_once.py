"""However a handover ends, Rasa hears of it once, and its follow-up is sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from channels.core.errors import GraphRefused
from channels.core.events import Array, Thread
from channels.core.sessions.session import EndReason, State
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, TIMEOUT, World

Way = Callable[[World], Awaitable[object]]


async def fails(world: World) -> None:
    world.graph.fail("pass_control", GraphRefused("No such app"))
    await world.user_says("human")


async def agent_releases(world: World) -> None:
    await world.wait(TIMEOUT / 2)
    world.graph.threads[ANNA] = None
    await world.user_says("are you there?")


async def user_taps_back(world: World) -> None:
    await world.deliver(world.postback(title="Back", payload="/back", array=Array.MESSAGING))


WAYS: dict[str, tuple[EndReason, Way]] = {
    "the time is over": (EndReason.TIMEOUT, lambda world: world.wait(TIMEOUT)),
    "the user writes a keyword": (EndReason.KEYWORD, lambda world: world.user_says("Menu!")),
    "the user taps a button": (EndReason.KEYWORD, user_taps_back),
    "the agent passes back": (EndReason.AGENT_RETURNED, lambda world: world.agent_returns()),
    "the agent releases": (EndReason.AGENT_RELEASED, agent_releases),
    "an operator asks": (EndReason.OPERATOR_REQUEST, lambda world: world.operator_asks()),
}


async def lasts(world: World) -> None:
    """Time passes in which nothing more may happen."""
    for _ in range(5):
        await world.wait(TIMEOUT)


@pytest.mark.parametrize(("reason", "way"), WAYS.values(), ids=WAYS)
async def test_rasa_hears_of_the_end_once(world: World, reason: EndReason, way: Way) -> None:
    session = await world.hand_over()
    await way(world)
    await lasts(world)

    assert world.ends() == [reason.value]
    ended = await world.store.session(session.id)
    assert ended is not None
    assert (ended.state, ended.reason) == (State.ENDED, reason)
    assert await world.store.open_session(ANNA) is None


@pytest.mark.parametrize(("reason", "way"), WAYS.values(), ids=WAYS)
async def test_the_user_reads_the_follow_up_of_that_reason_once(
    world: World, reason: EndReason, way: Way
) -> None:
    await world.hand_over()
    await way(world)
    await lasts(world)

    assert world.said().count(f"re: {reason.value}") == 1
    assert world.graph.threads[ANNA] in (BOT, None)


async def test_a_user_who_asks_for_the_bot_before_the_pass_gets_it(world: World) -> None:
    moment = timedelta(milliseconds=300)
    changed_mind = world.message("Menu!", at=world.clock.now() + moment)
    await world.deliver(world.message("human"), changed_mind)
    await lasts(world)

    assert world.ends() == ["keyword"]
    assert world.said() == ["connecting", "re: keyword"]
    assert world.graph.threads[ANNA] == BOT


async def test_a_handover_that_can_t_be_made_ends_as_failed_once(world: World) -> None:
    await fails(world)
    await lasts(world)

    assert world.heard() == ["human", "<failed>"]
    assert world.said() == ["connecting", "re: failed"]
    assert world.graph.threads.get(ANNA) is None
    assert await world.store.open_session(ANNA) is None


@pytest.mark.parametrize("way", [fails, *(way for _, way in WAYS.values())])
async def test_the_bot_answers_again_after_the_end(world: World, way: Way) -> None:
    if way is not fails:
        await world.hand_over()
    await way(world)
    await world.user_says("hello")

    assert world.said()[-1] == "re: hello"


@pytest.mark.parametrize(("reason", "way"), WAYS.values(), ids=WAYS)
async def test_a_second_handover_ends_as_the_first_did(
    world: World, reason: EndReason, way: Way
) -> None:
    for _ in range(2):
        await world.hand_over()
        await way(world)

    assert world.ends() == [reason.value] * 2


async def test_the_message_that_shows_the_release_is_answered_after_the_follow_up(
    world: World,
) -> None:
    await world.hand_over()
    await agent_releases(world)

    assert world.said() == ["re: agent_released", "re: are you there?"]


async def test_the_message_that_shows_the_release_is_answered_after_a_crash(world: World) -> None:
    world.script.answers["are you there?"] = [asyncio.Event()]  # its turn is never over
    await world.hand_over()
    await agent_releases(world)
    await world.kill()
    del world.script.answers["are you there?"]
    await world.replace_dead()

    assert world.said() == ["re: agent_released", "re: are you there?"]


async def test_until_the_end_the_user_s_words_are_for_the_agent_alone(world: World) -> None:
    await world.hand_over()
    for text in ("my order", "is late", "menu please"):
        await world.user_says(text)

    assert world.heard() == ["human"]
    assert world.said() == []


async def test_a_handover_times_out_at_its_time_and_not_before(world: World) -> None:
    session = await world.hand_over()
    deadline = session.opened_at + TIMEOUT
    await world.wait(deadline - world.clock.now() - SECOND)
    assert world.ends() == []
    await world.wait(SECOND)
    assert world.ends() == ["timeout"]


async def test_who_spoke_is_counted_in_what_rasa_hears(world: World) -> None:
    await world.hand_over()
    await world.operator_says("Good day")
    await world.user_says("my order")
    await world.user_says("is late")
    await world.user_says("menu")

    handover = world.tracker_store.turns[-1].metadata["handover"]
    assert (handover["operator_messages"], handover["user_messages"]) == (1, 3)
    assert (handover["reason"], handover["target_app"]) == ("keyword", INBOX)


async def test_an_operator_who_writes_a_keyword_ends_nothing(world: World) -> None:
    session = await world.hand_over()
    await world.operator_says("menu")

    assert world.ends() == []
    still_open = await world.session()
    assert still_open.id == session.id


async def test_an_operator_can_t_end_what_is_ending(world: World) -> None:
    session = await world.hand_over()
    await world.operator_asks()

    assert not await world.engine.operations.return_thread(session)


async def test_the_end_of_one_user_s_handover_leaves_another_s_alone(world: World) -> None:
    ben = Thread(page=ANNA.page, user="2002")
    await world.hand_over()
    await world.hand_over(ben)
    await world.user_says("menu")

    assert world.ends() == ["keyword"]
    assert world.ends(ben) == []
    assert world.graph.threads == {ANNA: BOT, ben: INBOX}
