from __future__ import annotations

import asyncio

import pytest

from emulator import INSTAGRAM_INBOX, RoutingMode
from tests.contract.emulator_world import (
    AGENT,
    BOT,
    INBOX,
    INSTAGRAM_USER,
    OTHER_USER,
    PAGE,
    USER,
    World,
    emulated,
    token_of,
)

NEW_USER = "7100000000000099"


async def test_the_config_shows_all_that_a_client_needs() -> None:
    async with emulated() as world:
        config = await world.done("GET", "config")
        assert config["page"] == {"id": PAGE, "name": "Demo Page"}
        assert [app["id"] for app in config["apps"]] == [BOT, AGENT]
        assert [app["default"] for app in config["apps"]] == [True, False]
        bot = config["apps"][0]
        assert {"secret", "verify_token", "page_access_token", "webhook"} <= set(bot)
        assert config["users"][0] == {"id": USER, "name": "Ada Lovelace", "platform": "messenger"}
        assert (config["routing"], config["inbox_app_id"]) == ("on", INBOX)


async def test_an_app_can_be_changed_key_by_key() -> None:
    async with emulated() as world:
        changed = await world.done("PUT", f"apps/{BOT}", {"page_access_token": "new"})
        assert (changed["page_access_token"], changed["name"]) == ("new", "Demo Bot")
        async with world.http.get(f"{world.url}/me?access_token={token_of(BOT)}") as answer:
            assert answer.status == 400
        async with world.http.get(f"{world.url}/me?access_token=new") as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", f"apps/{BOT}", {"colour": "red"}, 400),
        ("PUT", f"apps/{BOT}", {"webhook": "ftp://x"}, 400),
        ("PUT", f"apps/{BOT}", {"subscribed_fields": ["messaging_handover"]}, 400),
        ("PUT", f"apps/{BOT}", {"instagram_fields": ["message_echoes"]}, 400),
        ("PUT", f"apps/{INBOX}", {"name": "x"}, 400),
        ("PUT", f"apps/{INSTAGRAM_INBOX}", {"name": "x"}, 400),
        ("PUT", "apps/1", {"name": "x"}, 404),
        ("PUT", "default_app", {"app_id": "1"}, 404),
        ("PUT", "routing", {"mode": "maybe"}, 400),
        ("PUT", "routing", {"mode": "on", "platform": "whatsapp"}, 400),
        ("PUT", "switches", {"null_owner": "none"}, 400),
        ("POST", "users", {"id": USER, "name": "again"}, 400),
        ("POST", "users", {"id": "ada", "name": "no digits"}, 400),
        ("POST", "users/1/messages", {"text": "x"}, 404),
        ("POST", f"users/{USER}/messages", {}, 400),
        ("POST", f"users/{USER}/messages", [], 400),
        ("POST", f"users/{USER}/taps", {"payload": "/x", "app_id": "1"}, 404),
        ("POST", f"inbox/{USER}/messages", {}, 400),
        ("GET", "threads/1", None, 404),
        ("GET", "no/such/path", None, 404),
        ("DELETE", "config", None, 404),
        ("POST", "clock", {"advance_seconds": -1}, 400),
        ("GET", "log?after=x", None, 400),
        ("POST", "webhooks", {"app_id": INBOX, "body": {}}, 400),
        ("POST", "handshake", {}, 400),
        ("POST", "faults", {"calls": {"times": 0}}, 400),
    ],
)
async def test_bad_input_is_refused_with_a_reason(
    method: str, path: str, body: object, status: int
) -> None:
    async with emulated() as world:
        answer = await world.control(method, path, body)
        assert answer[0] == status
        assert answer[1]["error"]


async def test_a_new_user_can_write_at_once() -> None:
    async with emulated() as world:
        user = {"id": NEW_USER, "name": "Grace Hopper"}
        added = {**user, "platform": "messenger"}
        assert await world.control("POST", "users", user) == (201, added)
        await world.user_says("hi", NEW_USER)
        thread = await world.done("GET", f"threads/{NEW_USER}")
        assert thread["messages"][0]["from_name"] == "Grace Hopper"


async def test_a_thread_shows_its_owner_and_messages() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.sends(BOT, message={"text": "hello", "metadata": "nonce"})
        await world.done("POST", f"inbox/{USER}/messages", {"text": "I am Ines"})
        thread = await world.done("GET", f"threads/{USER}")
        assert (thread["owner"], thread["owner_name"]) == (INBOX, "Page Inbox")
        assert thread["expires_at"] > thread["last_user_message_at"]
        shown = [(one["from"], one["from_name"], one["text"]) for one in thread["messages"]]
        assert shown == [
            ("user", "Ada Lovelace", "hi"),
            (BOT, "Demo Bot", "hello"),
            (INBOX, "Page Inbox", "I am Ines"),
        ]
        assert thread["messages"][1]["metadata"] == "nonce"


async def test_the_default_app_can_change() -> None:
    async with emulated() as world:
        await world.done("PUT", "default_app", {"app_id": INBOX})
        await world.user_says("hi")
        assert await world.owner() == INBOX


async def test_calls_are_recorded_without_tokens_and_proofs() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.sends(BOT, access_token=token_of(BOT), appsecret_proof="wrong")
        await world.sends(BOT)
        await world.sends(AGENT)
        calls = await world.done("GET", f"calls?app_id={BOT}&path=messages")
        assert [(call["method"], call["path"], call["status"]) for call in calls] == [
            ("POST", "/me/messages", 400),
            ("POST", "/me/messages", 200),
        ]
        assert calls[0]["params"]["access_token"] == "***"
        assert calls[0]["params"]["appsecret_proof"] == "***"
        assert calls[1]["params"]["message"] == {"text": "hello"}
        assert calls[1]["response"]["recipient_id"] == USER
        assert await world.done("GET", "calls?path=take_thread_control") == []


async def test_the_log_waits_for_the_entry_that_is_asked_for() -> None:
    async with emulated() as world:
        query = f"log?after=0&wait_ms=20000&kind=message,postback&user={USER}"
        waiting = asyncio.create_task(world.done("GET", query))
        await world.user_says("not this one", OTHER_USER)
        assert not waiting.done()
        await world.user_says("this one")
        entries = (await waiting)["entries"]
        assert [(one["kind"], one["from"], one["text"]) for one in entries] == [
            ("message", "user", "this one")
        ]


async def test_the_log_answers_empty_once_the_wait_is_over() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        last = (await world.done("GET", "log?kind=message"))["last"]
        assert (await world.done("GET", f"log?after={last}&wait_ms=20&kind=message"))[
            "entries"
        ] == []


async def test_the_log_tells_how_a_thread_changed_hands() -> None:
    async with emulated() as world:
        await _hand_around(world)
        entries = (await world.done("GET", f"log?kind=owner&user={USER}"))["entries"]
        assert [(one["how"], one["previous"], one["owner"]) for one in entries] == [
            ("user_message", None, BOT),
            ("pass", BOT, AGENT),
            ("inbox_reply", AGENT, INBOX),
            ("take", INBOX, BOT),
            ("release", BOT, None),
        ]


async def _hand_around(world: World) -> None:
    await world.user_says("hi")
    await world.passes(BOT, AGENT)
    await world.done("POST", f"inbox/{USER}/messages", {"text": "mine"})
    await world.graph(BOT, "me/take_thread_control", {"recipient": {"id": USER}})
    await world.graph(BOT, "me/release_thread_control", {"recipient": {"id": USER}})


async def test_the_clock_moves_forward() -> None:
    async with emulated() as world:
        before = await world.done("GET", "clock")
        after = await world.done("POST", "clock", {"advance_seconds": 90_000})
        assert (before["ahead_seconds"], after["ahead_seconds"]) == (0, 90_000)
        assert after["now"] > before["now"]


async def test_a_reset_starts_afresh_but_keeps_the_webhooks() -> None:
    async with emulated() as world:
        webhook = "http://127.0.0.1:9/elsewhere"
        await world.done("PUT", f"apps/{BOT}", {"webhook": webhook, "page_access_token": "x"})
        await world.done("POST", "users", {"id": NEW_USER, "name": "Grace"})
        await world.done("PUT", "routing", {"mode": "legacy"})
        await world.done("PUT", "switches", {"null_owner": "string"})
        await world.done("POST", "clock", {"advance_seconds": 60})
        await world.done("POST", "faults", {"calls": {"times": None}})
        await world.user_says("hi")
        await world.done("POST", "reset")
        config = await world.done("GET", "config")
        assert config["routing"] == RoutingMode.ON.value
        assert config["apps"][0]["webhook"] == webhook
        assert config["apps"][0]["page_access_token"] == token_of(BOT)
        assert [user["id"] for user in config["users"]] == [USER, OTHER_USER, INSTAGRAM_USER]
        assert (await world.done("GET", f"threads/{USER}"))["messages"] == []
        assert (await world.done("GET", "clock"))["ahead_seconds"] == 0
        assert (await world.done("GET", "switches"))["null_owner"] == "null"
        assert (await world.done("GET", "log"))["last"] == 0
        assert (await world.graph(BOT, "me", method="GET"))[0] == 200


async def test_faults_are_told_counted_down_until_none_is_left() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"calls": {"path": "messages", "times": 2}})
        await world.done("POST", "faults", {"webhooks": {"app_id": AGENT, "drop": 1}})
        await world.user_says("hi")
        assert (await world.sends(BOT))[0] == 500
        left = await world.done("GET", "faults")
        assert [(call["path"], call["times"]) for call in left["calls"]] == [("messages", 1)]
        assert (await world.sends(BOT))[0] == 500
        await world.heard_by(AGENT)
        assert await world.done("GET", "faults") == {"calls": [], "webhooks": {}}


async def test_the_log_tells_of_moved_clocks_routing_and_reads() -> None:
    async with emulated() as world:
        await world.done("POST", "clock", {"advance_seconds": 60})
        await world.done("POST", "clock", {"advance_seconds": 30})
        await world.done("PUT", "routing", {"mode": "off", "platform": "instagram"})
        await world.done("POST", f"users/{USER}/reads")
        entries = (await world.done("GET", "log?kind=clock,routing,read"))["entries"]
        assert [one.get("ahead_seconds") for one in entries] == [60, 90, None, None]
        assert (entries[2]["mode"], entries[2]["platforms"]) == ("off", ["instagram"])
        assert (entries[3]["kind"], entries[3]["user"]) == ("read", USER)
