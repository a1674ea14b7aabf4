"""What an HttpGraph sends and over which connections, and where its secrets never show."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import GraphRefused, GraphTimeout, GraphUnavailable
from channels.engine.delivery import MOST_SENDS
from channels.graph.http import HttpGraph
from channels.graph.protocol import SenderAction
from channels.instruments.log_fields import thread_hash
from tests.contract.emulated_page import EmulatedPage
from tests.contract.graph.http.graph_http_samples import (
    ADA,
    ANOTHER_OWNS,
    DONE,
    DOWN,
    SECRET,
    SENT,
    TOKEN,
    mark_of,
    pass_to_agent,
    send,
)
from tests.contract.graph.impatient_clock import ImpatientClock
from tests.contract.graph.scripted_graph import Reply, ScriptedGraph, Silence, accepted, refused

# The request -------------------------------------------------------------------------------------


async def test_a_send_is_a_json_body_with_the_token_in_the_header(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [SENT]
    await graph.send(ADA, {"text": "Grüß Gott"})
    seen = meta.seen[0]
    assert (seen.method, seen.path) == ("POST", "/v25.0/me/messages")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen.body == {
        "recipient": {"id": ADA.user},
        "messaging_type": "RESPONSE",
        "message": {"text": "Grüß Gott", "metadata": mark_of(seen)},
    }


async def test_every_call_proves_the_app_secret(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [ANOTHER_OWNS]
    await graph.owner(ADA)
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert meta.seen[0].query == {"recipient": ADA.user, "appsecret_proof": proof}


async def test_every_message_has_a_mark_of_its_own(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [SENT, SENT]
    await send(graph)
    await send(graph)
    metadata = {seen.body["message"]["metadata"] for seen in meta.seen}
    assert len(metadata) == 2


async def test_the_message_of_the_caller_is_left_as_it_is(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [SENT]
    message = {"text": "Hello"}
    await graph.send(ADA, message)
    assert message == {"text": "Hello"}


async def test_a_pass_names_its_target_and_takes_metadata_along(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [DONE]
    await pass_to_agent(graph)
    assert meta.seen[0].path == "/v25.0/me/pass_thread_control"
    assert meta.seen[0].body == {
        "recipient": {"id": ADA.user},
        "target_app_id": "901",
        "metadata": "{}",
    }


async def test_calls_one_after_another_share_a_connection(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [SENT, SENT, SENT]
    for _ in range(3):
        await send(graph)
    assert len({seen.peer for seen in meta.seen}) == 1


async def test_a_graph_that_is_closed_keeps_no_connection(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [SENT, SENT]
    await send(graph)
    await graph.close()
    await send(graph)

    assert len({seen.peer for seen in meta.seen}) == 2


async def test_a_slow_call_holds_up_no_other(hasty: HttpGraph, meta: ScriptedGraph) -> None:
    began = asyncio.Event()
    meta.on_request = lambda _seen: began.set()
    meta.script = [Silence(), SENT]
    slow = asyncio.ensure_future(hasty.sender_action(ADA, SenderAction.TYPING_ON))
    await began.wait()
    assert await send(hasty) == "m_1"
    assert not slow.done()
    with pytest.raises(GraphTimeout):
        await slow


async def test_the_page_is_asked_for_once(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [accepted(id=111000111)]
    assert [await graph.page(), await graph.page()] == ["111000111", "111000111"]
    assert len(meta.seen) == 1


async def test_a_closed_graph_opens_again(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [SENT, SENT]
    await send(graph)
    await graph.close()
    assert await send(graph) == "m_1"


# Secrets -----------------------------------------------------------------------------------------


async def test_the_repr_shows_no_secret(graph: HttpGraph) -> None:
    shown = repr(graph)
    assert "900" in shown
    assert TOKEN not in shown
    assert SECRET not in shown


async def test_an_error_repeats_no_secret_no_id_and_no_text(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    told = f"Bad {TOKEN} {SECRET} {proof} {ADA.user} 'Hi Ada' in message[text] of RESPONSE"
    meta.script = [refused(code=100, message=told)]
    with pytest.raises(GraphRefused) as refusal:
        await send(graph, "Hi Ada")
    assert "Bad … in message[text] of RESPONSE" in str(refusal.value)


async def test_neither_does_an_error_when_something_is_asked(
    graph: HttpGraph, meta: ScriptedGraph, caplog: pytest.LogCaptureFixture
) -> None:
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    meta.script = [refused(code=100, message=f"Bad {TOKEN} {SECRET} {proof} of {ADA.user}")]
    await graph.owner(ADA)
    assert "Bad *** *** *** of ***" in caplog.text


async def test_an_error_repeats_no_text_that_stands_where_a_kind_should(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    told = "Param message[attachment][type] can't be Ada; nor image for template_type"
    meta.script = [refused(code=100, message=told)]
    attachment = {"type": "Ada", "payload": {"template_type": "image", 1: "template_type"}}
    with pytest.raises(GraphRefused, match=r"type\] can't be … image for …"):
        await graph.send(ADA, {"attachment": attachment})


async def test_an_error_repeats_no_text_of_a_list(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [refused(code=100, message="Param title 'Blocked' is too long")]
    replies = [
        {"content_type": "text", "title": title, "payload": "/block"} for title in ("No", "Blocked")
    ]
    with pytest.raises(GraphRefused, match="Param title … is too long"):
        await graph.send(ADA, {"text": "Hi Ada", "quick_replies": replies})


async def test_the_token_does_not_follow_a_redirect(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [Reply(status=302, headers={"Location": "/elsewhere"})]
    with pytest.raises(GraphUnavailable, match="HTTP status 302"):
        await graph.sender_action(ADA, SenderAction.MARK_SEEN)
    assert [seen.path for seen in meta.seen] == ["/v25.0/me/messages"]


async def test_the_log_of_a_retry_names_no_person_and_no_text(
    graph: HttpGraph, meta: ScriptedGraph, caplog: pytest.LogCaptureFixture
) -> None:
    meta.script = [DOWN, SENT]
    with caplog.at_level(logging.DEBUG, "channels"):
        await send(graph, "My secret wish")
    (record,) = caplog.records
    fields = vars(record)
    assert fields["call"] == "POST /me/messages"
    assert fields["thread_hash"] == thread_hash(ADA)
    assert "Service temporarily unavailable" in record.getMessage()
    for hidden in (ADA.user, "secret wish", TOKEN, SECRET):
        assert hidden not in str(fields)


async def test_the_date_of_an_answer_tells_how_far_metas_clock_is_from_ours(
    live: HttpGraph, page: EmulatedPage, clock: ImpatientClock
) -> None:
    assert live.skew() is None
    await live.owner(page.thread)

    skew = live.skew()
    assert skew is not None
    assert abs(clock.now() + skew - datetime.now(timezone.utc)) < timedelta(seconds=5)


async def test_sends_that_hang_keep_no_thread_from_being_taken(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [*[Silence()] * MOST_SENDS, DONE]
    all_hang = asyncio.Event()
    meta.on_request = lambda _: all_hang.set() if len(meta.seen) == MOST_SENDS else None
    sends = [asyncio.create_task(send(graph)) for _ in range(MOST_SENDS)]
    await all_hang.wait()
    await asyncio.wait_for(graph.take_control(ADA, metadata=""), 3)
    for sending in sends:
        sending.cancel()
    await asyncio.gather(*sends, return_exceptions=True)
