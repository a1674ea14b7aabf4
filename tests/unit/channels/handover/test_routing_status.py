"""Whether routing is on: asked of Meta once an hour, and never guessed."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import GraphUnavailable, TokenRefused
from channels.core.meta.ownership import Routing
from channels.core.settings.values import RoutingSetting
from channels.handover.routing_status import ASK_AGAIN_AFTER, ASK_AGAIN_AFTER_FAILURE, RoutingStatus
from tests.fakes.clock import ManualClock
from tests.fakes.graph import MemoryGraph

PAGE, OTHER_PAGE = "111", "112"
A_MOMENT = timedelta(milliseconds=1)
DOWN = GraphUnavailable("Graph is down")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 10, 1, 12, 0, tzinfo=timezone.utc))


@pytest.fixture
def graph() -> MemoryGraph:
    return MemoryGraph(app_id="1000")


@pytest.fixture
def status(graph: MemoryGraph, clock: ManualClock) -> RoutingStatus:
    return RoutingStatus(setting=RoutingSetting.AUTO, graph=graph, clock=clock)


@pytest.mark.parametrize(
    ("setting", "routing"),
    [(RoutingSetting.ON, Routing.ON), (RoutingSetting.OFF, Routing.OFF)],
)
async def test_what_the_setting_says_is_not_asked(
    graph: MemoryGraph, clock: ManualClock, setting: RoutingSetting, routing: Routing
) -> None:
    assert await RoutingStatus(setting=setting, graph=graph, clock=clock).of(PAGE) is routing
    assert graph.calls == []


@pytest.mark.parametrize("routing", Routing)
async def test_meta_is_asked(graph: MemoryGraph, status: RoutingStatus, routing: Routing) -> None:
    graph.routing_now = routing
    assert await status.of(PAGE) is routing


async def test_meta_is_asked_once_an_hour(
    graph: MemoryGraph, clock: ManualClock, status: RoutingStatus
) -> None:
    await status.of(PAGE)
    graph.routing_now = Routing.OFF
    clock.advance(ASK_AGAIN_AFTER - A_MOMENT)
    assert await status.of(PAGE) is Routing.ON
    assert len(graph.calls) == 1
    clock.advance(A_MOMENT)
    assert await status.of(PAGE) is Routing.OFF
    assert len(graph.calls) == 2


async def test_each_page_is_asked_for(graph: MemoryGraph, status: RoutingStatus) -> None:
    await status.of(PAGE)
    await status.of(OTHER_PAGE)
    assert [call.arguments["page"] for call in graph.calls] == [PAGE, OTHER_PAGE]


async def test_events_at_once_share_one_answer(graph: MemoryGraph, status: RoutingStatus) -> None:
    assert await asyncio.gather(*(status.of(PAGE) for _ in range(20))) == [Routing.ON] * 20
    assert len(graph.calls) == 1


async def test_while_one_asks_again_the_others_go_on_with_what_is_known(
    graph: MemoryGraph, clock: ManualClock, status: RoutingStatus
) -> None:
    await status.of(PAGE)
    graph.routing_now = Routing.OFF
    clock.advance(ASK_AGAIN_AFTER)
    answers = await asyncio.gather(*(status.of(PAGE) for _ in range(2)))
    assert answers == [Routing.OFF, Routing.ON]


async def test_while_one_asks_again_the_others_do_not_wait_though_meta_has_never_answered(
    graph: MemoryGraph, clock: ManualClock, status: RoutingStatus
) -> None:
    graph.fail("routing", DOWN)
    await status.of(PAGE)
    clock.advance(ASK_AGAIN_AFTER_FAILURE)
    answers = await asyncio.gather(*(status.of(PAGE) for _ in range(2)))
    assert answers == [Routing.ON, Routing.OFF]


async def test_while_meta_has_never_answered_routing_counts_as_off(
    graph: MemoryGraph, status: RoutingStatus
) -> None:
    graph.fail("routing", DOWN)
    assert await status.of(PAGE) is Routing.OFF


async def test_a_failure_keeps_the_last_answer(
    graph: MemoryGraph, clock: ManualClock, status: RoutingStatus
) -> None:
    await status.of(PAGE)
    clock.advance(ASK_AGAIN_AFTER)
    graph.fail("routing", DOWN)
    assert await status.of(PAGE) is Routing.ON


async def test_after_a_failure_meta_is_asked_again_in_a_minute(
    graph: MemoryGraph, clock: ManualClock, status: RoutingStatus
) -> None:
    graph.fail("routing", DOWN)
    await status.of(PAGE)
    clock.advance(ASK_AGAIN_AFTER_FAILURE - A_MOMENT)
    assert await status.of(PAGE) is Routing.OFF
    clock.advance(A_MOMENT)
    assert await status.of(PAGE) is Routing.ON


async def test_a_failure_is_logged_with_its_remedy(
    graph: MemoryGraph, status: RoutingStatus, caplog: pytest.LogCaptureFixture
) -> None:
    graph.fail("routing", TokenRefused("The token has expired", remedy="Make a new one."))
    await status.of(PAGE)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "The token has expired. Make a new one." in record.getMessage()
