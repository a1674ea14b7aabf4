"""Whom a rate limit, a dead token or a bad request holds up, over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import (
    GraphRefused,
    GraphThrottled,
    TokenRefused,
)
from channels.graph.http import HttpGraph
from channels.graph.pages import PagesGraph
from channels.instruments.metrics import Metrics
from tests.contract.graph.http.graph_http_samples import graph_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.limits.limit_samples import ADA, ON_OTHER_PAGE, SECOND, SENT, throttled
from tests.contract.graph.scripted_graph import (
    ScriptedGraph,
    refused,
    scripted_graph,
)
from tests.fakes.clock import ManualClock


@pytest.mark.parametrize("code", [613, 80006, 32, 17])
async def test_the_time_that_meta_names_is_waited_for(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock, code: int
) -> None:
    meta.script = [throttled(code, minutes=7), SENT]
    with pytest.raises(GraphThrottled):
        await graph.send(ADA, {"text": "Hello"})
    clock.advance(timedelta(minutes=7) - SECOND * 10)
    with pytest.raises(GraphThrottled):
        await graph.send(ADA, {"text": "Hello"})
    assert len(meta.seen) == 1
    clock.advance(SECOND * 10)
    assert await graph.send(ADA, {"text": "Hello"}) == "m_1"


async def test_a_throttled_page_does_not_slow_another(
    two_pages: tuple[PagesGraph, ScriptedGraph, ScriptedGraph], clock: ImpatientClock
) -> None:
    pages, meta, other = two_pages
    meta.script, other.script = [throttled()], [SENT] * 9
    with pytest.raises(GraphThrottled):
        await pages.send(ADA, {"text": "Hello"})
    began = clock.now()
    for _ in range(9):
        await pages.send(ON_OTHER_PAGE, {"text": "Hello"})
    assert (clock.now(), len(meta.seen), len(other.seen)) == (began, 1, 9)
    assert [closed.page for closed in pages.closed_pages()] == ["page 111"]


async def test_a_page_that_is_slow_does_not_slow_another(meta: ScriptedGraph) -> None:
    clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
    async with scripted_graph() as other:
        slow = graph_of(meta.url, clock, sends_a_second=1)
        pages = PagesGraph({"111": slow, "333": graph_of(other.url, clock)}, Metrics())
        meta.script, other.script = [SENT], [SENT] * 9
        await pages.send(ADA, {"text": "Hello"})
        waiting = asyncio.ensure_future(pages.send(ADA, {"text": "Hello"}))
        for _ in range(9):
            await pages.send(ON_OTHER_PAGE, {"text": "Hello"})
        assert (len(meta.seen), len(other.seen), waiting.done()) == (1, 9, False)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await pages.close()


@pytest.mark.parametrize("code", [4, 341])
async def test_the_app_s_own_limit_holds_for_all_its_pages(
    two_pages: tuple[PagesGraph, ScriptedGraph, ScriptedGraph], code: int
) -> None:
    pages, meta, other = two_pages
    meta.script = [throttled(code)]
    with pytest.raises(GraphThrottled):
        await pages.send(ADA, {"text": "Hello"})
    with pytest.raises(GraphThrottled):
        await pages.send(ON_OTHER_PAGE, {"text": "Hello"})
    assert other.seen == []
    assert pages.closed_page("333") is not None


async def test_of_a_page_s_limit_and_the_app_s_the_longer_one_counts(
    two_pages: tuple[PagesGraph, ScriptedGraph, ScriptedGraph], clock: ImpatientClock
) -> None:
    pages, meta, other = two_pages
    meta.script, other.script = [throttled(minutes=9)], [throttled(code=4, minutes=3)]
    for thread in (ADA, ON_OTHER_PAGE):
        with pytest.raises(GraphThrottled):
            await pages.send(thread, {"text": "Hello"})
    closed = pages.closed_page("111")
    assert closed is not None
    assert closed.until == clock.now() + timedelta(minutes=9)


async def test_the_dead_token_of_one_page_is_no_other_s(
    two_pages: tuple[PagesGraph, ScriptedGraph, ScriptedGraph],
) -> None:
    pages, meta, other = two_pages
    meta.script, other.script = [refused(code=190)], [SENT]
    with pytest.raises(TokenRefused):
        await pages.send(ADA, {"text": "Hello"})
    assert await pages.send(ON_OTHER_PAGE, {"text": "Hello"}) == "m_1"
    assert pages.closed_page("333") is None


async def test_a_bad_request_holds_up_nobody(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [refused(code=100), SENT]
    with pytest.raises(GraphRefused):
        await graph.send(ADA, {"text": "Hello"})
    assert graph.closed_pages() == []
    assert await graph.send(ADA, {"text": "Hello"}) == "m_1"
