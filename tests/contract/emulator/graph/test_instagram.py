from __future__ import annotations

import pytest

from emulator import INSTAGRAM_INBOX, Switches, default_config
from tests.contract.emulator_world import (
    AGENT,
    BOT,
    INBOX,
    INSTAGRAM,
    INSTAGRAM_USER,
    USER,
    Json,
    World,
    emulated,
    token_of,
)

INCORRECT_APP_ID = (100, 2018164)
NOT_LINKED = (100, 2534013)
POSTBACK = {"type": "postback", "title": "Menu", "payload": "/menu"}
BUTTONS = {"template_type": "button", "text": "What next?", "buttons": [POSTBACK]}
YES = {"content_type": "text", "title": "Yes", "payload": "/affirm"}
UNLINKED: Json = {"instagram": None, "users": default_config().users[:2]}


def error_of(answer: Json) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def template(**extra: object) -> Json:
    return {"attachment": {"type": "template", "payload": BUTTONS}, **extra}


async def writes(world: World, text: str = "hi") -> str:
    return await world.user_says(text, INSTAGRAM_USER)


async def test_a_message_comes_from_the_instagram_account() -> None:
    async with emulated() as world:
        mid = await writes(world)
        await world.receivers[BOT].wait_for_posts(1)
        body = world.receivers[BOT].bodies()[0]
        assert (body["object"], body["entry"][0]["id"]) == ("instagram", INSTAGRAM)
        event = body["entry"][0]["messaging"][0]
        assert event["sender"] == {"id": INSTAGRAM_USER}
        assert event["recipient"] == {"id": INSTAGRAM}
        assert event["message"] == {"mid": mid, "text": "hi"}


async def test_owner_and_bystander_hear_of_a_thread_as_on_messenger() -> None:
    async with emulated() as world:
        await writes(world)
        await world.passes(BOT, AGENT, INSTAGRAM_USER, metadata="why")
        await writes(world, "are you there?")
        assert await world.names_heard_by(BOT, INSTAGRAM_USER) == [
            ("messaging", "message"),
            ("standby", "message"),
        ]
        passed = (await world.heard_by(AGENT, INSTAGRAM_USER))[1]
        assert passed.array == "messaging"
        assert passed.event["recipient"] == {"id": INSTAGRAM}
        assert passed.event["pass_thread_control"]["metadata"] == "why"


@pytest.mark.parametrize(("fields", "names"), [(["messages"], ["message", "echo"]), ([], [])])
async def test_echoes_come_with_the_messages_field_and_receipts_do_not_come(
    fields: list[str], names: list[str]
) -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"instagram_fields": fields})
        await writes(world)
        status, sent = await world.sends(BOT, user=INSTAGRAM_USER)
        assert (status, sent["recipient_id"]) == (200, INSTAGRAM_USER)
        heard = await world.heard_by(BOT, INSTAGRAM_USER)
        assert [one.name for one in heard] == names
        assert not [one for one in world.receivers[BOT].heard() if one.name == "delivery"]


async def test_an_echo_has_the_account_as_its_sender() -> None:
    async with emulated() as world:
        await writes(world)
        _, sent = await world.sends(BOT, user=INSTAGRAM_USER)
        echo = (await world.heard_by(BOT, INSTAGRAM_USER))[-1].event
        assert (echo["sender"], echo["recipient"]) == ({"id": INSTAGRAM}, {"id": INSTAGRAM_USER})
        assert echo["message"] == {"is_echo": True, "mid": sent["message_id"], "text": "hello"}


async def test_an_echo_says_who_sent_it_where_the_switch_wants_it() -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"instagram_echoes": "marked"})
        await writes(world)
        marked = {"text": "hello", "metadata": "mine"}
        await world.sends(BOT, user=INSTAGRAM_USER, message=marked)
        echo = (await world.heard_by(BOT, INSTAGRAM_USER))[-1].event["message"]
        assert (echo["app_id"], echo["metadata"]) == (int(BOT), "mine")


async def test_a_bare_echo_has_no_metadata() -> None:
    async with emulated() as world:
        await writes(world)
        marked = {"text": "hello", "metadata": "mine"}
        await world.sends(BOT, user=INSTAGRAM_USER, message=marked)
        echo = (await world.heard_by(BOT, INSTAGRAM_USER))[-1].event["message"]
        assert set(echo) == {"is_echo", "mid", "text"}


async def test_a_read_names_the_message_that_was_seen() -> None:
    async with emulated() as world:
        await writes(world)
        assert (await world.control("POST", f"users/{INSTAGRAM_USER}/reads"))[0] == 400
        _, sent = await world.sends(BOT, user=INSTAGRAM_USER)
        await writes(world, "seen it")
        await world.done("POST", f"users/{INSTAGRAM_USER}/reads")
        read = (await world.heard_by(BOT, INSTAGRAM_USER))[-1].event
        assert read["read"] == {"mid": sent["message_id"]}


async def test_without_a_field_of_the_page_no_event_of_instagram_comes() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{AGENT}", {"subscribed_fields": []})
        await writes(world)
        await world.done("PUT", f"apps/{AGENT}", {"subscribed_fields": ["messages", "standby"]})
        assert await world.heard_by(AGENT, INSTAGRAM_USER) == []


async def test_a_switch_takes_standby_and_handover_events_away() -> None:
    async with emulated(switches=Switches(instagram_control_fields=False)) as world:
        await writes(world)
        await world.passes(BOT, AGENT, INSTAGRAM_USER)
        await writes(world, "are you there?")
        assert await world.names_heard_by(BOT, INSTAGRAM_USER) == [("messaging", "message")]
        assert await world.names_heard_by(AGENT, INSTAGRAM_USER) == [("messaging", "message")]


async def test_a_tapped_button_reaches_its_sender_with_payload_while_another_app_owns() -> None:
    async with emulated() as world:
        await writes(world)
        assert (await world.sends(BOT, user=INSTAGRAM_USER, message=template()))[0] == 200
        await world.done("POST", f"inbox/{INSTAGRAM_USER}/take")
        await world.done("POST", f"users/{INSTAGRAM_USER}/taps", {"title": "Menu"})
        tapped = (await world.heard_by(BOT, INSTAGRAM_USER))[-1]
        assert (tapped.array, tapped.event["postback"]["payload"]) == ("messaging", "/menu")
        shown = (await world.heard_by(AGENT, INSTAGRAM_USER))[-1]
        assert (shown.array, shown.event["postback"].get("payload")) == ("standby", None)


async def test_the_instagram_inbox_is_an_app_of_its_own() -> None:
    async with emulated() as world:
        await writes(world)
        await world.done("POST", f"inbox/{INSTAGRAM_USER}/messages", {"text": "I am Ines"})
        thread = await world.done("GET", f"threads/{INSTAGRAM_USER}")
        assert (thread["owner"], thread["owner_name"]) == (INSTAGRAM_INBOX, "Instagram Inbox")
        assert thread["platform"] == "instagram"
        taken, echo = (await world.heard_by(BOT, INSTAGRAM_USER))[-2:]
        assert taken.event["take_thread_control"]["new_owner_app_id"] == INSTAGRAM_INBOX
        assert (echo.array, echo.event["message"]["text"]) == ("standby", "I am Ines")
        assert "app_id" not in echo.event["message"]


async def test_the_inbox_controls_act_as_the_instagram_inbox() -> None:
    async with emulated() as world:
        await writes(world)
        owners: list[str | None] = []
        for verb, body in (
            ("take", None),
            ("pass", {"target_app_id": AGENT}),
            ("take", None),
            ("pass", {}),
            ("take", None),
            ("release", None),
        ):
            path = f"inbox/{INSTAGRAM_USER}/{verb}"
            owners.append((await world.done("POST", path, body))["owner"])
        assert owners == [INSTAGRAM_INBOX, AGENT, INSTAGRAM_INBOX, BOT, INSTAGRAM_INBOX, None]


@pytest.mark.parametrize(
    ("user", "own", "foreign"),
    [(USER, INBOX, INSTAGRAM_INBOX), (INSTAGRAM_USER, INSTAGRAM_INBOX, INBOX)],
)
async def test_a_thread_goes_to_the_inbox_of_its_own_platform_only(
    user: str, own: str, foreign: str
) -> None:
    async with emulated() as world:
        await world.user_says("hi", user)
        status, answer = await world.passes(BOT, foreign, user)
        assert (status, error_of(answer)) == (400, INCORRECT_APP_ID)
        inline = {"control_type": "pass", "app_id": foreign}
        _, refused = await world.sends(BOT, user=user, thread_control=inline)
        assert error_of(refused) == INCORRECT_APP_ID
        assert (await world.passes(BOT, own, user))[0] == 200
        assert await world.owner(user) == own


async def test_an_inbox_that_is_the_default_app_is_each_platforms_own() -> None:
    async with emulated() as world:
        await world.done("PUT", "default_app", {"app_id": INBOX})
        await world.user_says("hi")
        await writes(world)
        assert await world.owner() == INBOX
        assert await world.owner(INSTAGRAM_USER) == INSTAGRAM_INBOX


@pytest.mark.parametrize(
    ("reading", "text", "status"),
    [
        ("bytes", "é" * 500, 200),
        ("bytes", "é" * 500 + "x", 400),
        ("characters", "é" * 999, 200),
        ("characters", "é" * 1_000, 400),
    ],
)
async def test_a_text_is_held_to_1000_bytes_or_fewer_characters_as_switched(
    reading: str, text: str, status: int
) -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"instagram_text_in": reading})
        await writes(world)
        assert (await world.sends(BOT, text, INSTAGRAM_USER))[0] == status


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ({"text": "?", "quick_replies": [YES] * 13}, 200),
        ({"text": "?", "quick_replies": [YES] * 14}, 400),
        (template(), 200),
        (template(quick_replies=[YES]), 400),
    ],
)
async def test_quick_replies_come_with_plain_text_only(message: Json, status: int) -> None:
    async with emulated() as world:
        await writes(world)
        assert (await world.sends(BOT, user=INSTAGRAM_USER, message=message))[0] == status


async def test_a_send_outside_the_window_has_instagrams_own_subcode() -> None:
    async with emulated() as world:
        _, never_wrote = await world.sends(BOT, user=INSTAGRAM_USER)
        assert error_of(never_wrote) == (10, 2534022)
        await writes(world)
        await world.done("POST", "clock", {"advance_seconds": 86_401})
        _, late = await world.sends(BOT, user=INSTAGRAM_USER)
        assert error_of(late) == (10, 2534022)


async def test_an_unknown_id_that_looks_like_instagrams_has_instagrams_own_subcode() -> None:
    async with emulated() as world:
        status, answer = await world.sends(BOT, user="17860000000000999")
        assert (status, error_of(answer)) == (400, (100, 2534014))


@pytest.mark.parametrize(
    ("chosen", "messenger", "instagram"),
    [({}, False, False), ({"platform": "instagram"}, True, False)],
)
async def test_each_platform_has_a_routing_of_its_own(
    chosen: Json, messenger: bool, instagram: bool
) -> None:
    async with emulated() as world:
        await world.done("PUT", "routing", {"mode": "off", **chosen})
        _, page = await world.graph(BOT, "me", method="GET", fields="messaging_feature_status")
        assert page["messaging_feature_status"] == {
            "hop_v2": False,
            "msgr_multi_app": messenger,
            "ig_multi_app": instagram,
        }
        config = await world.done("GET", "config")
        assert (config["routing"], config["instagram_routing"]) == (
            "on" if messenger else "off",
            "off",
        )


async def test_thread_control_follows_the_routing_of_its_platform() -> None:
    async with emulated() as world:
        await world.done("PUT", "routing", {"mode": "off", "platform": "instagram"})
        await world.user_says("hi")
        await writes(world)
        assert (await world.owner(), await world.owner(INSTAGRAM_USER)) == (BOT, None)
        assert await world.names_heard_by(AGENT, INSTAGRAM_USER) == [("messaging", "message")]
        status, answer = await world.moves(AGENT, "take", INSTAGRAM_USER)
        assert (status, error_of(answer)) == (400, (27, None))
        assert (await world.moves(AGENT, "request", INSTAGRAM_USER))[0] == 200
        assert await world.owner(INSTAGRAM_USER) == AGENT


async def test_a_profile_is_kept_for_each_platform() -> None:
    async with emulated() as world:
        started = {"get_started": {"payload": "/start"}}
        body = {"platform": "instagram", **started}
        await world.graph(BOT, "me/messenger_profile", body)
        shown: dict[str, Json] = {}
        for platform in ("messenger", "INSTAGRAM"):
            query: Json = {"method": "GET", "fields": "get_started", "platform": platform}
            _, shown[platform] = await world.graph(BOT, "me/messenger_profile", **query)
        assert shown == {"messenger": {"data": []}, "INSTAGRAM": {"data": [started]}}


async def test_an_unknown_platform_is_error_100() -> None:
    async with emulated() as world:
        query: Json = {"method": "GET", "platform": "whatsapp"}
        status, answer = await world.graph(BOT, "me/messenger_profile", **query)
        assert (status, error_of(answer)) == (400, (100, None))


async def test_a_token_may_do_what_instagram_needs() -> None:
    async with emulated() as world:
        query: Json = {"method": "GET", "input_token": token_of(BOT)}
        data = (await world.graph(BOT, "debug_token", **query))[1]["data"]
        targets = {one["scope"]: one["target_ids"] for one in data["granular_scopes"]}
        assert targets["instagram_manage_messages"] == [INSTAGRAM]
        assert set(data["scopes"]) == set(targets)


async def test_the_config_shows_the_account_and_its_inbox() -> None:
    async with emulated() as world:
        config = await world.done("GET", "config")
        assert config["instagram"] == {"id": INSTAGRAM, "name": "demo.page"}
        assert config["instagram_inbox_app_id"] == INSTAGRAM_INBOX
        assert config["users"][-1]["platform"] == "instagram"


async def test_a_person_can_be_added_on_instagram() -> None:
    async with emulated() as world:
        user = {"id": "17860000000000042", "name": "Joan Clarke", "platform": "instagram"}
        assert await world.control("POST", "users", user) == (201, user)
        await world.user_says("hi", user["id"])
        assert (await world.heard_by(BOT, user["id"]))[0].event["recipient"] == {"id": INSTAGRAM}


async def test_one_batch_of_both_platforms_is_a_post_for_each() -> None:
    async with emulated() as world:
        fault = {"app_id": BOT, "batch": 3}
        await world.done("POST", "faults", {"webhooks": fault})
        await world.user_says("one")
        await world.user_says("two")
        await writes(world, "three")
        await world.receivers[BOT].wait_for_posts(2)
        bodies = world.receivers[BOT].bodies()
        assert [(one["object"], len(one["entry"][0]["messaging"])) for one in bodies] == [
            ("page", 2),
            ("instagram", 1),
        ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "routing", {"mode": "off", "platform": "instagram"}),
        ("POST", "users", {"id": "1", "name": "Hedy", "platform": "instagram"}),
    ],
)
async def test_a_page_without_an_account_refuses_what_is_instagrams(
    method: str, path: str, body: Json
) -> None:
    async with emulated(**UNLINKED) as world:
        status, answer = await world.control(method, path, body)
        assert (status, error_of(answer)) == (400, NOT_LINKED)


async def test_a_page_without_an_account_is_messengers_alone() -> None:
    async with emulated(**UNLINKED) as world:
        config = await world.done("GET", "config")
        assert (config["instagram"], config["instagram_routing"]) == (None, None)
        _, page = await world.graph(BOT, "me", method="GET", fields="messaging_feature_status")
        assert page["messaging_feature_status"]["ig_multi_app"] is False
        await world.user_says("hi")
        _, refused = await world.passes(BOT, INSTAGRAM_INBOX)
        assert error_of(refused) == INCORRECT_APP_ID
