"""What an outage of Meta is over HTTP, what is logged of it, and what has arrived all the same."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from channels.core.errors import (
    GraphTimeout,
    GraphUnavailable,
    TokenRefused,
)
from channels.graph.http import HttpGraph
from channels.graph.protocol import Obstacle
from tests.contract.graph.http.graph_http_samples import DOWN, TOKEN, graph_of, mark_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.limits.limit_samples import ADA, PAGE, SECOND, SENT
from tests.contract.graph.scripted_graph import (
    Reset,
    ScriptedGraph,
    refused,
)


async def test_a_call_that_fails_while_meta_answers_others_is_no_outage(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [DOWN, DOWN, DOWN, PAGE]
    with pytest.raises(GraphUnavailable) as failure:
        await graph.send(ADA, {"text": "Hello"})
    assert graph.closed_pages() == []
    assert not failure.value.others_answered


async def test_a_message_that_fails_while_others_are_sent_is_known_as_such(
    meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    graph = graph_of(meta.url, clock)
    others: list[asyncio.Future[str]] = []

    def another_is_sent() -> None:
        if not others:
            others.append(asyncio.ensure_future(graph.send(ADA, {"text": "Another"})))

    clock.on_sleep = another_is_sent
    meta.script = [DOWN, SENT, DOWN, DOWN]
    with pytest.raises(GraphUnavailable) as failure:
        await graph.send(ADA, {"text": "Hello"})
    assert failure.value.others_answered
    assert len(meta.seen) == 4
    await others[0]
    await graph.close()


async def test_an_answer_to_any_call_ends_an_outage(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    meta.script = [DOWN] * 4
    with pytest.raises(GraphUnavailable):
        await graph.owner(ADA)
    [closed] = graph.closed_pages()
    assert closed.obstacle is Obstacle.UNREACHABLE
    clock.advance(SECOND)
    meta.script = [PAGE, SENT]
    assert await graph.send(ADA, {"text": "Hello"}) == "m_1"
    assert graph.closed_pages() == []


async def test_a_dead_token_is_logged_once_with_its_remedy_and_no_secret(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock, caplog: pytest.LogCaptureFixture
) -> None:
    meta.script = [refused(code=190, message=f"Bad {TOKEN}"), refused(code=190), PAGE]
    for _ in range(9):
        with pytest.raises(TokenRefused):
            await graph.send(ADA, {"text": "Hello"})
    clock.advance(timedelta(minutes=1))
    with pytest.raises(TokenRefused):
        await graph.probe(ADA.page)
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "refuses the token of the page" in record.getMessage()
    assert "'page-access-token'" in record.getMessage()
    assert TOKEN not in record.getMessage()

    clock.advance(timedelta(minutes=1))
    await graph.probe(ADA.page)
    assert "takes the calls of the page again" in caplog.records[-1].getMessage()


async def test_calls_that_are_refused_at_once_tell_of_a_dead_token_once(
    graph: HttpGraph, meta: ScriptedGraph, caplog: pytest.LogCaptureFixture
) -> None:
    meta.script = [refused(code=190)] * 2
    sends = (graph.send(ADA, {"text": text}) for text in ("Hello", "there"))
    answers = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(answer) for answer in answers] == [TokenRefused] * 2
    assert len(meta.seen) == len(caplog.records) + 1 == 2


async def test_a_message_whose_echo_another_worker_has_heard_is_not_sent_again(
    meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    asked: list[str] = []

    async def heard_elsewhere(mark: str) -> bool:
        asked.append(mark)
        return True

    graph = graph_of(meta.url, clock, heard_elsewhere=heard_elsewhere)
    graph.share_among(2)
    meta.script = [Reset()]
    assert await graph.send(ADA, {"text": "Hello"}) == ""
    assert len(meta.seen) == 1
    assert asked == [mark_of(meta.seen[0])]
    await graph.close()


async def test_a_message_that_no_worker_has_heard_of_is_in_doubt(
    meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    async def heard_elsewhere(_: str) -> bool:
        return False

    graph = graph_of(meta.url, clock, heard_elsewhere=heard_elsewhere)
    graph.share_among(2)
    meta.script = [Reset()]
    with pytest.raises(GraphTimeout):
        await graph.send(ADA, {"text": "Hello"})
    await graph.close()
