from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.contract.emulator_world import AGENT, BOT, OTHER_USER, USER, World, emulated


async def texts_of_bot(world: World) -> list[str]:
    thread = await world.done("GET", f"threads/{USER}")
    return [message["text"] for message in thread["messages"] if message["from"] == BOT]


async def test_a_call_fails_as_often_as_asked_and_takes_no_effect() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", "faults", {"calls": {"path": "messages", "times": 2}})
        answers = [await world.sends(BOT, text) for text in ("one", "two", "three")]
        assert [status for status, _ in answers] == [500, 500, 200]
        assert answers[0][1]["error"]["is_transient"] is True
        assert await texts_of_bot(world) == ["three"]


async def test_an_error_is_answered_as_given_with_its_headers() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        headers = {"X-Business-Use-Case-Usage": "{}"}
        fault = {"path": "messages", "error": {"code": 80006}, "headers": headers}
        await world.done("POST", "faults", {"calls": fault})
        status, answer = await world.sends(BOT)
        assert (status, answer["error"]["code"]) == (400, 80006)
        assert answer["error"]["fbtrace_id"]


async def test_a_fault_can_mean_one_app_and_one_user() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        fault = {"path": "messages", "app_id": AGENT, "user": OTHER_USER}
        await world.done("POST", "faults", {"calls": fault})
        assert (await world.sends(BOT))[0] == 200
        assert (await world.sends(AGENT))[0] == 400
        assert (await world.sends(AGENT, recipient={"id": OTHER_USER}))[0] == 500


@pytest.mark.parametrize(("perform", "texts"), [(False, []), (True, ["hello"])])
async def test_a_dropped_connection_may_have_taken_effect(perform: bool, texts: list[str]) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        fault = {"path": "messages", "reset": True, "perform": perform}
        await world.done("POST", "faults", {"calls": fault})
        with pytest.raises(aiohttp.ClientError):
            await world.sends(BOT)
        assert await texts_of_bot(world) == texts
        calls = await world.done("GET", "calls?path=messages")
        assert [call["status"] for call in calls] == [None]


@pytest.mark.parametrize(
    ("path", "shown", "said"), [("messages", 200, 500), ("sender_action", 500, 200)]
)
async def test_a_fault_of_messages_leaves_what_is_shown_besides_them_alone_and_the_other_way_round(
    path: str, shown: int, said: int
) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", "faults", {"calls": {"path": path}})
        typing = {"recipient": {"id": USER}, "sender_action": "typing_on"}
        assert (await world.graph(BOT, "me/messages", typing))[0] == shown
        assert (await world.sends(BOT))[0] == said


async def test_a_slow_call_has_taken_effect_before_it_is_answered() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", "faults", {"calls": {"path": "messages", "latency_ms": 60_000}})
        url, impatient = f"{world.url}/me/messages", aiohttp.ClientTimeout(total=0.2)
        body = {
            "access_token": "demo-bot-page-access-token",
            "messaging_type": "RESPONSE",
            "recipient": {"id": USER},
            "message": {"text": "hello"},
        }
        with pytest.raises(asyncio.TimeoutError):
            await world.http.post(url, json=body, timeout=impatient)
        assert await texts_of_bot(world) == ["hello"]


async def test_a_fault_can_hit_a_call_about_the_page_itself() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"calls": {"path": "me", "status": 503}})
        assert (await world.graph(BOT, "me", method="GET"))[0] == 503


async def test_a_fault_without_a_number_lasts_until_faults_are_cleared() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", "faults", {"calls": {"times": None}})
        assert [(await world.sends(BOT))[0] for _ in range(3)] == [500, 500, 500]
        await world.done("DELETE", "faults")
        assert (await world.sends(BOT))[0] == 200


async def test_a_webhook_can_be_lost() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "drop": 1}})
        await world.user_says("lost")
        await world.user_says("found")
        assert [one.event["message"]["text"] for one in await world.heard_by(BOT)] == ["found"]
        assert len(await world.heard_by(AGENT)) == 2


async def test_a_webhook_can_come_twice() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "double": 1}})
        await world.user_says("twice")
        await world.user_says("once")
        texts = [one.event["message"]["text"] for one in await world.heard_by(BOT)]
        assert texts == ["twice", "twice", "once"]


async def test_webhooks_can_come_in_reverse_order() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"webhooks": {"reorder": 3}})
        for text in ("1", "2", "3", "4"):
            await world.user_says(text)
        for app_id in (BOT, AGENT):
            texts = [one.event["message"]["text"] for one in await world.heard_by(app_id)]
            assert texts == ["3", "2", "1", "4"]


async def test_webhooks_can_come_in_one_post_with_both_arrays() -> None:
    async with emulated() as world:
        await world.user_says("1")
        await world.heard_by(BOT)
        world.receivers[BOT].posts.clear()
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "batch": 4}})
        await world.user_says("2")
        await world.user_says("3")
        await world.passes(BOT, AGENT)
        await world.user_says("4")
        await world.user_says("5")
        await world.receivers[BOT].wait_for_posts(1)
        first, second = world.receivers[BOT].bodies()[0]["entry"]
        assert [one["message"]["text"] for one in first["messaging"]] == ["2", "3"]
        assert [one["message"]["text"] for one in second["standby"]] == ["4", "5"]


async def test_events_that_wait_for_a_batch_go_once_faults_are_cleared() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "batch": 99}})
        await world.user_says("waiting")
        await world.done("DELETE", "faults")
        assert [one.event["message"]["text"] for one in await world.heard_by(BOT)] == ["waiting"]


async def test_faults_are_logged() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "double": 1}})
        await world.done("POST", "faults", {"calls": {"path": "messages"}})
        await world.user_says("hi")
        await world.sends(BOT)
        await world.heard_by(BOT)
        log = await world.done("GET", "log?kind=fault")
        assert {entry["what"] for entry in log["entries"]} == {"call", "double"}


@pytest.mark.parametrize(
    "body",
    [
        {"calls": {"times": 0}},
        {"calls": {"latency_ms": -1}},
        {"calls": {"how": "badly"}},
        {"webhooks": {"drop": "many"}},
        {"graph": {}},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(body: dict[str, object]) -> None:
    async with emulated() as world:
        status, answer = await world.control("POST", "faults", body)
        assert status == 400
        assert answer["error"].startswith("The body is wrong")
