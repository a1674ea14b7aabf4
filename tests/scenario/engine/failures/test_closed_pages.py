"""While Meta takes none of a page's calls, what users write waits, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.core.errors import (
    LONGEST_LIMIT,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    TokenRefused,
)
from channels.core.events import Thread
from channels.core.sessions.session import State
from channels.engine import delivery, engine, inbox
from channels.engine.engine import RENEWAL_INTERVAL
from channels.engine.retrying import PATIENCE
from channels.graph.closing import LONGEST_PAUSE
from channels.graph.protocol import Obstacle
from channels.store.sql import SqlStore
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, BOT, INBOX, PAGE, SECOND, TIMEOUT, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OTHER_PAGE = "222000222000222"
ON_OTHER_PAGE = Thread(page=OTHER_PAGE, user="2002")
USERS = [Thread(page=PAGE, user=str(number)) for number in range(3000, 3030)]

DEAD_TOKEN = TokenRefused("The token has expired", code=190, subcode=463)
THROTTLED = GraphThrottled("Too many calls", code=80006, retry_after=HOUR)
OUTAGE = GraphUnavailable("Graph is down")
KINDS = [
    pytest.param(DEAD_TOKEN, id="dead token"),
    pytest.param(THROTTLED, id="rate limit"),
    pytest.param(OUTAGE, id="outage"),
]


def two_pages(**settings: Any) -> World:
    tokens = {PAGE: {"page-access-token": "one"}, OTHER_PAGE: {"page-access-token": "two"}}
    world = World(pages=tokens, **settings)
    del world.section["page-access-token"]
    return world


@pytest.fixture
async def pages() -> AsyncIterator[World]:
    world = two_pages()
    await world.start()
    yield world
    await world.kill()


@pytest.fixture
async def lasting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world whose worker can be stopped and started, over a store in a file."""
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    url = f"sqlite:///{tmp_path / 'handover.db'}"
    world = World(lambda worker: SqlStore(url, worker=worker))
    await world.start()
    yield world
    await world.kill()


async def is_restarted(world: World) -> None:
    await world.engine.stop()
    world.workers.clear()
    await world.start()


def breaking(world: World, error: GraphError = DEAD_TOKEN) -> Callable[[object], None]:
    """A step of a turn in which the page breaks."""

    def breaks(_: object) -> None:
        world.graph.broken[PAGE] = error

    return breaks


async def pass_hours(world: World, hours: int) -> None:
    for _ in range(hours * 60):
        await world.wait(MINUTE)


# Events ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", KINDS)
async def test_what_users_write_waits_as_long_as_it_takes_and_is_answered_once(
    world: World, error: GraphError
) -> None:
    await world.user_says("hi", USERS[0])
    world.graph.broken[PAGE] = error
    await world.deliver(world.message("hello"), world.message("anybody?"))
    await pass_hours(world, 3)
    assert (world.said(), world.heard()) == ([], ["hello", "anybody?"])

    del world.graph.broken[PAGE]
    await pass_hours(world, 1)
    assert world.said() == ["re: hello", "re: anybody?"]
    assert (await world.store.backlog()).dead == 0


@pytest.mark.parametrize("error", KINDS)
async def test_a_page_that_breaks_in_the_middle_of_a_turn_has_it_taken_once(
    world: World, error: GraphError
) -> None:
    actions: list[object] = []
    world.script.answers["hello"] = ["one", actions.append, breaking(world, error), "two", "three"]
    await world.user_says("hello")
    await world.wait(MINUTE)
    assert world.said() in ([], ["one"])

    del world.graph.broken[PAGE]
    await pass_hours(world, 1)
    assert world.said() == ["one", "two", "three"]
    assert world.heard() == ["hello"]
    assert len(actions) == 1


async def test_a_refused_send_still_counts_to_the_end_of_an_event(world: World) -> None:
    world.script.once["hello"] = [[GraphRefused("Invalid parameter", code=100)]] * 3
    await world.user_says("hello")
    await world.wait(SECOND)
    await world.wait(SECOND)

    assert (await world.store.backlog()).dead == 1


async def test_a_message_that_meta_alone_of_all_never_answers_is_set_aside_in_the_end(
    world: World,
) -> None:
    strange = GraphUnavailable("Server error", others_answered=True)
    world.script.answers["strange"] = [strange]
    await world.deliver(world.message("strange"), world.message("hello"))
    await world.wait(PATIENCE - SECOND)
    assert world.said() == []

    for _ in range(5):
        await world.wait(MINUTE)
    assert world.said() == ["re: hello"]


async def test_a_message_that_meta_does_not_answer_while_it_answers_nobody_waits_on(
    world: World,
) -> None:
    world.script.answers["hello"] = [GraphUnavailable("Server error")]
    await world.deliver(world.message("hello"))
    for _ in range(PATIENCE // MINUTE + 2):
        await world.wait(MINUTE)
    assert (await world.store.backlog()).dead == 0

    world.script.answers["hello"] = ["good day"]
    await world.wait(MINUTE)
    assert world.said() == ["good day"]


async def test_turns_are_taken_on_a_closed_page_and_what_they_say_waits(world: World) -> None:
    await world.user_says("hi")
    world.graph.broken[PAGE] = DEAD_TOKEN
    world.graph.sent.clear()
    await world.deliver(*[world.message("hello", user) for user in USERS])
    await pass_hours(world, 1)
    assert [world.heard(user) for user in USERS] == [["hello"]] * len(USERS)
    assert world.graph.sent == []

    del world.graph.broken[PAGE]
    await world.wait(MINUTE)
    assert [world.said(user) for user in USERS] == [["re: hello"]] * len(USERS)


async def test_one_question_finds_out_for_everybody_that_the_page_can_be_used(
    world: World,
) -> None:
    world.graph.broken[PAGE] = DEAD_TOKEN
    await world.user_says("hello")
    await world.deliver(*[world.message("hello", user) for user in USERS])
    world.graph.calls.clear()
    await world.wait(LONGEST_PAUSE)

    assert [call.verb for call in world.graph.calls] == ["probe"]


async def test_of_a_long_rate_limit_meta_is_asked_now_and_then_and_nothing_before(
    world: World,
) -> None:
    world.graph.fail("send", THROTTLED)
    await world.user_says("hello")
    await world.deliver(*[world.message("hello", user) for user in USERS])
    world.graph.calls.clear()
    await world.wait(LONGEST_LIMIT - SECOND)
    assert world.graph.calls == []

    world.graph.fail("probe", THROTTLED)
    await world.wait(LONGEST_LIMIT)
    assert [call.verb for call in world.graph.calls] == ["probe"]

    await world.wait(LONGEST_LIMIT)
    assert all(world.said(user) == ["re: hello"] for user in (ANNA, *USERS))


async def test_neither_seen_nor_typing_is_shown_for_what_waits(world: World) -> None:
    world.graph.broken[PAGE] = DEAD_TOKEN
    await world.user_says("hello")
    world.graph.calls.clear()
    await world.user_says("hello?", USERS[0])

    assert world.calls("sender_action") == 0


# Several pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", KINDS)
async def test_a_closed_page_keeps_no_other_page_waiting(pages: World, error: GraphError) -> None:
    pages.graph.broken[PAGE] = error
    await pages.deliver(*[pages.message("hello", user) for user in USERS])
    await pages.user_says("hello", ON_OTHER_PAGE)
    await pages.user_says("human", ON_OTHER_PAGE)

    assert pages.said(ON_OTHER_PAGE) == ["re: hello", "connecting"]
    assert [closed.page for closed in pages.graph.closed_pages()] == [f"page {PAGE}"]


async def test_a_page_whose_turns_are_slow_leaves_places_to_the_others() -> None:
    world = two_pages(max_turns=10)
    await world.start()
    gate = asyncio.Event()
    world.script.answers["slow"] = [gate, "at last"]
    await world.deliver(*[world.message("slow", user) for user in USERS])
    await world.user_says("hello", ON_OTHER_PAGE)
    assert world.said(ON_OTHER_PAGE) == ["re: hello"]

    gate.set()
    await world.settle()
    assert all(world.said(user) == ["at last"] for user in USERS)


# Handovers ---------------------------------------------------------------------------------------


async def test_a_handover_that_a_rate_limit_holds_up_is_made_when_it_is_over(
    world: World,
) -> None:
    limit = GraphThrottled("Too many calls", code=80006, retry_after=30 * SECOND)
    world.graph.fail("pass_control", limit)
    await world.user_says("human")
    await world.user_says("hello?")
    assert (await world.session()).state is State.OPENING

    await world.wait(30 * SECOND)
    assert world.graph.threads[ANNA] == INBOX
    assert world.said() == ["connecting"]
    assert (await world.session()).state is State.ACTIVE


async def test_a_handover_that_a_rate_limit_holds_up_for_too_long_fails_and_is_told(
    world: World,
) -> None:
    limit = GraphThrottled("Too many calls", code=4, retry_after=3 * SECOND)
    world.graph.fail("pass_control", limit, times=999)
    await world.user_says("human")
    for _ in range(70):
        await world.wait(SECOND)
    assert (world.said(), world.ends()) == (["connecting", "re: failed"], ["failed"])

    await world.user_says("hello?")
    assert world.said()[-1] == "re: hello?"


async def test_a_handover_that_a_dead_token_prevents_is_told_to_have_failed_once_it_can_be(
    world: World,
) -> None:
    world.script.answers["human"] = ["connecting", breaking(world), HANDOVER]
    await world.user_says("human")
    await pass_hours(world, 1)
    assert world.ends() == ["failed"]

    del world.graph.broken[PAGE]
    await pass_hours(world, 1)
    assert (world.said(), world.ends()) == (["connecting", "re: failed"], ["failed"])


@pytest.mark.parametrize("error", KINDS)
async def test_the_end_of_a_handover_is_told_once_the_page_is_open(
    world: World, error: GraphError
) -> None:
    await world.hand_over()
    world.graph.broken[PAGE] = error
    await world.wait(TIMEOUT)
    await world.wait(TIMEOUT)
    assert (world.ends(), world.graph.threads[ANNA]) == ([], INBOX)

    del world.graph.broken[PAGE]
    await pass_hours(world, 1)
    assert (world.ends(), world.graph.threads[ANNA]) == (["timeout"], BOT)
    assert world.said() == ["re: timeout"]


async def test_the_follow_up_of_a_thread_that_is_ours_waits_for_the_page(world: World) -> None:
    await world.hand_over()
    world.graph.broken[PAGE] = DEAD_TOKEN
    await world.agent_returns()
    await world.wait(HOUR)
    assert world.ends() == []

    del world.graph.broken[PAGE]
    await pass_hours(world, 1)
    assert world.ends() == ["agent_returned"]
    assert world.said() == ["re: agent_returned"]


# Restarts ----------------------------------------------------------------------------------------


async def test_a_new_token_that_comes_with_a_restart_sends_what_was_not_sent(
    lasting: World,
) -> None:
    lasting.script.once["hello"] = [["one", "two", breaking(lasting), "three"]]
    await lasting.deliver(lasting.message("hello"), lasting.message("thanks"))
    assert "three" not in lasting.said()

    del lasting.graph.broken[PAGE]
    await is_restarted(lasting)
    await lasting.wait(MINUTE)
    assert lasting.said() == ["one", "two", "three", "re: thanks"]
    assert lasting.heard() == ["hello", "thanks"]


async def test_a_follow_up_that_a_dead_token_cut_goes_on_after_a_restart(lasting: World) -> None:
    lasting.script.once["keyword"] = [["welcome back", breaking(lasting), "what else?"]]
    await lasting.hand_over()
    await lasting.user_says("menu")
    assert "what else?" not in lasting.said()

    del lasting.graph.broken[PAGE]
    await is_restarted(lasting)
    await pass_hours(lasting, 1)
    assert lasting.said() == ["welcome back", "what else?"]
    assert lasting.ends() == ["keyword"]


async def test_a_turn_that_a_stop_cuts_says_nothing_twice_after_the_next_start(
    lasting: World,
) -> None:
    lasting.script.answers["hello"] = ["one", "two"]
    lasting.script.once["hello"] = [["one", asyncio.Event()]]
    await lasting.user_says("hello")
    await is_restarted(lasting)

    assert lasting.said() == ["one", "two"]


# Workers -----------------------------------------------------------------------------------------


async def test_workers_share_the_limits_of_a_page(world: World) -> None:
    assert world.graph.workers == 1
    await world.start()
    await world.wait(RENEWAL_INTERVAL)
    assert world.graph.workers == 2


async def test_a_message_whose_echo_another_worker_has_heard_is_not_sent_again(
    world: World,
) -> None:
    other = await world.start()
    await world.wait(RENEWAL_INTERVAL)
    world.graph.fail("send", GraphTimeout("No answer"))
    await world.user_says("hello")
    [call] = [call for call in world.graph.calls if call.verb == "send"]
    await other.engine.intake.hear_echo(call.arguments["mark"])
    await world.wait(MINUTE)

    assert world.calls("send") == 1


async def test_a_worker_that_is_alone_keeps_no_echoes(world: World) -> None:
    await world.engine.intake.hear_echo("nonce")

    assert not await world.store.has_echo("nonce")
    assert world.graph.echoes == ["nonce"]


async def test_health_can_tell_what_keeps_a_page_closed(world: World) -> None:
    world.graph.broken[PAGE] = DEAD_TOKEN
    await world.user_says("hello")

    [closed] = world.graph.closed_pages()
    assert closed.obstacle is Obstacle.UNAUTHORISED
    assert "expired" in closed.reason


async def test_after_a_restart_a_page_that_takes_all_its_room_holds_up_no_other_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "MOST_OF_A_PAGE", 5)
    monkeypatch.setattr(delivery, "BATCH", 5)
    world = two_pages()
    await world.start()
    world.graph.broken[PAGE] = world.graph.broken[OTHER_PAGE] = DEAD_TOKEN
    await world.deliver(*[world.message("hello", user) for user in USERS[:5]])
    await world.deliver(world.message("hello", ON_OTHER_PAGE))
    await world.kill()
    del world.graph.broken[OTHER_PAGE]
    await world.replace_dead()
    await pass_hours(world, 1)

    assert world.said(ON_OTHER_PAGE) == ["re: hello"]
