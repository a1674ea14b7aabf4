"""When a Graph closes a page and opens it: MemoryGraph, and HttpGraph against the emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import pytest

from channels.core.errors import GraphError, GraphThrottled, GraphUnavailable, TokenRefused
from channels.core.events import Thread
from channels.graph.closing import LONGEST_PAUSE
from channels.graph.protocol import Graph, Obstacle, SenderAction
from tests.contract.emulated_page import EmulatedPage, emulated_page
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.fakes.graph import MemoryGraph

TEXT = {"text": "Good morning"}
FIVE_MINUTES = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What every call of a page fails with: as the emulator does it, and as an error."""

    fault: dict[str, Any]
    error: GraphError
    obstacle: Obstacle
    lasts: timedelta


_USAGE = {"1": [{"type": "messenger", "estimated_time_to_regain_access": 5}]}
THROTTLED = Trouble(
    fault={
        "error": {"code": 80006},
        "headers": {"X-Business-Use-Case-Usage": json.dumps(_USAGE)},
    },
    error=GraphThrottled("Too many calls", code=80006, retry_after=FIVE_MINUTES),
    obstacle=Obstacle.THROTTLED,
    lasts=FIVE_MINUTES,
)
DEAD_TOKEN = Trouble(
    fault={"error": {"code": 190, "error_subcode": 463}},
    error=TokenRefused("The token has expired", code=190, subcode=463),
    obstacle=Obstacle.UNAUTHORISED,
    lasts=LONGEST_PAUSE,
)
OUTAGE = Trouble(
    fault={"status": 500},
    error=GraphUnavailable("Graph is down", code=2),
    obstacle=Obstacle.UNREACHABLE,
    lasts=LONGEST_PAUSE,
)
TROUBLES = [
    pytest.param(THROTTLED, id="throttled"),
    pytest.param(DEAD_TOKEN, id="dead token"),
    pytest.param(OUTAGE, id="outage"),
]
TROUBLES_TO_ASK_FOR = TROUBLES[1:]


class Page(Protocol):
    """A page with a thread that the bot owns."""

    thread: Thread

    async def suffer(self, trouble: Trouble) -> None: ...

    async def recover(self) -> None: ...

    async def requests(self) -> int: ...

    async def delivered(self) -> list[dict[str, Any]]: ...


class MemoryPage:
    def __init__(self, graph: MemoryGraph) -> None:
        self.thread = Thread(page=graph.page_id, user="222")
        self._graph = graph
        graph.threads[self.thread] = graph.app_id

    async def suffer(self, trouble: Trouble) -> None:
        self._graph.broken[self.thread.page] = trouble.error

    async def recover(self) -> None:
        del self._graph.broken[self.thread.page]

    async def requests(self) -> int:
        return len(self._graph.calls)

    async def delivered(self) -> list[dict[str, Any]]:
        return [message for _, message in self._graph.sent]


class HttpPage:
    def __init__(self, page: EmulatedPage) -> None:
        self.thread = page.thread
        self.delivered = page.delivered
        self._page = page

    async def suffer(self, trouble: Trouble) -> None:
        await self._page.break_calls(**trouble.fault, times=None)

    async def recover(self) -> None:
        await self._page.restore_calls()

    async def requests(self) -> int:
        return len(await self._page.calls(""))


@pytest.fixture(params=["memory", "http"])
async def scene(
    request: pytest.FixtureRequest, clock: ImpatientClock
) -> AsyncIterator[tuple[Graph, Page]]:
    if request.param == "memory":
        memory = MemoryGraph(app_id="900", clock=clock)
        yield memory, MemoryPage(memory)
        return
    async with emulated_page() as page:
        graph = page.graph(clock)
        yield graph, HttpPage(page)
        await graph.close()


@pytest.fixture
def graph(scene: tuple[Graph, Page]) -> Graph:
    return scene[0]


@pytest.fixture
def page(scene: tuple[Graph, Page]) -> Page:
    return scene[1]


async def is_closed_by(trouble: Trouble, graph: Graph, page: Page) -> None:
    await page.suffer(trouble)
    with pytest.raises(type(trouble.error)):
        await graph.send(page.thread, TEXT)


CALLS: dict[str, Callable[[Graph, Thread], Any]] = {
    "send": lambda graph, thread: graph.send(thread, TEXT),
    "pass": lambda graph, thread: graph.pass_control(thread, app_id="901", metadata=""),
    "take": lambda graph, thread: graph.take_control(thread, metadata=""),
    "request": lambda graph, thread: graph.request_control(thread, metadata=""),
    "owner": lambda graph, thread: graph.owner(thread),
    "page": lambda graph, _: graph.page(),
    "routing": lambda graph, thread: graph.routing(thread.page),
    "probe": lambda graph, thread: graph.probe(thread.page),
}


async def test_a_page_is_open_until_something_closes_it(graph: Graph, page: Page) -> None:
    await graph.probe(page.thread.page)
    assert graph.closed_page(page.thread.page) is None
    assert graph.closed_pages() == []
    assert await page.requests() == 0


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_what_concerns_every_call_closes_the_page(
    graph: Graph, page: Page, clock: ImpatientClock, trouble: Trouble
) -> None:
    await is_closed_by(trouble, graph, page)
    closed = graph.closed_page(page.thread.page)
    assert closed is not None
    assert closed.obstacle is trouble.obstacle
    assert clock.now() < closed.until <= clock.now() + trouble.lasts
    assert graph.closed_pages() == [closed]


@pytest.mark.parametrize("verb", CALLS)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_closed_page_s_calls_fail_alike_and_nothing_goes_out(
    graph: Graph, page: Page, trouble: Trouble, verb: str
) -> None:
    await is_closed_by(trouble, graph, page)
    before = await page.requests()
    with pytest.raises(type(trouble.error)) as refusal:
        await CALLS[verb](graph, page.thread)
    assert refusal.value.code == trouble.error.code
    assert await page.requests() == before


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_nothing_is_shown_on_a_closed_page(
    graph: Graph, page: Page, trouble: Trouble
) -> None:
    await is_closed_by(trouble, graph, page)
    before = await page.requests()
    await graph.sender_action(page.thread, SenderAction.TYPING_ON)
    assert await page.requests() == before


async def test_a_rate_limit_passes_by_itself(
    graph: Graph, page: Page, clock: ImpatientClock
) -> None:
    await is_closed_by(THROTTLED, graph, page)
    await page.recover()
    clock.advance(FIVE_MINUTES)
    assert graph.closed_page(page.thread.page) is None
    await graph.send(page.thread, TEXT)
    assert len(await page.delivered()) == 1


async def test_what_is_left_of_a_rate_limit_is_told(
    graph: Graph, page: Page, clock: ImpatientClock
) -> None:
    await is_closed_by(THROTTLED, graph, page)
    clock.advance(timedelta(minutes=2))
    with pytest.raises(GraphThrottled) as throttle:
        await graph.send(page.thread, TEXT)
    assert throttle.value.retry_after == timedelta(minutes=3)


@pytest.mark.parametrize("trouble", TROUBLES_TO_ASK_FOR)
async def test_a_page_opens_once_meta_has_answered_a_question(
    graph: Graph, page: Page, clock: ImpatientClock, trouble: Trouble
) -> None:
    await is_closed_by(trouble, graph, page)
    await page.recover()
    clock.advance(trouble.lasts)
    assert graph.closed_page(page.thread.page) is not None
    await graph.probe(page.thread.page)
    assert graph.closed_page(page.thread.page) is None
    await graph.send(page.thread, TEXT)
    assert len(await page.delivered()) == 1


@pytest.mark.parametrize("trouble", TROUBLES_TO_ASK_FOR)
async def test_a_call_asks_by_itself_once_it_is_time_to(
    graph: Graph, page: Page, clock: ImpatientClock, trouble: Trouble
) -> None:
    await is_closed_by(trouble, graph, page)
    await page.recover()
    clock.advance(trouble.lasts)
    await graph.send(page.thread, TEXT)
    assert graph.closed_page(page.thread.page) is None


@pytest.mark.parametrize("trouble", TROUBLES_TO_ASK_FOR)
async def test_a_page_stays_closed_while_meta_answers_as_before(
    graph: Graph, page: Page, clock: ImpatientClock, trouble: Trouble
) -> None:
    await is_closed_by(trouble, graph, page)
    clock.advance(trouble.lasts)
    with pytest.raises(type(trouble.error)):
        await graph.probe(page.thread.page)
    closed = graph.closed_page(page.thread.page)
    assert closed is not None
    assert closed.until > clock.now()


@pytest.mark.parametrize("trouble", TROUBLES_TO_ASK_FOR)
async def test_many_who_ask_at_once_make_one_request(
    graph: Graph, page: Page, clock: ImpatientClock, trouble: Trouble
) -> None:
    await is_closed_by(trouble, graph, page)
    clock.advance(trouble.lasts)
    before = await page.requests()
    asking = [graph.probe(page.thread.page) for _ in range(9)]
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(trouble.error)] * 9
    assert await page.requests() == before + 1


async def test_messages_go_out_however_many_workers_share_the_page(
    graph: Graph, page: Page
) -> None:
    for workers in (1, 7, 2):
        graph.share_among(workers)
        await graph.send(page.thread, TEXT)
    assert len(await page.delivered()) == 3
