"""What each message tells of who is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.events import Thread
from channels.engine.engine import AVAILABILITY_INTERVAL
from channels.handover.availability import FEWEST_ANSWERS
from tests.scenario.shown import shown
from tests.scenario.world import ANNA, PAGE, SECOND, World

HOUR = timedelta(hours=1)
PLANS: dict[str, dict[str, Any]] = {
    "default": {"timeout": "30m", "keywords": ["menu"]},
    "late": {"hours": {"mon-fri": "15:00-16:00"}, "timezone": "Europe/Berlin"},
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World(plans=PLANS)
    await world.start()
    yield world
    await world.kill()


async def told(world: World) -> dict[str, Any]:
    await world.user_says("hello")
    metadata: dict[str, Any] = world.tracker_store.turns[-1].metadata["handover"]
    return metadata


async def test_it_tells_of_each_plan_whether_it_is_open_and_when_it_opens(world: World) -> None:
    found = await told(world)
    assert found["default"] == {
        "open": True,
        "opens_at": None,
        "waiting": 0,
        "expected_wait_seconds": None,
        "operator_seen_seconds": None,
    }
    assert found["late"]["open"] is False
    assert found["late"]["opens_at"] == "2026-10-01T15:00:00+02:00"


async def test_the_hours_are_those_of_the_moment(world: World) -> None:
    await told(world)
    await world.wait(HOUR - 3 * SECOND)
    assert (await told(world))["late"]["open"] is False
    assert (await told(world))["late"]["open"] is True
    await world.wait(HOUR - 2 * SECOND)
    assert (await told(world))["late"]["open"] is True
    last = (await told(world))["late"]
    assert (last["open"], last["opens_at"]) == (False, "2026-10-02T15:00:00+02:00")


async def test_who_waits_is_counted_until_an_operator_answers(world: World) -> None:
    ben = Thread(page=PAGE, user="2002")
    await world.hand_over(ben)
    await world.wait(AVAILABILITY_INTERVAL)
    assert (await told(world))["default"]["waiting"] == 1

    await world.operator_says("Good day", ben)
    await world.wait(AVAILABILITY_INTERVAL)
    found = (await told(world))["default"]
    assert found["waiting"] == 0
    assert found["operator_seen_seconds"] in range(16, 20)


async def test_the_wait_to_expect_is_the_median_of_those_before(world: World) -> None:
    for number in range(FEWEST_ANSWERS):
        thread = Thread(page=PAGE, user=str(3000 + number))
        await world.hand_over(thread)
        await world.wait(SECOND * (10 * number))
        await world.operator_says("Good day", thread)
    await world.wait(AVAILABILITY_INTERVAL)
    assert (await told(world))["default"]["expected_wait_seconds"] in range(20, 24)


async def test_no_message_asks_the_store(world: World) -> None:
    await told(world)
    before = world.workers[0].wire.calls.count("waits")
    for _ in range(9):
        await world.engine.intake.accept([world.message("hello")])
    await world.settle()
    assert world.workers[0].wire.calls.count("waits") == before


async def test_a_page_of_its_own_plan_is_counted_apart() -> None:
    other = "222000222000222"
    tokens = {page: {"page-access-token": "t"} for page in (PAGE, other)}
    pages: dict[str, Any] = {**tokens, other: {**tokens[other], "plans": {"default": {}}}}
    world = World(plans=PLANS, pages=pages)
    del world.section["page-access-token"]
    await world.start()
    await world.hand_over(Thread(page=other, user="2002"))
    await world.wait(AVAILABILITY_INTERVAL)
    assert (await told(world))["default"]["waiting"] == 0
    assert ANNA.page == PAGE
    await world.kill()


async def test_who_waits_for_the_hours_of_a_page_is_counted_once_though_it_has_instagram() -> None:
    page = {"page-access-token": "t", "instagram": "17841400000000000"}
    plan = {**PLANS["late"], "when-closed": "wait"}
    world = World(pages={PAGE: {**page, "plans": {"default": plan}}})
    del world.section["page-access-token"]
    await world.start()
    await world.user_says("human")
    await world.wait(AVAILABILITY_INTERVAL)
    assert shown(world, "sessions_waiting") == 1
    await world.kill()
