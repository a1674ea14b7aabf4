from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from emulator import RoutingMode, Switches
from tests.contract.emulator_world import AGENT, BOT, INBOX, USER, Json, emulated

NOT_OWNER = (10, 2018300)
OUTSIDE_WINDOW = (10, 2018278)


def error_of(answer: Json) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


def action(name: str) -> Json:
    return {"recipient": {"id": USER}, "sender_action": name}


async def test_a_send_answers_with_the_mid_that_its_echo_carries() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.sends(BOT, message={"text": "hello", "metadata": "nonce"})
        assert status == 200
        assert answer["recipient_id"] == USER
        echo = (await world.heard_by(BOT))[-1]
        assert echo.array == "messaging"
        assert echo.event["recipient"] == {"id": USER}
        assert echo.event["message"] == {
            "is_echo": True,
            "app_id": int(BOT),
            "mid": answer["message_id"],
            "text": "hello",
            "metadata": "nonce",
        }
        assert (await world.heard_by(AGENT))[-1].array == "standby"


async def test_a_send_by_an_app_that_does_not_own_the_thread_is_refused() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        status, answer = await world.sends(BOT)
        assert (status, error_of(answer)) == (400, NOT_OWNER)
        assert answer["error"]["message"] == (
            "(#10) Message failed to send because another app is controlling this thread now."
        )
        assert answer["error"]["type"] == "OAuthException"
        assert answer["error"]["fbtrace_id"]
        assert (await world.sends(AGENT))[0] == 200


async def test_only_the_default_app_may_send_to_an_idle_thread_while_routing_is_on() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.graph(BOT, "me/release_thread_control", {"recipient": {"id": USER}})
        _, refused = await world.sends(AGENT)
        assert error_of(refused) == NOT_OWNER
        assert (await world.sends(BOT))[0] == 200


@pytest.mark.parametrize("mode", [RoutingMode.OFF, RoutingMode.LEGACY])
async def test_any_app_may_send_to_an_idle_thread_in_the_other_modes(mode: RoutingMode) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.graph(BOT, "me/release_thread_control", {"recipient": {"id": USER}})
        await world.done("PUT", "routing", {"mode": mode.value})
        assert (await world.sends(AGENT))[0] == 200


@pytest.mark.parametrize(("reading", "status"), [("owner_only", 400), ("anyone", 200)])
async def test_with_routing_off_a_switch_says_who_sends_to_an_owned_thread(
    reading: str, status: int
) -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        await world.done("PUT", "switches", {"routing_off_sends": reading})
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        assert (await world.sends(BOT))[0] == status


async def test_a_send_to_a_person_who_never_wrote_is_outside_the_window() -> None:
    async with emulated() as world:
        status, answer = await world.sends(BOT)
        assert (status, error_of(answer)) == (400, OUTSIDE_WINDOW)


async def test_the_window_closes_24_hours_after_the_users_last_message() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.graph(
            BOT, "me/extend_thread_control", {"recipient": {"id": USER}, "duration": 604_800}
        )
        await world.done("POST", "clock", {"advance_seconds": 86_399 - 5})
        assert (await world.sends(BOT))[0] == 200
        await world.done("POST", "clock", {"advance_seconds": 10})
        status, answer = await world.sends(BOT)
        assert (status, error_of(answer)) == (400, OUTSIDE_WINDOW)
        assert await world.owner() == BOT


async def test_the_human_agent_tag_gives_7_days() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", "clock", {"advance_seconds": 6 * 86_400})
        tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        assert (await world.sends(BOT, **tagged))[0] == 200
        assert error_of((await world.sends(BOT, tag="HUMAN_AGENT"))[1]) == OUTSIDE_WINDOW
        await world.done("POST", "clock", {"advance_seconds": 2 * 86_400})
        assert error_of((await world.sends(BOT, **tagged))[1]) == OUTSIDE_WINDOW


async def test_a_reaction_opens_the_window_but_moves_no_owner() -> None:
    async with emulated() as world:
        mid = await world.user_says("hi")
        await world.done("POST", "clock", {"advance_seconds": 2 * 86_400})
        await world.done("POST", f"users/{USER}/reactions", {"mid": mid, "reaction": "love"})
        assert await world.owner() is None
        assert (await world.sends(BOT))[0] == 200


@pytest.mark.parametrize("recipient", [{"id": "4040404040404040"}, {"id": "nobody"}])
async def test_an_unknown_recipient_is_refused(recipient: Json) -> None:
    async with emulated() as world:
        status, answer = await world.sends(BOT, recipient=recipient)
        assert (status, error_of(answer)) == (400, (100, 2018001))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messaging_type": "RESPONSE"},
        {"messaging_type": "RESPONSE", "message": {"text": "x"}},
        {"messaging_type": "RESPONSE", "recipient": USER, "message": {"text": "x"}},
        {"messaging_type": "RESPONSE", "recipient": {}, "message": {"text": "x"}},
        {"recipient": {"id": USER}, "message": {"text": "no type"}},
        {"messaging_type": "REPLY", "recipient": {"id": USER}, "message": {"text": "x"}},
        {"messaging_type": "RESPONSE", "recipient": {"id": USER}, "message": "x"},
        {"messaging_type": "RESPONSE", "recipient": {"id": USER}, "message": {}},
    ],
)
async def test_a_body_without_the_required_parts_is_error_100(body: Json) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.graph(BOT, "me/messages", body)
        assert (status, error_of(answer)[0]) == (400, 100)
        assert len((await world.done("GET", f"threads/{USER}"))["messages"]) == 1


@pytest.mark.parametrize("raw", [b"{", b"\xff", b"[1]", b'"text"', b"NaN"])
async def test_malformed_json_is_error_100(raw: bytes) -> None:
    async with emulated() as world:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer anything"}
        url = f"{world.url}/v25.0/me/messages"
        async with world.http.post(url, data=raw, headers=headers) as answer:
            assert (answer.status, error_of(await answer.json())) == (400, (100, None))


async def test_parameters_may_come_as_a_form_or_in_the_query() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        form = {
            "messaging_type": "RESPONSE",
            "recipient": f'{{"id":"{USER}"}}',
            "message": '{"text":"from a form"}',
            "access_token": "demo-bot-page-access-token",
        }
        async with world.http.post(f"{world.url}/v2.12/me/messages", data=form) as answer:
            assert answer.status == 200
        async with world.http.post(f"{world.url}/me/messages", params=form) as answer:
            assert answer.status == 200


async def test_parameters_may_come_one_by_one_as_php_writes_them() -> None:
    form = {
        "messaging_type": "RESPONSE",
        "recipient[id]": USER,
        "message[text]": "Which?",
        "message[quick_replies][0][content_type]": "text",
        "message[quick_replies][0][title]": "This",
        "message[quick_replies][0][payload]": "/this",
    }
    headers = {"Authorization": "OAuth demo-bot-page-access-token"}
    async with emulated() as world:
        await world.user_says("hi")
        for sent in ({"data": form}, {"params": form}):
            url = f"{world.url}/v25.0/me/messages"
            async with world.http.post(url, headers=headers, **sent) as answer:
                assert answer.status == 200
        batched = {"method": "POST", "relative_url": "me/messages", "body": urlencode(form)}
        batch = {"batch": json.dumps([batched]), "access_token": "demo-bot-page-access-token"}
        async with world.http.post(f"{world.url}/v25.0/", data=batch) as answer:
            [batched_answer] = await answer.json()
            assert batched_answer["code"] == 200
        said = (await world.done("GET", f"threads/{USER}"))["messages"][1:]
        assert [(one["text"], one["quick_replies"][0]["title"]) for one in said] == [
            ("Which?", "This")
        ] * 3


async def test_a_sender_action_is_logged_and_answers_the_recipient_alone() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        answer = await world.graph(BOT, "me/messages", action("typing_on"))
        assert answer == (200, {"recipient_id": USER})
        log = await world.done("GET", "log?kind=typing")
        assert [entry["action"] for entry in log["entries"]] == ["typing_on"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (action("dance"), (100, None)),
        ({**action("typing_on"), "message": {"text": "x"}}, (100, 2018014)),
    ],
)
async def test_a_wrong_sender_action_is_refused(body: Json, error: tuple[int, int | None]) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.graph(BOT, "me/messages", body)
        assert (status, error_of(answer)) == (400, error)


@pytest.mark.parametrize(("needed", "status"), [(True, 400), (False, 200)])
async def test_a_switch_says_whether_sender_actions_need_control(needed: bool, status: int) -> None:
    async with emulated(switches=Switches(sender_actions_need_control=needed)) as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        assert (await world.graph(BOT, "me/messages", action("typing_on")))[0] == status


async def test_a_reply_in_the_page_inbox_takes_control_and_tells_the_loser() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", f"inbox/{USER}/messages", {"text": "I am Ines"})
        assert await world.owner() == INBOX
        taken, echo = (await world.heard_by(BOT))[-2:]
        assert taken.event["take_thread_control"] == {
            "new_owner_app_id": INBOX,
            "previous_owner_app_id": BOT,
        }
        assert (echo.array, echo.event["message"]["app_id"]) == ("standby", int(INBOX))
        assert error_of((await world.sends(BOT))[1]) == NOT_OWNER


async def test_the_inbox_echo_alone_has_14_digits_where_switched() -> None:
    async with emulated(switches=Switches(inbox_echo_id="echo_page")) as world:
        await world.user_says("hi")
        await world.sends(BOT)
        await world.done("POST", f"inbox/{USER}/messages", {"text": "I am Ines"})
        echoes = [one for one in await world.heard_by(BOT) if one.name == "echo"]
        apps = [one.event["message"]["app_id"] for one in echoes]
        assert apps == [int(BOT), 26390203743090]


async def test_without_routing_the_inbox_may_not_reply_to_another_apps_thread() -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        path = f"inbox/{USER}/messages"
        status, answer = await world.control("POST", path, {"text": "hello"})
        assert (status, error_of(answer)) == (400, NOT_OWNER)


async def test_the_inbox_may_take_pass_and_release() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        owners: list[Any] = []
        for verb, body in (
            ("take", None),
            ("pass", {"target_app_id": AGENT}),
            ("take", None),
            ("pass", {}),
            ("take", None),
            ("release", None),
        ):
            owners.append((await world.done("POST", f"inbox/{USER}/{verb}", body))["owner"])
        assert owners == [INBOX, AGENT, INBOX, BOT, INBOX, None]


async def test_the_inbox_may_request_control_while_routing_is_off() -> None:
    async with emulated(routing=RoutingMode.LEGACY) as world:
        await world.user_says("hi")
        await world.done("POST", f"inbox/{USER}/request")
        asked = (await world.heard_by(BOT))[-1].event["request_thread_control"]
        assert asked == {"requested_owner_app_id": int(INBOX)}
        assert await world.owner() == BOT
