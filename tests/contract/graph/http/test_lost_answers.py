"""A send or a change of control whose answer is lost: what shows whether Meta did it."""

from __future__ import annotations

import socket
import uuid
from typing import Any

import pytest

from channels.core.errors import GraphRefused, GraphTimeout, GraphUnavailable, NotThreadOwner
from channels.core.events import Platform, Thread
from channels.core.meta.app_secret import marked
from channels.graph.echoes import MOST_UNECHOED
from channels.graph.http import ECHO_WAIT, HttpGraph
from emulator import PAGE_INBOX
from tests.contract.emulated_page import EmulatedPage
from tests.contract.graph.http.conftest import A_MOMENT
from tests.contract.graph.http.graph_http_samples import (
    ADA,
    ANOTHER_OWNS,
    DOWN,
    NOBODY_OWNS,
    NOT_OWNER,
    SENT,
    WE_OWN,
    graph_of,
    mark_of,
    pass_to_agent,
    posts,
    send,
)
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import (
    Reply,
    Reset,
    ScriptedGraph,
    Silence,
    accepted,
    refused,
)

# A send whose answer is lost ---------------------------------------------------------------------


async def test_a_send_whose_echo_shows_up_is_not_sent_again(
    live: HttpGraph,
    page: EmulatedPage,
    clock: ImpatientClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nonce = uuid.UUID(int=1)
    monkeypatch.setattr("channels.graph.http.uuid.uuid4", lambda: nonce)
    mark = marked(nonce.hex, page.bot["secret"])
    await page.break_calls(path="messages", reset=True, perform=True)
    clock.on_sleep = lambda: live.echo_heard(mark)
    assert await live.send(page.thread, {"text": "Hello", "metadata": "mine"}) == ""
    assert len(await page.delivered()) == 1
    assert clock.pauses == [ECHO_WAIT]


async def test_a_send_without_an_echo_is_not_sent_again_by_itself(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reset(), SENT]
    with pytest.raises(GraphTimeout):
        await send(graph)
    assert posts(meta) == ["messages"]


async def test_an_echo_that_comes_before_the_time_limit_counts(
    hasty: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.on_request = lambda seen: hasty.echo_heard(mark_of(seen))
    meta.script = [Silence()]
    assert await send(hasty) == ""
    assert len(meta.seen) == 1


async def test_an_echo_of_another_message_proves_nothing(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    clock.on_sleep = lambda: graph.echo_heard("another")
    meta.script = [Reset()]
    with pytest.raises(GraphTimeout):
        await send(graph)


async def test_a_late_echo_proves_nothing_about_the_same_message_sent_later(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    message = {"text": "Hello", "metadata": "the same"}
    meta.script = [SENT, Reset()]
    await graph.send(ADA, message)
    graph.echo_heard(mark_of(meta.seen[0]))
    with pytest.raises(GraphTimeout):
        await graph.send(ADA, message)


async def test_a_success_that_cannot_be_read_waits_for_the_echo(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.on_request = lambda seen: graph.echo_heard(mark_of(seen))
    meta.script = [Reply(body=b"<html>")]
    assert await send(graph) == ""
    assert len(meta.seen) == 1


@pytest.mark.parametrize(
    ("answer", "mid"),
    [
        ({"recipient_id": ADA.user}, ""),
        ({"recipient_id": ADA.user, "message_id": 7}, "7"),
        ({"recipient_id": ADA.user, "message_id": {"id": "m_1"}}, ""),
        ({"recipient_id": {"id": ADA.user}, "message_id": "m_1"}, "m_1"),
    ],
)
async def test_an_answer_that_names_whom_the_message_went_to_is_not_lost(
    graph: HttpGraph, meta: ScriptedGraph, answer: dict[str, Any], mid: str
) -> None:
    meta.script = [accepted(**answer)]
    assert await send(graph) == mid
    assert len(meta.seen) == 1


async def test_what_never_got_a_connection_was_not_sent(clock: ImpatientClock) -> None:
    """A firewall, say, that drops what is for Meta: nothing is in doubt."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # the one that waits to be accepted
            graph = graph_of(f"http://127.0.0.1:{port}/v25.0", clock, request_timeout=A_MOMENT)
            with pytest.raises(GraphUnavailable) as refusal:
                await send(graph)
            await graph.close()
    assert type(refusal.value) is GraphUnavailable
    assert "was free, or could be made," in str(refusal.value)  # nobody can tell which


@pytest.mark.parametrize("reply", [DOWN, Reply(status=502, body=b"<html>")])
async def test_what_a_server_error_leaves_open_waits_for_the_echo(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock, reply: Reply
) -> None:
    clock.on_sleep = lambda: graph.echo_heard(mark_of(meta.seen[0]))
    meta.script = [reply]
    assert await send(graph) == ""
    assert clock.pauses == [ECHO_WAIT]


async def test_a_lost_answer_tells_whether_other_messages_echoes_have_come(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    async def lose() -> GraphTimeout:
        meta.script = [Reset(), accepted(id="111")]  # and whether there is an outage
        with pytest.raises(GraphTimeout) as failure:
            await send(graph)
        return failure.value

    assert not (await lose()).echoes_come
    meta.script = [SENT]
    await send(graph)
    graph.echo_heard(mark_of(meta.seen[-1]))
    assert (await lose()).echoes_come
    meta.script = [SENT] * MOST_UNECHOED
    for _ in range(MOST_UNECHOED):
        await send(graph)
    assert not (await lose()).echoes_come, "nobody is subscribed to them any more"


async def test_once_meta_sends_no_more_echoes_none_is_said_to_come(
    live: HttpGraph, page: EmulatedPage
) -> None:
    async def lose() -> GraphTimeout:
        await page.break_calls(path="messages", reset=True, perform=True)
        with pytest.raises(GraphTimeout) as failure:
            await live.send(page.thread, {"text": "Hello"})
        return failure.value

    await live.send(page.thread, {"text": "Hello"}, mark="heard")
    live.echo_heard("heard")
    assert (await lose()).echoes_come
    await page.subscribe("messages", "standby")
    assert not (await lose()).echoes_come


async def test_on_instagram_echoes_come_without_a_subscription(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    on_instagram = Thread(page="444", user="555", platform=Platform.INSTAGRAM)
    meta.script = [SENT]
    await graph.send(on_instagram, {"text": "Hello"})
    graph.echo_heard(mark_of(meta.seen[-1]))
    without = accepted(data=[{"id": "900", "subscribed_fields": ["messages"]}])
    meta.script = [Reset(), accepted(id="111"), without]
    with pytest.raises(GraphTimeout) as failure:
        await graph.send(on_instagram, {"text": "Hello"})
    assert failure.value.echoes_come


async def test_what_meta_does_not_tell_of_a_subscription_changes_nothing_about_echoes(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await live.send(page.thread, {"text": "Hello"}, mark="heard")
    live.echo_heard("heard")
    await page.break_calls(path="subscribed_apps", status=500, times=None)
    await page.break_calls(path="messages", reset=True, perform=True)
    with pytest.raises(GraphTimeout) as failure:
        await live.send(page.thread, {"text": "Hello"})
    assert failure.value.echoes_come


async def test_a_send_that_is_never_answered_nor_echoed_times_out(
    hasty: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    meta.script = [Silence()]
    with pytest.raises(GraphTimeout, match=r"within 0\.25 s"):
        await send(hasty)
    assert posts(meta) == ["messages"]
    assert clock.pauses == [ECHO_WAIT]


# Thread control whose answer is lost -------------------------------------------------------------


async def test_a_pass_that_went_through_is_a_success_although_its_answer_was_lost(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await page.break_calls(path="pass_thread_control", reset=True, perform=True)
    await live.pass_control(page.thread, app_id=PAGE_INBOX, metadata="{}")
    assert await page.owner_id() == PAGE_INBOX
    statuses = [call["status"] for call in await page.calls("pass_thread_control")]
    assert statuses == [None, 400]


async def test_a_pass_that_was_lost_is_made_again(live: HttpGraph, page: EmulatedPage) -> None:
    await page.break_calls(path="pass_thread_control", reset=True)
    await live.pass_control(page.thread, app_id=PAGE_INBOX, metadata="{}")
    assert await page.owner_id() == PAGE_INBOX


async def test_a_take_that_went_through_is_a_success_although_its_answer_was_lost(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await page.give_to(PAGE_INBOX)
    await page.break_calls(path="take_thread_control", reset=True, perform=True)
    await live.take_control(page.thread, metadata="{}")
    assert await page.owner_id() == page.bot["id"]


async def test_a_take_all_of_whose_answers_were_lost_is_known_by_the_owner(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await page.give_to(PAGE_INBOX)
    await page.break_calls(path="take_thread_control", reset=True, perform=True, times=3)
    await live.take_control(page.thread, metadata="{}")
    assert await page.owner_id() == page.bot["id"]


async def test_a_take_that_was_lost_each_time_is_open(live: HttpGraph, page: EmulatedPage) -> None:
    await page.give_to(PAGE_INBOX)
    await page.break_calls(path="take_thread_control", reset=True, times=3)
    with pytest.raises(GraphTimeout):
        await live.take_control(page.thread, metadata="{}")


async def test_a_refused_pass_without_a_doubt_is_a_refusal(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [NOT_OWNER]
    with pytest.raises(NotThreadOwner):
        await pass_to_agent(graph)
    assert len(meta.seen) == 1


async def test_a_refused_pass_after_a_rate_limit_is_a_refusal(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [refused(code=613), NOT_OWNER]
    with pytest.raises(NotThreadOwner):
        await pass_to_agent(graph)


async def test_a_refused_pass_of_a_thread_that_is_still_ours_is_a_refusal(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reset(), NOT_OWNER, WE_OWN]
    with pytest.raises(NotThreadOwner):
        await pass_to_agent(graph)


async def test_a_short_rate_limit_after_a_lost_answer_does_not_hide_that_it_was_passed(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reset(), refused(code=613), refused(code=613), ANOTHER_OWNS]
    await pass_to_agent(graph)
    assert [seen.method for seen in meta.seen] == ["POST", "POST", "POST", "GET"]


async def test_a_long_rate_limit_after_a_lost_answer_leaves_the_fate_of_a_pass_open(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reset(), refused(code=80006)]
    with pytest.raises(GraphTimeout, match=r"may have been passed.*more calls lengthen"):
        await pass_to_agent(graph)
    assert [seen.method for seen in meta.seen] == ["POST", "POST"]


async def test_a_wrong_target_is_a_refusal_even_after_a_lost_answer(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reset(), refused(code=100, error_subcode=2018164), NOBODY_OWNS]
    with pytest.raises(GraphRefused):
        await pass_to_agent(graph)


async def test_a_refused_take_of_another_app_s_thread_is_a_refusal(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await page.give_to(PAGE_INBOX)
    await page.forbid_taking()
    with pytest.raises(GraphRefused, match="'Take control of conversations'"):
        await live.take_control(page.thread, metadata="{}")
    assert await page.owner_id() == PAGE_INBOX


async def test_a_take_of_what_is_ours_is_a_success_though_meta_says_that_another_has_it(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [refused(code=100, message="Another app is controlling this thread"), WE_OWN]
    await graph.take_control(ADA, metadata="")


async def test_an_unknown_owner_leaves_the_fate_of_a_take_open(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [refused(code=100, message="No"), DOWN, DOWN, DOWN]
    with pytest.raises(GraphUnavailable):
        await graph.take_control(ADA, metadata="")
