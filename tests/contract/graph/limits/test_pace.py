"""How fast a page's calls go out over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest

from channels.core.errors import (
    GraphThrottled,
    TokenRefused,
)
from channels.graph.http import LOOKS_A_SECOND, HttpGraph
from channels.graph.pace import JITTER, LONGEST_QUEUE
from channels.graph.protocol import SenderAction
from tests.contract.graph.http.graph_http_samples import DOWN, NOBODY_OWNS, graph_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.limits.limit_samples import ADA, SECOND, SENT, VIDEO
from tests.contract.graph.scripted_graph import (
    ScriptedGraph,
    refused,
)
from tests.fakes.clock import ManualClock


async def times_of(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock, *messages: dict[str, Any]
) -> list[datetime]:
    """When the requests of these messages came in."""
    times: list[datetime] = []
    meta.on_request = lambda _seen: times.append(clock.now())
    meta.script = [SENT] * len(messages)
    for message in messages:
        await graph.send(ADA, message)
    return times


def most_in_a_second(times: list[datetime]) -> int:
    return max(sum(first <= at < first + SECOND for at in times) for first in times)


async def test_no_more_messages_go_out_in_a_second_than_the_setting_allows(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    times = await times_of(graph, meta, clock, *[{"text": "Hello"}] * 25)
    assert most_in_a_second(times) == 8
    assert times[-1] - times[0] == 3 * (SECOND + JITTER)


async def test_owners_are_asked_for_no_faster_than_their_budget_whoever_asks(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    times: list[datetime] = []
    meta.on_request = lambda _seen: times.append(clock.now())
    meta.script = [NOBODY_OWNS] * 50
    for _ in range(50):
        await graph.owner(ADA)
    assert most_in_a_second(times) == LOOKS_A_SECOND


async def test_a_worker_beside_another_sends_half_of_the_videos(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    graph.share_among(2)
    times = await times_of(graph, meta, clock, VIDEO, VIDEO)
    assert times[1] - times[0] >= SECOND


async def test_a_worker_beside_others_asks_for_its_part_of_the_owners(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    graph.share_among(4)
    times: list[datetime] = []
    meta.on_request = lambda _seen: times.append(clock.now())
    meta.script = [NOBODY_OWNS] * 20
    for _ in range(20):
        await graph.owner(ADA)
    assert most_in_a_second(times) == LOOKS_A_SECOND // 4


async def test_who_would_wait_long_for_a_look_at_an_owner_is_told_to_come_again(
    meta: ScriptedGraph,
) -> None:
    graph = graph_of(meta.url, ManualClock(datetime(2026, 10, 1, tzinfo=timezone.utc)))
    asking = [asyncio.create_task(graph.owner(ADA)) for _ in range(1500)]
    await asyncio.wait(asking[500:])
    errors = [one.exception() for one in asking if one.done() and one.exception()]
    assert {type(error) for error in errors} == {GraphThrottled}
    assert graph.closed_page("111") is None
    for one in asking:
        one.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await graph.close()


async def test_audio_and_video_are_slower(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    times = await times_of(graph, meta, clock, *[VIDEO] * 5)
    assert most_in_a_second(times) == 2


async def test_videos_do_not_slow_down_texts(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    await times_of(graph, meta, clock, VIDEO, VIDEO)
    began = clock.now()
    [at] = await times_of(graph, meta, clock, {"text": "Hello"})
    assert at == began


async def test_a_worker_beside_others_sends_its_part(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    graph.share_among(4)
    times = await times_of(graph, meta, clock, *[{"text": "Hello"}] * 9)
    assert most_in_a_second(times) == 2


async def test_tries_again_keep_to_the_pace_too(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    graph.share_among(8)
    times: list[datetime] = []
    meta.on_request = lambda _seen: times.append(clock.now())
    meta.script = [DOWN, SENT]
    await graph.send(ADA, {"text": "Hello"})
    assert times[1] - times[0] >= SECOND


async def test_what_could_not_go_out_for_long_is_not_queued(meta: ScriptedGraph) -> None:
    clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
    graph = graph_of(meta.url, clock, media_sends_a_second=1)
    meta.script = [SENT]
    await graph.send(ADA, VIDEO)
    room = LONGEST_QUEUE // (SECOND + JITTER)
    waiting = [asyncio.ensure_future(graph.send(ADA, VIDEO)) for _ in range(room)]
    await asyncio.sleep(0)
    with pytest.raises(GraphThrottled) as throttle:
        await graph.send(ADA, VIDEO)
    assert throttle.value.retry_after == (room + 1) * (SECOND + JITTER)
    assert graph.closed_pages() == []
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await graph.close()


async def test_what_waits_for_its_place_does_not_go_out_once_the_token_is_refused(
    meta: ScriptedGraph,
) -> None:
    clock = ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))
    graph = graph_of(meta.url, clock, sends_a_second=1)
    meta.script = [SENT, refused(code=190), refused(code=190)]
    await graph.send(ADA, {"text": "Hello"})
    waiting = asyncio.ensure_future(graph.send(ADA, {"text": "there"}))
    with pytest.raises(TokenRefused):
        await graph.owner(ADA)
    clock.advance(SECOND + JITTER)
    with pytest.raises(TokenRefused):
        await waiting
    assert [seen.path for seen in meta.seen[1:]] == ["/v25.0/me/thread_owner", "/v25.0/me"]
    await graph.close()


async def test_typing_is_not_shown_where_messages_need_the_room(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    await times_of(graph, meta, clock, {"text": "one"}, {"text": "two"})
    await graph.sender_action(ADA, SenderAction.TYPING_ON)
    assert len(meta.seen) == 2
