"""Operators are told: everything, in order, once each if all goes well, and at least once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.events import Thread
from tests.scenario.desk import Desk
from tests.scenario.world import ANNA, PAGE, SECOND, World

SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BEN = Thread(page=PAGE, user="2002")
MINUTE = timedelta(minutes=1)


def hook(host: str, **fields: Any) -> dict[str, Any]:
    return {"url": f"https://{host}/hook", "secret": SECRET, **fields}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(notify=[hook("desk"), hook("other", events=["failed"])])
    await world.start()
    yield world
    await world.kill()


@pytest.fixture
def desk(world: World) -> Desk:
    return world.desks["desk"]


def outcomes(world: World) -> dict[str, float]:
    counter = world.engine.metrics.notices
    return {name: counter.labels(name)._value.get() for name in ("told", "failed", "dead")}


async def test_a_handover_is_told_from_beginning_to_end(world: World, desk: Desk) -> None:
    await world.hand_over()
    await world.operator_says("I am here")
    await world.operator_says("again")
    await world.agent_returns()
    await world.wait(5 * SECOND)

    assert desk.kinds() == ["opened", "answered", "ended"]
    assert desk.got[-1].reason == "agent_returned"
    assert desk.got[-1].operator_messages == 2
    assert outcomes(world) == {"told": 3, "failed": 0, "dead": 0}
    assert world.desks["other"].got == []


async def test_that_nobody_answers_is_told_after_two_minutes_once(world: World, desk: Desk) -> None:
    await world.hand_over()
    await world.wait(2 * MINUTE - 5 * SECOND)
    assert desk.kinds() == ["opened"]
    await world.wait(10 * SECOND)
    await world.wait(2 * SECOND)
    assert desk.kinds() == ["opened", "unanswered"]
    for _ in range(5):
        await world.wait(2 * MINUTE)
    assert desk.kinds() == ["opened", "unanswered"]


async def test_somebody_who_is_answered_in_time_is_no_reminder(world: World, desk: Desk) -> None:
    await world.hand_over()
    await world.operator_says("here")
    await world.wait(5 * MINUTE)
    assert desk.kinds() == ["opened", "answered"]


async def test_a_handover_that_could_not_be_made_is_told_to_who_wants_to_know(
    world: World, desk: Desk
) -> None:
    world.script.answers["human"] = [{"custom": {"handover": {"plan": "no such plan"}}}]
    await world.user_says("human")
    await world.wait(5 * SECOND)

    assert desk.kinds() == ["failed"]
    assert world.desks["other"].kinds() == ["failed"]


async def test_an_operator_who_takes_a_thread_is_told_of(world: World, desk: Desk) -> None:
    await world.user_says("hello")
    world.graph.threads[ANNA] = "263902037430900"
    await world.operator_says("let me")
    await world.wait(5 * SECOND)
    await world.operator_says("help")
    await world.wait(5 * SECOND)

    assert desk.kinds() == ["opened", "answered"], "once, though it was told before the next step"
    assert {notice.opened_by for notice in desk.got} == {"somebody else"}


async def test_operators_are_reminded_of_a_thread_that_was_taken_once_its_user_has_written(
    world: World, desk: Desk
) -> None:
    world.graph.threads[ANNA] = "777000777000777"
    passed = world.control_passed(previous_owner="900", new_owner="777000777000777")
    await world.deliver(passed)
    await world.wait(5 * MINUTE)
    assert desk.kinds() == ["opened"], "nobody waits"
    await world.user_says("Who are you?")
    await world.wait(MINUTE)
    assert desk.kinds() == ["opened"]
    await world.wait(MINUTE + 5 * SECOND)
    await world.wait(2 * SECOND)
    assert desk.kinds() == ["opened", "unanswered"]


async def test_nothing_is_lost_while_a_target_is_down_for_an_hour(world: World, desk: Desk) -> None:
    desk.is_away = True
    await world.hand_over()
    await world.hand_over(BEN)
    await world.operator_says("here")
    await world.agent_returns()
    for _ in range(240):
        await world.wait(15 * SECOND)
    assert desk.got == []
    assert len(desk.tries) < 40, "it is left in peace"
    desk.is_away = False
    for _ in range(60):
        await world.wait(15 * SECOND)

    told = [notice.kind.value for notice in desk.got if notice.thread == ANNA]
    assert told == ["opened", "answered", "ended"]
    others = [notice.kind.value for notice in desk.got if notice.thread == BEN]
    assert others[:2] == ["opened", "unanswered"]
    assert max(Counter(notice.id for notice in desk.got).values()) == 1


async def test_a_target_that_has_been_back_meanwhile_is_tried_again_soon(
    world: World, desk: Desk
) -> None:
    await world.hand_over()
    for is_away in (True, False):
        desk.is_away = is_away
        for _ in range(40):
            await world.wait(15 * SECOND)
    desk.is_away = True
    await world.hand_over(BEN)
    await world.wait(SECOND)
    desk.is_away = False
    for _ in range(5):
        await world.wait(SECOND)

    assert desk.got[-1].thread == BEN


async def test_a_lost_answer_repeats_a_notice_with_the_same_id(world: World, desk: Desk) -> None:
    desk.loses_answers = True
    await world.hand_over()
    await world.wait(5 * SECOND)
    desk.loses_answers = False
    await world.wait(MINUTE)

    assert set(desk.kinds()) == {"opened"}
    assert len(desk.got) > 1
    assert len({notice.id for notice in desk.got}) == 1


async def test_a_notice_that_is_refused_keeps_back_its_own_session_alone(
    world: World, desk: Desk
) -> None:
    desk.refuses = {"answered"}
    await world.hand_over()
    await world.operator_says("here")
    await world.agent_returns()
    await world.hand_over(BEN)
    await world.wait(5 * SECOND)

    assert [(notice.thread.user, notice.kind.value) for notice in desk.got] == [
        ("2001", "opened"),
        ("2002", "opened"),
    ]


async def test_a_notice_that_is_refused_is_tried_again_less_and_less_often(
    world: World, desk: Desk
) -> None:
    desk.refuses = {"opened"}
    await world.hand_over()
    for _ in range(60):
        await world.wait(10 * SECOND)

    assert len(desk.tries) in range(4, 20)


async def test_what_no_target_takes_for_a_day_is_given_up_and_counted(
    world: World, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.refuses = {"opened"}
    await world.hand_over()
    await world.operator_says("here")
    await world.agent_returns()
    for _ in range(int(timedelta(days=1) / timedelta(minutes=4)) + 5):
        await world.wait(timedelta(minutes=4))
    await world.wait(5 * SECOND)

    assert desk.kinds() == ["answered", "ended"]
    assert outcomes(world)["dead"] == 1
    assert "given up" in caplog.text
    assert "/hook" not in caplog.text


async def test_a_target_that_hangs_delays_nothing_else(world: World, desk: Desk) -> None:
    desk.hangs = asyncio.Event()
    world.script.answers["human"] = [{"custom": {"handover": {"plan": "no such plan"}}}]
    await world.user_says("human")
    await world.wait(5 * SECOND)

    assert world.desks["other"].kinds() == ["failed"]
    await world.user_says("hello")
    assert world.said()[-1:] == ["re: hello"]
    desk.hangs.set()


async def test_what_a_killed_worker_had_to_tell_is_told_by_the_next(
    world: World, desk: Desk
) -> None:
    desk.hangs = asyncio.Event()
    await world.hand_over()
    await world.wait(5 * SECOND)
    await world.kill()
    desk.hangs = None
    await world.replace_dead()
    await world.wait(5 * SECOND)

    assert set(desk.kinds()) == {"opened"}


async def test_two_workers_tell_everything_once(world: World, desk: Desk) -> None:
    await world.start()
    for number in range(5):
        await world.hand_over(Thread(page=PAGE, user=f"30{number}"))
    await world.wait(10 * SECOND)

    assert Counter(notice.id for notice in desk.got).most_common(1)[0][1] == 1
    assert len(desk.got) == 5


async def test_a_stop_lets_go_of_whom_it_tells(world: World, desk: Desk) -> None:
    await world.engine.stop()

    assert desk.is_closed
