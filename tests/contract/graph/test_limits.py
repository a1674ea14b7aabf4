"""Meta's limits over HTTP: a page's pace, whom a rate limit holds up, and what an outage is."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.core.errors import (
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    TokenRefused,
)
from channels.core.events import Thread
from channels.graph.closing import PageClosing
from channels.graph.http import LOOKS_A_SECOND, HttpGraph
from channels.graph.pace import JITTER, LONGEST_QUEUE
from channels.graph.pages import PagesGraph
from channels.graph.protocol import Obstacle, SenderAction
from channels.instruments.clock import Clock
from channels.instruments.metrics import Metrics
from tests.contract.graph.http.graph_http_samples import NOBODY_OWNS, mark_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import (
    Act,
    Reset,
    ScriptedGraph,
    accepted,
    refused,
    scripted_graph,
)
from tests.fakes.clock import ManualClock

ADA = Thread(page="111", user="222")
ON_OTHER_PAGE = Thread(page="333", user="444")
SECOND = timedelta(seconds=1)
SENT = accepted(recipient_id="222", message_id="m_1")
PAGE = accepted(id="111")
DOWN = refused(500, code=2, is_transient=True, message="Service temporarily unavailable")
TOKEN, SECRET = "EAABpagetoken", "appsecret123"
VIDEO = {"attachment": {"type": "video", "payload": {"url": "https://example.org/v.mp4"}}}


def throttled(code: int = 80006, minutes: float = 5) -> Act:
    usage = {"1": [{"type": "messenger", "estimated_time_to_regain_access": minutes}]}
    reply = refused(code=code, message="Too many calls")
    return type(reply)(
        status=reply.status,
        body=reply.body,
        headers={"X-Business-Use-Case-Usage": json.dumps(usage)},
    )


def graph_of(meta: ScriptedGraph, clock: Clock, **settings: Any) -> HttpGraph:
    return HttpGraph(
        graph_url=meta.url,
        page_access_token=TOKEN,
        app_id="900",
        app_secret=SECRET,
        clock=clock,
        **settings,
    )


@pytest.fixture
def clock() -> ImpatientClock:
    return ImpatientClock()


@pytest.fixture
async def meta() -> AsyncIterator[ScriptedGraph]:
    async with scripted_graph() as graph:
        yield graph


@pytest.fixture
async def graph(meta: ScriptedGraph, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    """Eight messages a second, and one video or audio in half a second."""
    graph = graph_of(meta, clock, sends_a_second=8, media_sends_a_second=2)
    yield graph
    await graph.close()


@pytest.fixture
async def two_pages(
    meta: ScriptedGraph, clock: ImpatientClock
) -> AsyncIterator[tuple[PagesGraph, ScriptedGraph, ScriptedGraph]]:
    """The pages of ADA and ON_OTHER_PAGE, each with a server of its own."""
    app_closing = PageClosing("every page of the app")
    async with scripted_graph() as other:
        pages = PagesGraph(
            {
                "111": graph_of(meta, clock, page_name="page 111", app_closing=app_closing),
                "333": graph_of(other, clock, page_name="page 333", app_closing=app_closing),
            },
            Metrics(),
        )
        yield pages, meta, other
        await pages.close()


# The pace ----------------------------------------------------------------------------------------


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


async def test_who_would_wait_long_for_a_look_at_an_owner_is_told_to_come_again(
    meta: ScriptedGraph,
) -> None:
    graph = graph_of(meta, ManualClock(datetime(2026, 10, 1, tzinfo=timezone.utc)))
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
    graph = graph_of(meta, clock, media_sends_a_second=1)
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


async def test_typing_is_not_shown_where_messages_need_the_room(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    await times_of(graph, meta, clock, {"text": "one"}, {"text": "two"})
    await graph.sender_action(ADA, SenderAction.TYPING_ON)
    assert len(meta.seen) == 2


# Whom a rate limit holds up ----------------------------------------------------------------------


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
        slow = graph_of(meta, clock, sends_a_second=1)
        pages = PagesGraph({"111": slow, "333": graph_of(other, clock)}, Metrics())
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


# Outages -----------------------------------------------------------------------------------------


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
    graph = graph_of(meta, clock)
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


# The log -----------------------------------------------------------------------------------------


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


# Echoes that other workers hear ------------------------------------------------------------------


async def test_a_message_whose_echo_another_worker_has_heard_is_not_sent_again(
    meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    asked: list[str] = []

    async def heard_elsewhere(mark: str) -> bool:
        asked.append(mark)
        return True

    graph = graph_of(meta, clock, heard_elsewhere=heard_elsewhere)
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

    graph = graph_of(meta, clock, heard_elsewhere=heard_elsewhere)
    graph.share_among(2)
    meta.script = [Reset()]
    with pytest.raises(GraphTimeout):
        await graph.send(ADA, {"text": "Hello"})
    await graph.close()
