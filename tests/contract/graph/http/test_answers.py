"""What answers mean that aren't a success, or not Graph's at all: the errors that come out."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from channels.core.errors import GraphError, GraphRefused, GraphUnavailable, UserUnreachable
from channels.core.events import Thread
from channels.core.meta.ownership import Owner
from channels.graph.connection import LONGEST_ANSWER
from channels.graph.http import HttpGraph
from channels.graph.protocol import SenderAction
from emulator import PAGE_INBOX
from tests.contract.emulated_page import EmulatedPage
from tests.contract.graph.http.graph_http_samples import ADA, graph_of, pass_to_agent, send
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import Act, Reply, Reset, ScriptedGraph, accepted, refused


async def test_success_false_is_a_refusal(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [accepted(success=False)]
    with pytest.raises(GraphRefused, match="success: false"):
        await pass_to_agent(graph)


async def test_a_user_of_another_page_is_unreachable(live: HttpGraph, page: EmulatedPage) -> None:
    stranger = Thread(page=page.thread.page, user="7999999999999999")
    with pytest.raises(UserUnreachable) as refusal:
        await live.send(stranger, {"text": "Hello"})
    assert (refusal.value.code, refusal.value.subcode) == (100, 2018001)
    assert refusal.value.trace


async def test_an_unknown_target_app_is_a_wrong_setting(
    live: HttpGraph, page: EmulatedPage
) -> None:
    with pytest.raises(GraphRefused, match="'target-app'"):
        await live.pass_control(page.thread, app_id="12345", metadata="{}")
    assert await page.owner_id() == page.bot["id"]


async def test_the_secret_of_another_app_is_a_wrong_setting(page: EmulatedPage) -> None:
    graph = page.graph(app_secret="of another app")
    with pytest.raises(GraphRefused, match="'secret'"):
        await graph.routing(page.thread.page)
    await graph.close()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"data":[{"thread', b"\xff", b'{"data":[1e%b]}' % (b"9" * 30)]
)
async def test_an_answer_that_is_not_graph_s_names_the_http_status(
    graph: HttpGraph, meta: ScriptedGraph, body: bytes
) -> None:
    meta.script = [Reply(body=body)] * 3
    with pytest.raises(GraphUnavailable, match="HTTP status 200"):
        await graph.owner(ADA)


async def test_why_there_is_no_connection_is_told_in_the_system_s_words(
    clock: ImpatientClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def know_no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", know_no_name)
    graph = graph_of("https://graph.example/v25.0", clock)
    with pytest.raises(
        GraphUnavailable, match=r"\(ClientConnector\w*: Name or service not known\)"
    ):
        await send(graph)
    await graph.close()


async def test_an_answer_longer_than_any_of_graph_s_is_not_read_on(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reply(body=b'{"data":[]' + b" " * LONGEST_ANSWER + b"}")] * 3
    with pytest.raises(GraphUnavailable, match="HTTP status 200"):
        await graph.owner(ADA)


def calls_of(graph: HttpGraph) -> dict[str, Any]:
    return {
        "send": lambda: send(graph),
        "pass": lambda: pass_to_agent(graph),
        "take": lambda: graph.take_control(ADA, metadata=""),
        "page": graph.page,
        "routing": lambda: graph.routing(ADA.page),
        "sender_action": lambda: graph.sender_action(ADA, SenderAction.TYPING_ON),
    }


@pytest.mark.parametrize("verb", ["send", "pass", "take", "page", "routing", "sender_action"])
@pytest.mark.parametrize(
    "act",
    [
        Reset(),
        Reply(status=503, body=b""),
        Reply(body=b'{"id":' + b"[" * 100_000),
        Reply(body=b"{}", headers={"Content-Encoding": "gzip"}),
        refused(code=368),
    ],
)
async def test_nothing_but_a_graph_error_comes_out(
    graph: HttpGraph, meta: ScriptedGraph, verb: str, act: Act
) -> None:
    meta.script = [act] * 9
    with pytest.raises(GraphError):
        await calls_of(graph)[verb]()


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"success":true}', b'{"data":[{}]}'])
async def test_an_answer_that_says_nothing_of_the_owner_is_told_once(
    graph: HttpGraph, meta: ScriptedGraph, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    meta.script = [Reply(body=body)] * 2
    assert [await graph.owner(ADA), await graph.owner(ADA)] == [Owner.UNKNOWN] * 2
    assert len(meta.seen) == 2
    assert len([one for one in caplog.messages if "whose the threads of the page are" in one]) == 1


@pytest.mark.parametrize(
    ("answer", "owner"),
    [
        ("owner_hidden", Owner.HIDDEN),
        ("owner_unknown_user", Owner.UNKNOWN),
        ("owner_no_such_edge", Owner.UNKNOWN),
        ("owner_bare", Owner.UNKNOWN),
        ("owner_null", Owner.UNKNOWN),
        ("owner_list", Owner.UNKNOWN),
        ("owner_no_name", Owner.UNKNOWN),
    ],
)
async def test_a_refusal_to_tell_the_owner_raises_nothing(
    live: HttpGraph, page: EmulatedPage, answer: str, owner: Owner
) -> None:
    await page.break_calls(answer=answer)
    assert await live.owner(page.thread) is owner


async def test_an_owner_that_can_t_be_read_for_long_is_unknown(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await page.break_calls(answer="owner_page", times=None)
    assert await live.owner(page.thread) is Owner.UNKNOWN


async def test_a_refused_take_is_told_as_such_where_the_owner_is_unknown(
    live: HttpGraph, page: EmulatedPage
) -> None:
    await page.give_to(PAGE_INBOX)
    await page.forbid_taking()
    await page.break_calls(answer="owner_no_such_edge")
    with pytest.raises(GraphRefused, match="'Take control of conversations'"):
        await live.take_control(page.thread, metadata="")


async def test_a_page_stays_unsubscribed_until_meta_tells_otherwise(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    ours = accepted(data=[{"id": "900", "subscribed_fields": ["messages"]}])
    meta.script = [accepted(data=[]), refused(code=100), ours]
    assert [await graph.unsubscribed() for _ in range(3)] == [["the page"], ["the page"], []]


async def test_a_line_that_names_no_app_hides_no_other(live: HttpGraph, page: EmulatedPage) -> None:
    await page.subscribe("message_reads")
    await page.break_calls(answer="apps_odd_line", times=None)
    assert await live.unsubscribed() == ["the page"]
