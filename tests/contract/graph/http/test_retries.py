"""Which calls of an HttpGraph are tried again, how often, how long, and after which pauses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from channels.core.errors import (
    ClaimLost,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    TokenRefused,
)
from channels.core.meta.ownership import Owner
from channels.graph.http import ECHO_WAIT, HttpGraph
from channels.graph.protocol import SenderAction
from channels.graph.retry import LONGEST_CALL
from channels.instruments.leases import working_on
from channels.store.protocol import CLAIM_LEASE
from tests.contract.emulated_page import EmulatedPage
from tests.contract.graph.http.graph_http_samples import (
    ADA,
    ANOTHER_OWNS,
    DOWN,
    WE_OWN,
    graph_of,
    pass_to_agent,
    posts,
)
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import (
    Act,
    Reply,
    Reset,
    ScriptedGraph,
    Seen,
    Silence,
    refused,
)
from tests.contract.store.store_samples import message
from tests.fakes.store import MemoryStore

# Trying again ------------------------------------------------------------------------------------


async def test_a_transient_failure_is_tried_again(
    live: HttpGraph, page: EmulatedPage, clock: ImpatientClock
) -> None:
    await page.break_calls(path="messages", status=500, times=2)
    await live.send(page.thread, {"text": "Hello"})
    assert [message["text"] for message in await page.delivered()] == ["Hello"]
    assert clock.pauses == [ECHO_WAIT, timedelta(seconds=0.5), ECHO_WAIT, timedelta(seconds=1)]


async def test_three_transient_failures_are_enough(live: HttpGraph, page: EmulatedPage) -> None:
    await page.break_calls(path="thread_owner", status=500, times=None)
    with pytest.raises(GraphUnavailable):
        await live.owner(page.thread)
    assert len(await page.calls("thread_owner")) == 3


@pytest.mark.parametrize("act", [DOWN, Reset(), Silence(), Reply(status=502, body=b"<html>")])
async def test_every_kind_of_missing_answer_is_tried_again(
    hasty: HttpGraph, meta: ScriptedGraph, act: Act
) -> None:
    meta.script = [act, ANOTHER_OWNS]
    assert await hasty.owner(ADA) is Owner.ANOTHER_APP


async def test_nobody_listening_is_tried_again(clock: ImpatientClock, unused_tcp_port: int) -> None:
    graph = graph_of(f"http://127.0.0.1:{unused_tcp_port}/v25.0", clock)
    with pytest.raises(GraphUnavailable, match="'graph-url'"):
        await pass_to_agent(graph)
    assert len(clock.pauses) == 2
    await graph.close()


async def test_one_call_takes_half_a_minute_at_most(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    def pass_time(_seen: Seen) -> None:
        clock.advance(timedelta(seconds=20))

    meta.on_request = pass_time
    meta.script = [DOWN, DOWN, DOWN]
    with pytest.raises(GraphUnavailable):
        await pass_to_agent(graph)
    assert posts(meta) == ["pass_thread_control"] * 2


async def test_the_last_try_gets_no_more_than_the_time_that_is_left(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    meta.on_request = lambda _seen: clock.advance(LONGEST_CALL - timedelta(seconds=1.5))
    meta.script = [DOWN, Silence()]
    with pytest.raises(GraphTimeout, match=r"within 1 s"):
        await pass_to_agent(graph)


async def test_asking_for_the_owner_is_part_of_the_call_s_half_minute(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    meta.on_request = lambda _seen: clock.advance(LONGEST_CALL - timedelta(seconds=1))
    meta.script = [refused(code=100, message="No"), DOWN, WE_OWN]
    with pytest.raises(GraphUnavailable):
        await graph.take_control(ADA, metadata="")
    assert len(meta.seen) == 2


async def test_a_refused_token_is_not_tried_again(page: EmulatedPage) -> None:
    graph = page.graph(page_access_token="expired")
    with pytest.raises(TokenRefused, match="'page-access-token'"):
        await graph.owner(page.thread)
    assert len(await page.calls("thread_owner")) == 1
    await graph.close()


async def test_a_sender_action_is_tried_once(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [DOWN]
    with pytest.raises(GraphUnavailable):
        await graph.sender_action(ADA, SenderAction.TYPING_ON)
    assert len(meta.seen) == 1


# Rate limits -------------------------------------------------------------------------------------


async def test_a_short_rate_limit_is_waited_out(
    live: HttpGraph, page: EmulatedPage, clock: ImpatientClock
) -> None:
    await page.break_calls(path="messages", error={"code": 613})
    assert await live.send(page.thread, {"text": "Hello"})
    assert clock.pauses == [timedelta(seconds=3)]


async def test_a_long_rate_limit_is_reported_at_once(
    live: HttpGraph, page: EmulatedPage, clock: ImpatientClock
) -> None:
    usage = {"1": [{"type": "messenger", "estimated_time_to_regain_access": 5}]}
    headers = {"X-Business-Use-Case-Usage": json.dumps(usage)}
    await page.break_calls(path="messages", error={"code": 80006}, headers=headers)
    with pytest.raises(GraphThrottled) as throttle:
        await live.send(page.thread, {"text": "Hello"})
    assert throttle.value.retry_after == timedelta(minutes=5)
    assert clock.pauses == []


async def test_one_call_too_many_waits_for_as_long_as_its_header_says_whatever_its_body(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    usage = {"1": [{"type": "messenger", "estimated_time_to_regain_access": 5}]}
    headers = {"X-Business-Use-Case-Usage": json.dumps(usage)}
    meta.script = [Reply(status=429, body=b"<html>", headers=headers)]
    with pytest.raises(GraphThrottled, match="HTTP status 429") as throttle:
        await graph.send(ADA, {"text": "Hello"})
    assert throttle.value.retry_after == timedelta(minutes=5)


# Standing still ----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["send", "pass_control", "take_control", "request_control"])
async def test_what_another_worker_has_taken_over_is_not_tried_again(
    hasty: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock, verb: str
) -> None:
    store = MemoryStore(worker="one")
    [entry] = await store.record([message("a")], clock.now())
    meta.script = [DOWN, DOWN]
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "send": lambda: hasty.send(ADA, {"text": "Hello"}),
        "pass_control": lambda: hasty.pass_control(ADA, app_id="1", metadata=""),
        "take_control": lambda: hasty.take_control(ADA, metadata=""),
        "request_control": lambda: hasty.request_control(ADA, metadata=""),
    }

    def stand_still() -> None:
        if clock.pauses[-1] == ECHO_WAIT:
            return
        clock.advance(CLAIM_LEASE)
        taken = store._rows.entries["a"]
        taken.claimed_by, taken.claimed_until = "two", clock.now() + CLAIM_LEASE

    clock.on_sleep = stand_still
    with working_on(entry, store=store, clock=clock), pytest.raises(ClaimLost):
        await calls[verb]()

    assert len(meta.seen) == 1
