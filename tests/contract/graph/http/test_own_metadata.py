"""Responses that bring `metadata` of their own, the same for every user: each message has a mark
besides, so that one user's is never taken for another's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import GraphTimeout
from channels.core.events import Echo, Thread
from channels.core.meta.app_secret import mark_in
from channels.core.meta.limits import MESSENGER
from channels.graph.http import HttpGraph
from channels.webhook.decoding import decode_delivery
from emulator import default_config
from tests.contract.emulator_world import BOT, OTHER_USER, PAGE, USER, World, emulated
from tests.contract.graph.http.graph_http_samples import ADA, SECRET, SENT, mark_of
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import Reset, ScriptedGraph, Seen
from tests.fakes.clock import ManualClock

BEN = Thread(page=ADA.page, user="71000000002")
ON_EMULATOR = [Thread(page=PAGE, user=user) for user in (USER, OTHER_USER)]
PROMOTION = {"text": "Ten percent off", "metadata": "promo"}
APP = default_config().apps[0]
STEP = timedelta(milliseconds=500)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Both users have written, so the bot has both threads."""
    async with emulated() as world:
        for user in (USER, OTHER_USER):
            await world.user_says("Hello", user)
        yield world


@pytest.fixture
def time() -> ManualClock:
    return ManualClock(datetime(2026, 10, 1, 12, tzinfo=timezone.utc))


@pytest.fixture
async def live(world: World, time: ManualClock) -> AsyncIterator[HttpGraph]:
    graph = HttpGraph(
        graph_url=f"{world.url}/v25.0",
        page_access_token=APP.page_access_token,
        app_id=APP.id,
        app_secret=APP.secret,
        clock=time,
    )
    yield graph
    await graph.close()


async def lose(world: World, user: str, *, request: bool) -> None:
    """Cut the user's next message off: its request, or the answer to it."""
    fault = {"path": "messages", "user": user, "reset": True, "perform": not request}
    await world.done("POST", "faults", {"calls": fault})


def hear(world: World, graph: HttpGraph) -> int:
    """Tell the Graph of the echoes that have come by webhook, and how many these are."""
    marks = [
        mark_in(event.metadata, APP.secret)
        for body, _ in world.receivers[BOT].posts
        for event in decode_delivery(body, datetime.now(timezone.utc))
        if isinstance(event, Echo)
    ]
    for mark in marks:
        assert mark is not None
        graph.echo_heard(mark)
    return len(marks)


async def sent_to_both(
    world: World, graph: HttpGraph, time: ManualClock, echoes: int
) -> list[str | BaseException]:
    """What comes of the promotion, sent to both users at once; time begins after the echoes."""
    sends = (graph.send(thread, PROMOTION) for thread in ON_EMULATOR)
    sending = asyncio.gather(*sends, return_exceptions=True)
    receiver = world.receivers[BOT]
    while hear(world, graph) < echoes:
        await receiver.wait_for_posts(len(receiver.posts) + 1)
    while not sending.done():
        time.advance(STEP)
        await asyncio.wait({sending}, timeout=0.01)
    return sending.result()


async def read_by(world: World, user: str) -> list[str]:
    view = await world.done("GET", f"threads/{user}")
    return [message["text"] for message in view["messages"] if message["from"] == BOT]


async def test_a_lost_message_is_in_doubt_though_another_s_echo_has_come(
    world: World, live: HttpGraph, time: ManualClock
) -> None:
    await lose(world, USER, request=True)
    await lose(world, OTHER_USER, request=False)
    first, second = await sent_to_both(world, live, time, echoes=1)
    assert (type(first), second) == (GraphTimeout, "")
    assert await read_by(world, USER) == []


async def test_each_user_s_message_is_known_by_its_own_echo(
    world: World, live: HttpGraph, time: ManualClock
) -> None:
    for user in (USER, OTHER_USER):
        await lose(world, user, request=False)
    assert await sent_to_both(world, live, time, echoes=2) == ["", ""]
    for user in (USER, OTHER_USER):
        assert await read_by(world, user) == [PROMOTION["text"]]


async def test_an_echo_of_another_user_s_message_proves_nothing(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    def hear_bens(seen: Seen) -> None:
        if seen.body["recipient"]["id"] == BEN.user:
            graph.echo_heard(mark_of(seen))

    meta.on_request = hear_bens
    meta.script = [Reset(), Reset()]
    sends = (graph.send(thread, PROMOTION) for thread in (ADA, BEN))
    adas, bens = await asyncio.gather(*sends, return_exceptions=True)
    assert (type(adas), bens) == (GraphTimeout, "")


async def test_its_own_metadata_follows_the_mark(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [SENT]
    await graph.send(ADA, PROMOTION)
    [seen] = meta.seen
    mark, own = seen.body["message"]["metadata"].split(" ", 1)
    assert (mark_in(mark, SECRET), own) == (mark, "promo")


@pytest.mark.parametrize("copied", ["", " and more"])
async def test_a_mark_that_a_response_has_copied_is_not_this_message_s(
    graph: HttpGraph, meta: ScriptedGraph, copied: str
) -> None:
    meta.script = [SENT, SENT]
    await graph.send(ADA, PROMOTION)
    first = meta.seen[0].body["message"]["metadata"]
    await graph.send(ADA, {"text": "Again", "metadata": first + copied})
    second = meta.seen[1].body["message"]["metadata"]
    assert mark_in(second, SECRET) not in (None, mark_in(first, SECRET))


async def test_mark_and_the_longest_metadata_are_within_meta_s_limit(live: HttpGraph) -> None:
    longest = {"text": "Hello", "metadata": "m" * MESSENGER.own_metadata}
    assert await live.send(ON_EMULATOR[0], longest)


async def test_an_echo_with_the_response_s_metadata_alone_proves_nothing(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    clock.on_sleep = lambda: graph.echo_heard("promo")
    meta.script = [Reset()]
    with pytest.raises(GraphTimeout):
        await graph.send(ADA, PROMOTION)
