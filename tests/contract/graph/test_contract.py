"""What every Graph does: MemoryGraph, one behind the pages' façade, and HttpGraph over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import pytest

from channels.core.errors import (
    GraphRefused,
    NotThreadOwner,
    RoutingIsOff,
    TokenRefused,
    WindowClosed,
)
from channels.core.events import Thread
from channels.core.meta.ownership import Owner, Routing
from channels.graph.pages import PagesGraph
from channels.graph.protocol import Graph, Obstacle, SenderAction
from channels.instruments.metrics import Metrics
from emulator import PAGE_INBOX
from tests.contract.emulated_page import emulated_page
from tests.fakes.graph import MemoryGraph

TEXT = {"text": "Good morning"}


class Page(Protocol):
    """The scene around a Graph: routing is on, and the bot owns the thread."""

    thread: Thread
    bot: dict[str, Any]
    account: str

    async def give_to(self, app_id: str | None) -> None: ...

    async def set_routing(self, routing: Routing) -> None: ...

    async def close_window(self) -> None: ...

    async def refuse_token(self) -> None: ...

    async def unsubscribe(self) -> None: ...

    async def owner_id(self) -> str | None: ...

    async def delivered(self) -> list[dict[str, Any]]: ...


class MemoryPage:
    """The scene of a MemoryGraph."""

    def __init__(self, graph: MemoryGraph) -> None:
        self.thread = Thread(page=graph.page_id, user="222")
        self.bot = {"id": graph.app_id}
        self.account = graph.account_id = "17841400000000007"
        self._graph = graph
        graph.threads[self.thread] = graph.app_id
        graph.known_names = {"222": "Ada Lovelace", "900": "Bot", graph.page_id: "Demo Page"}

    async def give_to(self, app_id: str | None) -> None:
        self._graph.threads[self.thread] = app_id

    async def set_routing(self, routing: Routing) -> None:
        self._graph.routing_now = routing

    async def close_window(self) -> None:
        self._graph.threads[self.thread] = None
        self._graph.closed_windows.add(self.thread)

    async def refuse_token(self) -> None:
        self._graph.broken[self._graph.page_id] = TokenRefused("It has expired", code=190)

    async def unsubscribe(self) -> None:
        self._graph.is_unsubscribed = True

    async def owner_id(self) -> str | None:
        return self._graph.threads[self.thread]

    async def delivered(self) -> list[dict[str, Any]]:
        return [message for thread, message in self._graph.sent if thread == self.thread]


@pytest.fixture(params=["memory", "pages", "http"])
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Graph, Page]]:
    if request.param == "memory":
        memory = MemoryGraph(app_id="900")
        yield memory, MemoryPage(memory)
        return
    if request.param == "pages":
        memory = MemoryGraph(app_id="900")
        yield PagesGraph(memory, Metrics()), MemoryPage(memory)
        return
    async with emulated_page() as page:
        graph = page.graph()
        yield graph, page
        await graph.close()


@pytest.fixture
def graph(scene: tuple[Graph, Page]) -> Graph:
    return scene[0]


@pytest.fixture
def page(scene: tuple[Graph, Page]) -> Page:
    return scene[1]


async def texts(page: Page) -> list[str]:
    return [message["text"] for message in await page.delivered()]


# Sending -----------------------------------------------------------------------------------------


async def test_the_owner_s_messages_arrive_in_order(graph: Graph, page: Page) -> None:
    await graph.send(page.thread, {"text": "First"})
    await graph.send(page.thread, {"text": "Second"})
    assert await texts(page) == ["First", "Second"]


async def test_every_message_has_an_id_of_its_own(graph: Graph, page: Page) -> None:
    ids = {await graph.send(page.thread, TEXT), await graph.send(page.thread, TEXT)}
    assert len(ids) == 2
    assert all(ids)


async def test_a_message_s_own_metadata_arrives_after_the_mark(graph: Graph, page: Page) -> None:
    await graph.send(page.thread, {"text": "Hello", "metadata": "mine"})
    [message] = await page.delivered()
    assert message["metadata"].split(" ")[-1] == "mine"


async def test_a_message_is_sent_to_an_idle_thread(graph: Graph, page: Page) -> None:
    await page.give_to(None)
    await graph.send(page.thread, TEXT)
    assert await texts(page) == ["Good morning"]


async def test_a_message_to_another_app_s_thread_is_refused(graph: Graph, page: Page) -> None:
    await page.give_to(PAGE_INBOX)
    with pytest.raises(NotThreadOwner) as refusal:
        await graph.send(page.thread, TEXT)
    assert (refusal.value.code, refusal.value.subcode) == (10, 2018300)
    assert await page.delivered() == []


async def test_a_message_outside_the_window_is_refused(graph: Graph, page: Page) -> None:
    await page.close_window()
    with pytest.raises(WindowClosed) as refusal:
        await graph.send(page.thread, TEXT)
    assert (refusal.value.code, refusal.value.subcode) == (10, 2018278)
    assert await page.delivered() == []


async def test_an_echo_of_an_unknown_message_changes_nothing(graph: Graph, page: Page) -> None:
    graph.echo_heard("nobody's")
    await graph.send(page.thread, TEXT)
    assert await texts(page) == ["Good morning"]


@pytest.mark.parametrize("action", SenderAction)
async def test_the_owner_shows_what_it_is_doing(
    graph: Graph, page: Page, action: SenderAction
) -> None:
    await graph.sender_action(page.thread, action)
    assert await page.delivered() == []


async def test_a_sender_action_in_another_app_s_thread_is_refused(graph: Graph, page: Page) -> None:
    await page.give_to(PAGE_INBOX)
    with pytest.raises(NotThreadOwner):
        await graph.sender_action(page.thread, SenderAction.TYPING_ON)


# Thread control ----------------------------------------------------------------------------------


async def test_the_owner_passes_the_thread(graph: Graph, page: Page) -> None:
    await graph.pass_control(page.thread, app_id=PAGE_INBOX, metadata="{}")
    assert await page.owner_id() == PAGE_INBOX


async def test_an_idle_thread_is_passed(graph: Graph, page: Page) -> None:
    await page.give_to(None)
    await graph.pass_control(page.thread, app_id=PAGE_INBOX, metadata="")
    assert await page.owner_id() == PAGE_INBOX


async def test_another_app_s_thread_is_not_ours_to_pass(graph: Graph, page: Page) -> None:
    await page.give_to(PAGE_INBOX)
    with pytest.raises(NotThreadOwner):
        await graph.pass_control(page.thread, app_id=page.bot["id"], metadata="")
    assert await page.owner_id() == PAGE_INBOX


@pytest.mark.parametrize("owner", [PAGE_INBOX, None])
async def test_a_thread_that_is_not_ours_is_taken(
    graph: Graph, page: Page, owner: str | None
) -> None:
    await page.give_to(owner)
    await graph.take_control(page.thread, metadata="{}")
    assert await page.owner_id() == page.bot["id"]


async def test_taking_what_is_ours_already_changes_nothing(graph: Graph, page: Page) -> None:
    await graph.take_control(page.thread, metadata="")
    assert await page.owner_id() == page.bot["id"]


async def test_nothing_is_taken_while_routing_is_off(graph: Graph, page: Page) -> None:
    await page.give_to(PAGE_INBOX)
    await page.set_routing(Routing.OFF)
    with pytest.raises(RoutingIsOff) as refusal:
        await graph.take_control(page.thread, metadata="")
    assert refusal.value.code == 27
    assert await page.owner_id() == PAGE_INBOX


async def test_the_bot_speaks_again_once_it_has_taken_the_thread(graph: Graph, page: Page) -> None:
    await graph.pass_control(page.thread, app_id=PAGE_INBOX, metadata="")
    await graph.take_control(page.thread, metadata="")
    await graph.send(page.thread, TEXT)
    assert await texts(page) == ["Good morning"]


async def test_an_idle_thread_goes_to_the_app_that_asks_for_it(graph: Graph, page: Page) -> None:
    await page.give_to(None)
    await page.set_routing(Routing.OFF)
    await graph.request_control(page.thread, metadata="{}")
    assert await page.owner_id() == page.bot["id"]


async def test_another_app_that_is_asked_keeps_the_thread_until_it_passes_it(
    graph: Graph, page: Page
) -> None:
    await page.give_to(PAGE_INBOX)
    await page.set_routing(Routing.OFF)
    await graph.request_control(page.thread, metadata="{}")
    assert await page.owner_id() == PAGE_INBOX


@pytest.mark.parametrize("routing", Routing)
async def test_asking_for_what_is_ours_already_changes_nothing(
    graph: Graph, page: Page, routing: Routing
) -> None:
    await page.set_routing(routing)
    await graph.request_control(page.thread, metadata="")
    assert await page.owner_id() == page.bot["id"]


@pytest.mark.parametrize("owner", [PAGE_INBOX, None])
async def test_nothing_is_asked_for_while_routing_is_on(
    graph: Graph, page: Page, owner: str | None
) -> None:
    await page.give_to(owner)
    with pytest.raises(GraphRefused) as refusal:
        await graph.request_control(page.thread, metadata="")
    assert refusal.value.code == 100
    assert await page.owner_id() == owner


# Looking -----------------------------------------------------------------------------------------


async def test_our_thread_is_known_as_ours(graph: Graph, page: Page) -> None:
    assert await graph.owner(page.thread) is Owner.OURS


async def test_a_released_thread_is_known_as_idle(graph: Graph, page: Page) -> None:
    await page.give_to(None)
    assert await graph.owner(page.thread) is Owner.IDLE


async def test_the_default_app_is_told_that_another_app_owns_the_thread(
    graph: Graph, page: Page
) -> None:
    await page.give_to(PAGE_INBOX)
    assert await graph.owner(page.thread) is Owner.ANOTHER_APP


async def test_without_a_default_app_another_owner_is_not_named(graph: Graph, page: Page) -> None:
    await page.give_to(PAGE_INBOX)
    await page.set_routing(Routing.OFF)
    assert await graph.owner(page.thread) is Owner.UNNAMED


async def test_the_instagram_account_of_the_page_is_known(graph: Graph, page: Page) -> None:
    assert await graph.instagram_account() == page.account


async def test_the_page_of_the_token_is_known(graph: Graph, page: Page) -> None:
    assert await graph.page() == page.thread.page


async def test_a_user_a_page_and_its_apps_have_names(graph: Graph, page: Page) -> None:
    assert await graph.user_name(page.thread) == "Ada Lovelace"
    names = await graph.names(page.thread.page)
    assert names[page.bot["id"]]
    assert names[page.thread.page]


async def test_a_name_that_meta_refuses_closes_no_page(graph: Graph, page: Page) -> None:
    await page.refuse_token()
    with pytest.raises(TokenRefused):
        await graph.user_name(page.thread)
    with pytest.raises(TokenRefused):
        await graph.names(page.thread.page)
    assert graph.closed_pages() == []


async def test_while_a_page_is_closed_nobody_asks_for_names(graph: Graph, page: Page) -> None:
    await page.refuse_token()
    await graph.check()
    with pytest.raises(TokenRefused, match="not asked before"):
        await graph.user_name(page.thread)


@pytest.mark.parametrize("routing", Routing)
async def test_the_page_s_routing_is_known(graph: Graph, page: Page, routing: Routing) -> None:
    await page.set_routing(routing)
    assert await graph.routing(page.thread.page) is routing


# Whether the page can be used ---------------------------------------------------------------------


async def test_a_page_in_order_is_open_after_a_check(graph: Graph) -> None:
    await graph.check()
    assert graph.closed_pages() == []


async def test_a_check_finds_a_token_that_meta_refuses(graph: Graph, page: Page) -> None:
    await page.refuse_token()
    await graph.check()
    [closed] = graph.closed_pages()
    assert closed.obstacle is Obstacle.UNAUTHORISED


async def test_a_page_that_the_app_is_subscribed_to_is_in_order(graph: Graph) -> None:
    assert await graph.unsubscribed() == []


async def test_a_page_that_the_app_is_no_more_subscribed_to_is_named(
    graph: Graph, page: Page
) -> None:
    await page.unsubscribe()
    assert len(await graph.unsubscribed()) == 1


# Ending ------------------------------------------------------------------------------------------


async def test_a_graph_that_was_used_can_be_closed_twice(graph: Graph, page: Page) -> None:
    await graph.send(page.thread, TEXT)
    await graph.close()
    await graph.close()
    assert await texts(page) == ["Good morning"]
