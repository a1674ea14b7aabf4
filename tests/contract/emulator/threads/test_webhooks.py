from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from emulator import DeliverySettings, RoutingMode, default_config
from tests.contract.emulator_world import AGENT, BOT, OTHER_USER, PAGE, USER, World, emulated

SECRETS = {app.id: app.secret for app in default_config().apps}
MENU_TEXT = "What next?"


async def bot_offers_buttons(world: World) -> None:
    """The bot sends one postback button, one link and one quick reply."""
    buttons = [
        {"type": "postback", "title": "Menu", "payload": "/menu"},
        {"type": "web_url", "title": "Site", "url": "https://example.com"},
    ]
    payload = {"template_type": "button", "text": MENU_TEXT, "buttons": buttons}
    message = {
        "attachment": {"type": "template", "payload": payload},
        "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "/affirm"}],
    }
    status, answer = await world.sends(BOT, message=message)
    assert status == 200, answer


async def test_a_webhook_is_signed_over_the_bytes_that_meta_would_send() -> None:
    async with emulated() as world:
        await world.user_says("äöå https://x/y 😀")
        await world.receivers[BOT].wait_for_posts(1)
        raw, headers = world.receivers[BOT].posts[0]
        assert rb"\u00e4\u00f6\u00e5 https:\/\/x\/y \ud83d\ude00" in raw
        expected = hmac.new(SECRETS[BOT].encode(), raw, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={expected}"


async def test_an_envelope_names_the_page_and_its_time() -> None:
    async with emulated() as world:
        mid = await world.user_says("hi")
        await world.receivers[BOT].wait_for_posts(1)
        body = world.receivers[BOT].bodies()[0]
        entry = body["entry"][0]
        assert (body["object"], entry["id"]) == ("page", PAGE)
        assert set(entry) == {"id", "time", "messaging"}
        assert abs(entry["time"] - entry["messaging"][0]["timestamp"]) < 5_000
        assert entry["messaging"][0]["message"] == {"mid": mid, "text": "hi"}


async def test_the_owner_hears_on_messaging_and_the_others_on_standby() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        await world.user_says("are you there?")
        assert await world.names_heard_by(BOT) == [("messaging", "message"), ("standby", "message")]
        assert await world.names_heard_by(AGENT) == [
            ("standby", "message"),
            ("messaging", "pass_thread_control"),
            ("messaging", "message"),
        ]


async def test_with_routing_off_every_app_hears_an_idle_thread_on_messaging() -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        await world.user_says("hi")
        assert await world.owner() is None
        assert await world.names_heard_by(BOT) == [("messaging", "message")]
        assert await world.names_heard_by(AGENT) == [("messaging", "message")]


async def test_an_app_without_the_standby_field_hears_nothing_there() -> None:
    async with emulated() as world:
        await world.user_says("hi", OTHER_USER)
        body = {"recipient": {"id": OTHER_USER}, "target_app_id": AGENT}
        await world.graph(BOT, "me/pass_thread_control", body)
        await world.graph(AGENT, "me/subscribed_apps", {"subscribed_fields": ["messages"]})
        await world.user_says("hi")
        assert await world.heard_by(AGENT) == []


async def test_a_sent_message_is_reported_as_delivered() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        _, sent = await world.sends(BOT)
        await world.heard_by(BOT)
        receipts = [one.event for one in world.receivers[BOT].heard() if one.name == "delivery"]
        assert [one["delivery"]["mids"] for one in receipts] == [[sent["message_id"]]]


async def test_only_what_an_app_sent_can_be_tapped() -> None:
    async with emulated() as world:
        faked = {"type": "template", "payload": {"buttons": [{"title": "Menu"}]}}
        await world.done("POST", f"users/{USER}/messages", {"attachments": [faked]})
        receipt = {"template_type": "receipt", "elements": ["odd", {"buttons": "odd"}]}
        message = {"attachment": {"type": "template", "payload": receipt}}
        assert (await world.sends(BOT, message=message))[0] == 200
        status, answer = await world.control("POST", f"users/{USER}/taps", {"title": "Menu"})
        assert status == 400
        assert "has a button 'Menu'" in answer["error"]


async def test_a_read_reaches_owner_and_bystander() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", f"users/{USER}/reads")
        assert (await world.names_heard_by(BOT))[-1] == ("messaging", "read")
        assert (await world.names_heard_by(AGENT))[-1] == ("standby", "read")


async def test_a_quick_reply_arrives_as_a_message_with_its_payload() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await bot_offers_buttons(world)
        await world.done("POST", f"users/{USER}/taps", {"title": "Yes"})
        message = (await world.heard_by(BOT))[-1].event["message"]
        assert (message["text"], message["quick_reply"]) == ("Yes", {"payload": "/affirm"})


async def test_a_tapped_button_reaches_its_sender_with_payload_while_another_app_owns() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await bot_offers_buttons(world)
        await world.done("POST", f"inbox/{USER}/take")
        mid = (await world.done("POST", f"users/{USER}/taps", {"title": "Menu"}))["mid"]
        log = await world.done("GET", "log?kind=postback")
        assert log["entries"][0]["postback"] == {"title": "Menu", "payload": "/menu"}
        to_sender, to_bystander = (await world.heard_by(BOT))[-1], (await world.heard_by(AGENT))[-1]
        assert to_sender.array == "messaging"
        assert to_sender.event["postback"] == {"mid": mid, "title": "Menu", "payload": "/menu"}
        assert to_bystander.array == "standby"
        assert to_bystander.event["postback"] == {"mid": mid, "title": "Menu"}


async def test_a_raw_postback_follows_the_owner_unless_its_app_is_named() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        tap = {"title": "Restart", "payload": "/restart"}
        await world.done("POST", f"users/{USER}/taps", tap)
        await world.done("POST", f"users/{USER}/taps", {**tap, "app_id": BOT})
        bystander, own = (await world.heard_by(BOT))[-2:]
        assert (bystander.array, bystander.event["postback"].get("payload")) == ("standby", None)
        assert (own.array, own.event["postback"]["payload"]) == ("messaging", "/restart")


@pytest.mark.parametrize("tap", [{"title": "Site"}, {"title": "No such"}, {}])
async def test_what_cannot_be_tapped_is_refused(tap: dict[str, str]) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await bot_offers_buttons(world)
        assert (await world.control("POST", f"users/{USER}/taps", tap))[0] == 400


async def test_a_reaction_reaches_a_subscribed_owner() -> None:
    async with emulated() as world:
        mid = await world.user_says("hi")
        await world.done("PUT", f"apps/{BOT}", {"subscribed_fields": ["message_reactions"]})
        await world.done("POST", f"users/{USER}/reactions", {"mid": mid, "reaction": "love"})
        await world.receivers[BOT].wait_for_posts(2)
        assert world.receivers[BOT].heard()[-1].event["reaction"]["reaction"] == "love"


async def test_a_reaction_to_an_unknown_message_is_refused() -> None:
    async with emulated() as world:
        path = f"users/{USER}/reactions"
        status, _ = await world.control("POST", path, {"mid": "m_none", "reaction": "love"})
        assert status == 400


async def test_a_timestamp_can_be_faked_and_written_as_a_string() -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"timestamps": "strings"})
        body = {"text": "late", "timestamp_ms": 1_600_000_000_000}
        await world.done("POST", f"users/{USER}/messages", body)
        assert (await world.heard_by(BOT))[-1].event["timestamp"] == "1600000000000"


async def test_a_webhook_that_is_not_answered_with_200_is_sent_again_before_the_next() -> None:
    async with emulated() as world:
        world.receivers[BOT].statuses = [500, 302]
        await world.user_says("first")
        await world.user_says("second")
        await world.receivers[BOT].wait_for_posts(4)
        texts = [one.event["message"]["text"] for one in world.receivers[BOT].heard()]
        assert texts == ["first", "first", "first", "second"]
        raws = [raw for raw, _ in world.receivers[BOT].posts]
        assert raws[0] == raws[1] == raws[2]


async def test_after_the_last_try_a_webhook_is_given_up_and_the_next_one_goes() -> None:
    async with emulated() as world:
        world.receivers[BOT].statuses = [500, 500, 500]
        await world.user_says("lost")
        assert (await world.heard_by(BOT))[-1].event["message"]["text"] == "lost"
        log = await world.done("GET", f"log?kind=webhook&app_id={BOT}&user={USER}")
        tries = [(one["attempt"], one["outcome"], one["status"]) for one in log["entries"]]
        assert tries == [(1, "failed", 500), (2, "failed", 500), (3, "given_up", 500)]


async def test_a_webhook_that_does_not_answer_in_time_is_a_failure() -> None:
    impatient = DeliverySettings(answer_within_ms=50, retry_after_ms=())
    async with emulated(delivery=impatient) as world:
        world.receivers[BOT].silent = True
        await world.user_says("hi")
        log = await world.done("GET", f"log?kind=webhook&app_id={BOT}&wait_ms=5000")
        assert log["entries"][0]["outcome"] == "given_up"
        assert "no answer within 0.05 s" in log["entries"][0]["error"]


async def test_lanes_keep_a_thread_in_order_and_let_threads_pass_each_other() -> None:
    unhurried = DeliverySettings(answer_within_ms=60_000, retry_after_ms=(), lanes=64)
    async with emulated(delivery=unhurried) as world:
        world.receivers[BOT].silent = True
        await world.user_says("first")
        await world.user_says("second")
        await world.user_says("another's first", OTHER_USER)
        await world.receivers[BOT].wait_for_posts(2)
        texts = {heard.event["message"]["text"] for heard in world.receivers[BOT].heard()}
        assert texts == {"first", "another's first"}


async def test_an_app_without_a_webhook_has_its_events_recorded() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{AGENT}", {"webhook": None})
        await world.user_says("hi")
        log = await world.done("GET", f"log?kind=webhook&app_id={AGENT}&wait_ms=5000")
        entry = log["entries"][0]
        assert (entry["array"], entry["outcome"], entry["status"]) == ("standby", "recorded", None)
        assert entry["event"]["message"]["text"] == "hi"


async def test_the_handshake_reports_whether_the_webhook_echoed_the_challenge() -> None:
    async with emulated() as world:
        answer = await world.done("POST", "handshake", {"app_id": BOT})
        assert answer == {"verified": True, "status": 200, "error": None}
        await world.done("PUT", f"apps/{BOT}", {"verify_token": "another"})
        answer = await world.done("POST", "handshake", {"app_id": BOT})
        assert answer == {"verified": False, "status": 403, "error": None}


async def test_a_handmade_body_is_posted_and_signed_as_asked() -> None:
    async with emulated() as world:
        body = {"object": "page", "entry": [{"id": PAGE, "time": 1, "standby": []}]}
        answer = await world.done("POST", "webhooks", {"app_id": BOT, "body": body})
        assert answer["status"] == 200
        await world.done("POST", "webhooks", {"app_id": BOT, "body": "{not json", "sign": False})
        (raw, headers), (malformed, unsigned) = world.receivers[BOT].posts
        assert json.loads(raw) == body
        assert "X-Hub-Signature-256" in headers
        assert malformed == b"{not json"
        assert "X-Hub-Signature-256" not in unsigned
