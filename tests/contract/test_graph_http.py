"""What only HTTP can show: lost answers, retries, credentials, answers that are not Graph's."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from emulated_page import EmulatedPage, emulated_page
from impatient_clock import ImpatientClock
from scripted_graph import (
    Act,
    Reply,
    Reset,
    ScriptedGraph,
    Seen,
    Silence,
    accepted,
    refused,
    scripted_graph,
)

from channels.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
    TokenRefused,
    UserUnreachable,
)
from channels.events import Thread
from channels.graph import SenderAction
from channels.graph_http import ECHO_WAIT, HttpGraph
from channels.graph_retry import LONGEST_CALL
from channels.log_fields import thread_hash
from channels.routing import Owner
from emulator import PAGE_INBOX

TOKEN = "EAABpagetoken"
SECRET = "appsecret123"
ADA = Thread(page="111000111", user="71000000001")
A_MOMENT = timedelta(milliseconds=250)
DOWN = refused(500, code=2, is_transient=True, message="Service temporarily unavailable")
NOT_OWNER = refused(code=100, message="(#100) calling app is not the thread owner")
ANOTHER_OWNS = accepted(data=[{"thread_owner": {"app_id": "901"}}])
NOBODY_OWNS = accepted(data=[])
WE_OWN = accepted(data=[{"thread_owner": {"app_id": "900"}}])
SENT = accepted(recipient_id=ADA.user, message_id="m_1")
DONE = accepted(success=True)


@pytest.fixture
def clock() -> ImpatientClock:
    return ImpatientClock()


@pytest.fixture
async def meta() -> AsyncIterator[ScriptedGraph]:
    async with scripted_graph() as graph:
        yield graph


@pytest.fixture
async def graph(meta: ScriptedGraph, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    http_graph = graph_of(meta.url, clock)
    yield http_graph
    await http_graph.close()


@pytest.fixture
async def hasty(meta: ScriptedGraph, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    """A Graph that gives each try a moment only."""
    http_graph = graph_of(meta.url, clock, request_timeout=A_MOMENT)
    yield http_graph
    await http_graph.close()


@pytest.fixture
async def page() -> AsyncIterator[EmulatedPage]:
    async with emulated_page() as emulated:
        yield emulated


@pytest.fixture
async def live(page: EmulatedPage, clock: ImpatientClock) -> AsyncIterator[HttpGraph]:
    """A Graph of the emulated page."""
    http_graph = page.graph(clock)
    yield http_graph
    await http_graph.close()


def graph_of(url: str, clock: ImpatientClock, **settings: Any) -> HttpGraph:
    return HttpGraph(
        graph_url=url,
        page_access_token=TOKEN,
        app_id="900",
        app_secret=SECRET,
        clock=clock,
        **settings,
    )


async def send(graph: HttpGraph, text: str = "Hello") -> str:
    return await graph.send(ADA, {"text": text})


async def pass_to_agent(graph: HttpGraph) -> None:
    await graph.pass_control(ADA, app_id="901", metadata="{}")


def posts(meta: ScriptedGraph) -> list[str]:
    """What was asked for besides looking: the last segment of each path."""
    return [seen.path.rsplit("/", 1)[1] for seen in meta.seen if seen.method == "POST"]


# The request -------------------------------------------------------------------------------------


async def test_a_send_is_a_json_body_with_the_token_in_the_header(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [SENT]
    await graph.send(ADA, {"text": "Grüß Gott", "metadata": "mine"})
    seen = meta.seen[0]
    assert (seen.method, seen.path) == ("POST", "/v25.0/me/messages")
    assert seen.headers["Content-Type"] == "application/json"
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen.body == {
        "recipient": {"id": ADA.user},
        "messaging_type": "RESPONSE",
        "message": {"text": "Grüß Gott", "metadata": "mine"},
    }


async def test_every_call_proves_the_app_secret(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [ANOTHER_OWNS]
    await graph.owner(ADA)
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert meta.seen[0].query == {"recipient": ADA.user, "appsecret_proof": proof}


async def test_a_message_without_metadata_gets_one_of_its_own(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
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
    assert "Bad *** *** *** *** '***' in message[text] of RESPONSE" in str(refusal.value)


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


# Trying again ------------------------------------------------------------------------------------


async def test_a_transient_failure_is_tried_again(
    live: HttpGraph, page: EmulatedPage, clock: ImpatientClock
) -> None:
    await page.break_calls(path="messages", status=500, times=2)
    await live.send(page.thread, {"text": "Hello"})
    assert [message["text"] for message in await page.delivered()] == ["Hello"]
    assert clock.pauses == [timedelta(seconds=0.5), timedelta(seconds=1)]


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


# A send whose answer is lost ---------------------------------------------------------------------


async def test_a_send_whose_echo_shows_up_is_not_sent_again(
    live: HttpGraph, page: EmulatedPage, clock: ImpatientClock
) -> None:
    await page.break_calls(path="messages", reset=True, perform=True)
    clock.on_sleep = lambda: live.echo_heard("mine")
    assert await live.send(page.thread, {"text": "Hello", "metadata": "mine"}) == ""
    assert len(await page.delivered()) == 1
    assert clock.pauses == [ECHO_WAIT]


async def test_a_send_without_an_echo_is_sent_again_with_the_same_metadata(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [Reset(), SENT]
    assert await send(graph) == "m_1"
    first, second = (seen.body["message"] for seen in meta.seen)
    assert first == second


async def test_an_echo_that_comes_before_the_time_limit_counts(
    hasty: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.on_request = lambda seen: hasty.echo_heard(seen.body["message"]["metadata"])
    meta.script = [Silence()]
    assert await send(hasty) == ""
    assert len(meta.seen) == 1


async def test_an_echo_of_another_message_proves_nothing(
    graph: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    clock.on_sleep = lambda: graph.echo_heard("another")
    meta.script = [Reset(), SENT]
    assert await send(graph) == "m_1"


async def test_an_echo_proves_nothing_about_a_later_message_with_the_same_metadata(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    message = {"text": "Hello", "metadata": "the same"}
    meta.script = [SENT, Reset(), SENT]
    await graph.send(ADA, message)
    graph.echo_heard("the same")
    assert await graph.send(ADA, message) == "m_1"
    assert len(meta.seen) == 3


async def test_a_success_that_cannot_be_read_waits_for_the_echo(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.on_request = lambda seen: graph.echo_heard(seen.body["message"]["metadata"])
    meta.script = [Reply(body=b"<html>")]
    assert await send(graph) == ""
    assert len(meta.seen) == 1


async def test_an_echo_during_the_pause_after_a_server_error_counts(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.on_request = lambda seen: graph.echo_heard(seen.body["message"]["metadata"])
    meta.script = [DOWN]
    assert await send(graph) == ""
    assert len(meta.seen) == 1


async def test_a_send_that_is_never_answered_nor_echoed_times_out(
    hasty: HttpGraph, meta: ScriptedGraph, clock: ImpatientClock
) -> None:
    meta.script = [Silence(), Silence(), Silence()]
    with pytest.raises(GraphTimeout, match=r"within 0\.25 s"):
        await send(hasty)
    assert posts(meta) == ["messages"] * 3
    assert clock.pauses == [ECHO_WAIT] * 3


async def test_a_send_that_may_show_twice_is_a_warning(
    hasty: HttpGraph, meta: ScriptedGraph, caplog: pytest.LogCaptureFixture
) -> None:
    meta.script = [Silence(), SENT]
    with caplog.at_level(logging.INFO, "channels"):
        await send(hasty)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


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
    with pytest.raises(GraphTimeout, match=r"may have been passed.*calling on lengthens"):
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


async def test_an_unknown_owner_leaves_the_fate_of_a_take_open(
    graph: HttpGraph, meta: ScriptedGraph
) -> None:
    meta.script = [refused(code=100, message="No"), DOWN, DOWN, DOWN]
    with pytest.raises(GraphUnavailable):
        await graph.take_control(ADA, metadata="")


async def test_success_false_is_a_refusal(graph: HttpGraph, meta: ScriptedGraph) -> None:
    meta.script = [accepted(success=False)]
    with pytest.raises(GraphRefused, match="success: false"):
        await pass_to_agent(graph)


# Refusals ----------------------------------------------------------------------------------------


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
    "body", [b"", b"<html>", b"[]", b'{"data":1}', b'{"data":[{"thread', b"\xff"]
)
async def test_an_answer_that_is_not_graph_s_names_the_http_status(
    graph: HttpGraph, meta: ScriptedGraph, body: bytes
) -> None:
    meta.script = [Reply(body=body)] * 3
    with pytest.raises(GraphUnavailable, match="HTTP status 200"):
        await graph.owner(ADA)


def calls_of(graph: HttpGraph) -> dict[str, Any]:
    return {
        "send": lambda: send(graph),
        "pass": lambda: pass_to_agent(graph),
        "take": lambda: graph.take_control(ADA, metadata=""),
        "owner": lambda: graph.owner(ADA),
        "page": graph.page,
        "routing": lambda: graph.routing(ADA.page),
        "sender_action": lambda: graph.sender_action(ADA, SenderAction.TYPING_ON),
    }


@pytest.mark.parametrize(
    "verb", ["send", "pass", "take", "owner", "page", "routing", "sender_action"]
)
@pytest.mark.parametrize("act", [Reset(), Reply(status=503, body=b""), refused(code=368)])
async def test_nothing_but_a_graph_error_comes_out(
    graph: HttpGraph, meta: ScriptedGraph, verb: str, act: Act
) -> None:
    meta.script = [act] * 9
    with pytest.raises(GraphError):
        await calls_of(graph)[verb]()
