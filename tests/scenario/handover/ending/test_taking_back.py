"""Taking the thread back when Meta refuses, or does not answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from channels.core.errors import (
    LONGEST_LIMIT,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    PageRestricted,
    UserUnreachable,
)
from channels.core.meta.ownership import Owner, Routing
from channels.core.sessions.session import EndReason, State
from channels.core.sessions.transitions import ASK_DEADLINE
from emulator.rules.ownership import Role
from tests.scenario.world import ANNA, BOT, INBOX, SECOND, TIMEOUT, World

DOWN = GraphUnavailable("Graph is down")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("error", [DOWN, GraphTimeout("No answer")])
async def test_taking_the_thread_back_is_tried_ever_less_often_until_it_works(
    world: World, error: GraphError
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", error, times=4)
    await world.user_says("menu")
    tries = []
    for _ in range(20):
        tries.append(world.calls("take_control"))
        await world.wait(SECOND)

    assert tries == [1, 2, 2, 3, 3, 3, 3, *[4] * 8, *[5] * 5]
    assert world.said() == ["re: keyword"]
    assert world.ends() == ["keyword"]


async def test_an_agent_who_passes_back_what_can_t_be_taken_yet_changes_no_reason(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", DOWN, times=9)
    await world.user_says("menu")
    await world.agent_returns()

    assert world.said() == ["re: keyword"]
    assert world.ends() == ["keyword"]


async def test_a_message_that_shows_what_can_t_be_taken_yet_to_be_ours_is_answered(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", DOWN, times=99)
    await world.wait(TIMEOUT)
    world.graph.threads[ANNA] = None
    await world.user_says("hello?")

    assert world.said() == ["re: timeout", "re: hello?"]
    assert world.ends() == ["timeout"]


async def test_a_rate_limit_is_waited_for_before_the_thread_is_taken(world: World) -> None:
    await world.hand_over()
    world.graph.fail("take_control", GraphThrottled("Slow down", retry_after=HOUR))
    await world.user_says("menu")
    await world.wait(LONGEST_LIMIT - SECOND)
    assert world.calls("take_control") == 1

    await world.wait(SECOND)
    assert world.said() == ["re: keyword"]


async def test_a_page_that_is_restricted_for_a_while_takes_its_thread_afterwards(
    world: World, errors: Callable[[], list[str]]
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", PageRestricted("Blocked for a while", code=368), times=9)
    await world.wait(TIMEOUT)
    for _ in range(2):
        await world.wait(HOUR)
    assert errors() == []
    for _ in range(9):
        await world.wait(HOUR)

    assert world.ends() == ["timeout"]
    assert world.said() == ["re: timeout"]


async def test_a_thread_that_meta_keeps_from_us_stays_with_the_agent(
    world: World, errors: Callable[[], list[str]]
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", GraphRefused("Forbidden", remedy="Switch it on."), times=9)
    await world.wait(TIMEOUT)
    for _ in range(9):
        await world.wait(HOUR)

    session = await world.session()
    assert (session.state, session.reason, session.has_deadline) == (State.ACTIVE, None, False)
    assert world.calls("take_control") == 1
    assert world.ends() == []
    [error] = errors()
    assert "stays with the agent" in error
    assert "Switch it on." in error


@pytest.mark.parametrize("reason", [EndReason.KEYWORD, EndReason.AGENT_RETURNED])
async def test_a_thread_that_stayed_with_the_agent_can_still_come_back(
    world: World, reason: EndReason
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", GraphRefused("Forbidden"))
    await world.wait(TIMEOUT)
    if reason is EndReason.KEYWORD:
        await world.user_says("menu")
    else:
        await world.agent_returns()

    assert world.ends() == [reason.value]
    assert world.said() == [f"re: {reason.value}"]


@pytest.mark.parametrize("owner", [BOT, None])
async def test_a_thread_that_no_agent_has_need_not_be_taken(
    world: World, owner: str | None
) -> None:
    await world.hand_over()
    world.graph.threads[ANNA] = owner
    world.graph.fail("take_control", GraphRefused("Forbidden"), times=9)
    await world.wait(TIMEOUT)

    assert world.said() == ["re: timeout"]
    assert world.ends() == ["timeout"]


async def test_a_failed_handover_whose_thread_can_t_be_taken_is_told_all_the_same(
    world: World,
) -> None:
    world.graph.fail("pass_control", GraphTimeout("No answer"), times=99)
    world.graph.fail("take_control", GraphRefused("Forbidden"), times=9)
    await world.user_says("human")
    for _ in range(8):
        await world.wait(10 * SECOND)
    await world.user_says("hello?")

    assert world.said() == ["connecting", "re: failed", "re: hello?"]


async def test_the_session_of_a_user_who_is_gone_ends(world: World) -> None:
    await world.hand_over()
    world.graph.fail("take_control", UserUnreachable("Blocked"))
    await world.wait(TIMEOUT)

    assert world.ends() == ["timeout"]
    assert await world.store.open_session(ANNA) is None


@pytest.mark.parametrize("hides_owner", [True, False])
async def test_a_secondary_receiver_asks_for_what_it_may_not_take(
    world: World, hides_owner: bool
) -> None:
    """On a page with the older roles the bot may take nothing, and not even ask whose it is."""
    await world.hand_over()
    world.graph.role, world.graph.hides_owner = Role.SECONDARY, hides_owner
    await world.user_says("menu")
    assert world.calls("request_control") == 1
    assert world.ends() == []

    await world.agent_returns()
    assert world.ends() == ["keyword"]


async def test_an_owner_that_was_asked_and_does_not_pass_keeps_the_thread(
    world: World, errors: Callable[[], list[str]]
) -> None:
    await world.hand_over()
    world.graph.routing_now = Routing.OFF
    await world.user_says("menu")
    await world.wait(ASK_DEADLINE)

    session = await world.session()
    assert (session.state, session.reason, session.has_deadline) == (State.ACTIVE, None, False)
    assert "was asked for it and did not pass it" in errors()[-1]


@pytest.mark.parametrize("odd_owner", [None, Owner.UNKNOWN], ids=["known", "unknown"])
async def test_a_take_without_the_permission_leaves_the_session_and_says_what_to_do(
    world: World, errors: Callable[[], list[str]], odd_owner: Owner | None
) -> None:
    await world.hand_over()
    world.graph.may_take, world.graph.odd_owner = False, odd_owner
    await world.wait(TIMEOUT)

    session = await world.session()
    assert (session.state, session.reason, session.has_deadline) == (State.ACTIVE, None, False)
    assert world.ends() == []
    [error] = errors()
    assert "'Take control of conversations' is on" in error
    assert b"threads_not_returned_total 1.0" in world.engine.metrics.page()


async def test_an_owner_that_nobody_knows_after_it_was_asked_has_not_passed_the_thread(
    world: World, errors: Callable[[], list[str]]
) -> None:
    await world.hand_over()
    world.graph.role, world.graph.odd_owner = Role.SECONDARY, Owner.UNKNOWN
    await world.user_says("menu")
    await world.wait(ASK_DEADLINE)

    assert (await world.session()).state is State.ACTIVE
    assert "was asked for it and did not pass it" in errors()[-1]
    assert world.graph.threads[ANNA] == INBOX


async def test_an_owner_that_was_asked_loses_the_thread_once_routing_is_on(world: World) -> None:
    await world.hand_over()
    world.graph.routing_now = Routing.OFF
    await world.user_says("menu")
    world.graph.routing_now = Routing.ON
    await world.wait(ASK_DEADLINE)

    assert world.ends() == ["keyword"]
    assert world.said() == ["re: keyword"]
