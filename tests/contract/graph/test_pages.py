"""Several pages: each thread's calls go out by its own page's Graph."""

from __future__ import annotations

import pytest

from channels.core.errors import GraphRefused, TokenRefused
from channels.core.events import Platform, Thread
from channels.core.meta.ownership import Owner, Routing
from channels.graph.pages import PagesGraph
from channels.graph.protocol import Graph, SenderAction
from channels.instruments.metrics import Metrics
from tests.fakes.graph import MemoryGraph

ON_FIRST = Thread(page="111", user="42")
ON_SECOND = Thread(page="222", user="42")
ON_INSTAGRAM_OF_SECOND = Thread(page="178", user="42", platform=Platform.INSTAGRAM)


@pytest.fixture
def first() -> MemoryGraph:
    return MemoryGraph(app_id="9", page_id="111")


@pytest.fixture
def second() -> MemoryGraph:
    return MemoryGraph(app_id="9", page_id="222")


@pytest.fixture
def pages(first: MemoryGraph, second: MemoryGraph) -> Graph:
    return PagesGraph({"111": first, "222": second, "178": second}, Metrics())


async def test_a_message_goes_out_by_its_own_page(
    pages: Graph, first: MemoryGraph, second: MemoryGraph
) -> None:
    await pages.send(ON_SECOND, {"text": "hello"})
    assert first.sent == []
    assert second.sent == [(ON_SECOND, {"text": "hello"})]


async def test_an_instagram_account_uses_the_token_of_its_page(
    pages: Graph, second: MemoryGraph
) -> None:
    await pages.sender_action(ON_INSTAGRAM_OF_SECOND, SenderAction.MARK_SEEN)
    assert [call.thread for call in second.calls] == [ON_INSTAGRAM_OF_SECOND]


async def test_control_changes_on_its_own_page_alone(pages: Graph, second: MemoryGraph) -> None:
    await pages.pass_control(ON_FIRST, app_id="7", metadata="")
    assert await pages.owner(ON_FIRST) is Owner.ANOTHER_APP
    assert await pages.owner(ON_SECOND) is Owner.IDLE
    await pages.take_control(ON_FIRST, metadata="")
    assert await pages.owner(ON_FIRST) is Owner.OURS
    second.routing_now = Routing.OFF
    await pages.request_control(ON_SECOND, metadata="")
    assert await pages.owner(ON_SECOND) is Owner.OURS


async def test_each_page_has_its_own_routing(pages: Graph, second: MemoryGraph) -> None:
    second.routing_now = Routing.OFF
    assert await pages.routing("111") is Routing.ON
    assert await pages.routing("222") is Routing.OFF


async def test_a_page_without_a_token_is_refused_with_the_remedy(pages: Graph) -> None:
    with pytest.raises(GraphRefused, match=r"no token for the page.*333.*Add it under 'pages'"):
        await pages.send(Thread(page="333", user="42"), {"text": "hello"})


async def test_a_user_alone_does_not_say_which_page_is_meant(pages: Graph) -> None:
    with pytest.raises(GraphRefused, match="PAGE:USER"):
        await pages.page()


async def test_an_echo_reaches_every_page(
    pages: Graph, first: MemoryGraph, second: MemoryGraph
) -> None:
    pages.echo_heard("nonce")
    assert (first.echoes, second.echoes) == (["nonce"], ["nonce"])


async def test_a_page_is_closed_and_opened_by_itself(
    pages: Graph, first: MemoryGraph, second: MemoryGraph
) -> None:
    second.broken["222"] = TokenRefused("Expired")
    with pytest.raises(TokenRefused):
        await pages.send(ON_SECOND, {"text": "hello"})
    assert [closed.page for closed in pages.closed_pages()] == ["page 222"]
    assert pages.closed_page("111") is None
    assert pages.closed_page("222") is not None

    await pages.probe("111")
    with pytest.raises(TokenRefused):
        await pages.probe("222")
    assert first.calls == []


async def test_a_page_without_a_token_is_not_closed(pages: Graph) -> None:
    await pages.probe("333")
    assert pages.closed_page("333") is None


async def test_workers_share_each_page(
    pages: Graph, first: MemoryGraph, second: MemoryGraph
) -> None:
    pages.share_among(3)
    assert (first.workers, second.workers) == (3, 3)


async def test_closing_closes_each_graph_once(
    pages: Graph, first: MemoryGraph, second: MemoryGraph
) -> None:
    await pages.close()
    assert first.closed
    assert second.closed


async def test_one_page_s_graph_has_every_call(first: MemoryGraph) -> None:
    only = PagesGraph(first, Metrics())
    assert await only.page() == "111"
    await only.send(ON_SECOND, {"text": "hello"})
    assert first.sent == [(ON_SECOND, {"text": "hello"})]


async def test_a_call_for_a_page_without_a_token_is_counted_as_refused(
    first: MemoryGraph, second: MemoryGraph
) -> None:
    metrics = Metrics()
    pages = PagesGraph({"111": first, "222": second}, metrics)
    assert await pages.owner(Thread(page="333", user="42")) is Owner.UNKNOWN
    assert b'graph_calls_total{outcome="refused",verb="owner"} 1.0' in metrics.page()
