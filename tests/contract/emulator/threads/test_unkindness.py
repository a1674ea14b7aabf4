"""What Meta does to an app that it does not do every day: odd answers, silence, other voices."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from emulator import PAGE_INBOX, RoutingMode
from emulator.rules.odd_answers import ODD_ANSWERS
from tests.contract.emulator_world import (
    AGENT,
    BOT,
    INSTAGRAM_USER,
    OTHER_USER,
    USER,
    World,
    emulated,
    token_of,
)

NEWS_APP = "900300300300300"


async def throws(world: World, answer: str, **more: Any) -> None:
    await world.done("POST", "faults", {"calls": {"answer": answer, **more}})


async def owner_answer(world: World, app_id: str = BOT) -> tuple[int, Any]:
    return await world.graph(app_id, "me/thread_owner", method="GET", recipient=USER)


# Odd answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("owner_nothing", {}),
        ("owner_null", None),
        ("owner_no_name", {"data": [{"thread_owner": {}}]}),
        ("owner_empty_line", {"data": [{}]}),
        ("owner_success", {"success": True}),
    ],
)
async def test_thread_owner_may_answer_what_is_no_answer(name: str, body: Any) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, name)
        assert await owner_answer(world) == (200, body)
        assert (await owner_answer(world))[1]["data"][0]["thread_owner"]["app_id"] == BOT


async def test_thread_owner_may_answer_an_id_alone() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, "owner_id")
        assert set((await owner_answer(world))[1]) == {"id"}


async def test_thread_owner_may_be_a_bare_list() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, "owner_list")
        _, [line] = await owner_answer(world)
        assert line["thread_owner"]["app_id"] == BOT


async def test_thread_owner_may_be_no_json_at_all() -> None:
    async with emulated() as world:
        await throws(world, "owner_page")
        headers = {"Authorization": f"Bearer {token_of(BOT)}"}
        url = f"{world.url}/v25.0/me/thread_owner?recipient={USER}"
        async with world.http.get(url, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
            assert (await answer.text()).startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("is_owned", [True, False])
async def test_thread_owner_may_leave_out_the_list(is_owned: bool) -> None:
    async with emulated() as world:
        if is_owned:
            await world.user_says("hi")
        await throws(world, "owner_bare")
        _, answer = await owner_answer(world)
        assert ("app_id" in answer["thread_owner"]) is is_owned


@pytest.mark.parametrize(
    ("name", "code", "subcode"),
    [
        ("owner_hidden", 100, 2018234),
        ("owner_unknown_user", 100, 2018001),
        ("owner_no_such_edge", 100, None),
    ],
)
async def test_thread_owner_may_be_refused(name: str, code: int, subcode: int | None) -> None:
    async with emulated() as world:
        await throws(world, name)
        status, answer = await owner_answer(world)
        error = answer["error"]
        assert (status, error["code"], error.get("error_subcode")) == (400, code, subcode)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("permission_10", "(#10) Application does not have permission"),
        ("permission_200", "(#200) Permissions error"),
        ("permission_210", "(#210) User not visible"),
        ("permission_230", "(#230) Requires pages_messaging permission"),
        ("capability_3", "(#3) Application does not have the capability"),
        ("not_receiving", "(#200) This person isn't receiving messages"),
        ("window_in_words", "(#10) This message is sent outside of allowed window"),
        ("no_user_in_words", "(#100) No matching user found"),
    ],
)
async def test_a_send_may_be_refused_in_words_only(name: str, words: str) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, name)
        status, answer = await world.sends(BOT)
        assert (status, "error_subcode" in answer["error"]) == (400, False)
        assert answer["error"]["message"].startswith(words)
        assert f"(#{answer['error']['code']})" in words
        assert (await world.sends(BOT))[0] == 200


@pytest.mark.parametrize("name", ["throttled_613", "throttled_80006"])
async def test_a_limit_of_one_edge_leaves_the_others_alone_and_tells_of_each_kind_of_use(
    name: str,
) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, name, path="pass_thread_control", times=None)
        assert (await world.sends(BOT))[0] == 200
        headers = {"Authorization": f"Bearer {token_of(BOT)}"}
        body = {"recipient": {"id": USER}, "target_app_id": AGENT}
        url = f"{world.url}/v25.0/me/pass_thread_control"
        async with world.http.post(url, json=body, headers=headers) as answer:
            assert answer.status == 400
            [lines] = json.loads(answer.headers["X-Business-Use-Case-Usage"]).values()
        waits = {line["type"]: line["estimated_time_to_regain_access"] for line in lines}
        assert waits["ads_management"] > waits["messenger"]
        assert await world.owner() == BOT


async def test_a_send_may_be_carried_out_and_its_answer_lost() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, "lost")
        with pytest.raises(aiohttp.ClientError):
            await world.sends(BOT)
        assert [one.name for one in await world.heard_by(BOT)] == ["message", "echo"]


async def test_a_slow_send_has_reached_the_user_long_before_its_answer() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await throws(world, "slow")
        sending = asyncio.create_task(world.sends(BOT))
        await world.receivers[BOT].wait_for_posts(2)
        assert [one.name for one in world.receivers[BOT].heard()][:2] == ["message", "echo"]
        assert not sending.done()
        sending.cancel()


async def test_a_body_of_ones_own_is_answered() -> None:
    async with emulated() as world:
        fault = {"path": "me", "body": {"id": "somebody else"}}
        await world.done("POST", "faults", {"calls": fault})
        assert await world.graph(BOT, "me", method="GET") == (200, {"id": "somebody else"})


async def test_what_a_fault_says_goes_before_what_its_answer_says() -> None:
    async with emulated() as world:
        await throws(world, "throttled_4", path="me", error={"code": 17}, status=429)
        status, answer = await world.graph(BOT, "me", method="GET")
        assert (status, answer["error"]["code"]) == (429, 17)


async def test_an_unknown_answer_is_refused_with_the_names_that_there_are() -> None:
    async with emulated() as world:
        status, answer = await world.control("POST", "faults", {"calls": {"answer": "rude"}})
        assert status == 400
        assert all(name in answer["error"] for name in ("'rude'", *ODD_ANSWERS))


# Permissions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [230, 200, 210, 10])
async def test_a_token_without_the_permission_sends_and_asks_for_nothing(code: int) -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"no_permission": code})
        await world.done(
            "PUT", f"apps/{BOT}", {"page_token": {"without_scopes": ["pages_messaging"]}}
        )
        await world.user_says("hi")
        for status, answer in (
            await world.sends(BOT),
            await world.moves(BOT, "take"),
            await owner_answer(world, BOT),
        ):
            assert (status, answer["error"]["code"]) == (400, code)
        assert (await world.graph(BOT, "me", method="GET"))[0] == 200


async def test_instagrams_people_need_a_permission_of_their_own() -> None:
    async with emulated() as world:
        lacking = {"page_token": {"without_scopes": ["instagram_manage_messages"]}}
        await world.done("PUT", f"apps/{BOT}", lacking)
        for user in (USER, INSTAGRAM_USER):
            await world.user_says("hi", user)
        assert (await world.sends(BOT))[0] == 200
        assert (await world.sends(BOT, user=INSTAGRAM_USER))[1]["error"]["code"] == 230


async def test_a_secondary_receiver_may_be_told_that_the_owner_is_hidden() -> None:
    async with emulated(routing=RoutingMode.LEGACY) as world:
        assert (await owner_answer(world, AGENT))[1]["error"]["code"] == 10
        await world.done("PUT", "switches", {"secondary_asks_owner": "hidden"})
        error = (await owner_answer(world, AGENT))[1]["error"]
        assert (error["code"], error["error_subcode"]) == (100, 2018234)


# Webhooks -----------------------------------------------------------------------------------------


async def test_no_echo_comes_to_an_app_that_is_not_subscribed_to_them() -> None:
    async with emulated() as world:
        fields = ["messages", "messaging_handovers", "standby"]
        await world.done("PUT", f"apps/{BOT}", {"subscribed_fields": fields})
        await world.user_says("hi")
        await world.sends(BOT)
        await world.done("POST", f"inbox/{USER}/messages", {"text": "I am Olga"})
        names = [one.name for one in await world.heard_by(BOT)]
        assert names == ["message", "take_thread_control"]


async def test_what_was_said_on_standby_may_come_after_the_thread_has_changed_hands() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        await world.heard_by(BOT)
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "standby_latency_ms": 300}})
        await world.user_says("one more thing")
        await world.passes(AGENT, BOT)
        await world.user_says("hello bot")
        receiver = world.receivers[BOT]
        while receiver.heard()[-1].array != "standby":
            await receiver.wait_for_posts(len(receiver.posts) + 1)
        heard = [(one.array, one.name) for one in receiver.heard()[-3:]]
        assert heard == [
            ("messaging", "pass_thread_control"),
            ("messaging", "message"),
            ("standby", "message"),
        ]


async def test_what_is_late_never_comes_to_an_emulator_that_begins_again() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        await world.done("POST", "faults", {"webhooks": {"app_id": BOT, "standby_latency_ms": 100}})
        await world.user_says("one more thing")
        await world.done("POST", "reset")
        await asyncio.sleep(0.2)
        arrays = {one.array for one in await world.heard_by(BOT)}
        assert arrays == {"messaging"}


async def test_the_date_of_an_answer_may_be_wrong() -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"date_ahead_seconds": -90})
        async with world.http.get(f"{world.url}/v25.0/me") as answer:
            told = parsedate_to_datetime(answer.headers["Date"])
        behind = datetime.now(timezone.utc) - told
        assert timedelta(seconds=89) < behind < timedelta(seconds=95)


# Other voices -------------------------------------------------------------------------------------


async def test_a_newsletter_of_another_app_reaches_many_at_once_and_takes_no_thread() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        sent = await world.done("POST", "newsletter", {"text": "Our sale", "people": 40})
        readers = sent["users"]
        assert (len(set(readers)), USER in readers, INSTAGRAM_USER in readers) == (40, True, False)
        echo = (await world.heard_by(BOT, readers[-1]))[-1]
        assert (echo.array, echo.name) == ("messaging", "echo")
        assert echo.event["message"]["app_id"] == int(NEWS_APP)
        assert await world.owner() == BOT
        assert await world.owner(readers[-1]) is None
        thread = await world.done("GET", f"threads/{readers[-1]}")
        assert thread["messages"][0]["from_name"] == f"App {NEWS_APP}"


async def test_a_second_newsletter_goes_to_the_same_people() -> None:
    async with emulated() as world:
        issues = [
            await world.done("POST", "newsletter", {"text": text, "people": 5, "app_id": AGENT})
            for text in ("first", "second")
        ]
        assert issues[0] == issues[1]


async def test_metas_own_ai_takes_a_thread_and_only_its_echo_tells() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", f"inbox/{USER}/messages", {"text": "I can help", "by_ai": True})
        assert await world.owner() == PAGE_INBOX
        heard = (await world.heard_by(BOT))[1:]
        assert [(one.array, one.name) for one in heard] == [("standby", "echo")]
        message = heard[0].event["message"]
        assert (message["app_id"], message["ai_generated"]) == (int(PAGE_INBOX), True)
        assert json.loads(message["metadata"]) == {"source": "axon"}
        assert (await world.sends(BOT))[1]["error"]["error_subcode"] == 2018300


async def test_metas_own_ai_writes_to_nobody_outside_the_window() -> None:
    async with emulated() as world:
        said = {"text": "I can help", "by_ai": True}
        status, refused = await world.control("POST", f"inbox/{USER}/messages", said)
        assert (status, refused["error"]["error_subcode"]) == (400, 2018278)
        assert await world.owner() is None


async def test_an_operators_echo_is_not_marked_as_the_ais() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.done("POST", f"inbox/{USER}/messages", {"text": "I am Olga"})
        assert "ai_generated" not in (await world.heard_by(BOT))[-1].event["message"]


# Labels -------------------------------------------------------------------------------------------


async def changes_heard_by(world: World, app_id: str) -> list[Any]:
    await world.heard_by(app_id)
    entries = [entry for body in world.receivers[app_id].bodies() for entry in body["entry"]]
    return [change for entry in entries for change in entry.get("changes", [])]


async def test_a_label_is_given_and_taken_away_and_whoever_is_subscribed_hears_of_it() -> None:
    async with emulated() as world:
        fields = ["messages", "inbox_labels"]
        await world.done("PUT", f"apps/{BOT}", {"subscribed_fields": fields})
        _, made = await world.graph(AGENT, "me/custom_labels", {"page_label_name": "VIP"})
        for method in ("POST", "DELETE"):
            edge = f"{made['id']}/label"
            assert (await world.graph(AGENT, edge, {"user": USER}, method=method))[0] == 200
        changes = await changes_heard_by(world, BOT)
        assert [one["field"] for one in changes] == ["inbox_labels"] * 2
        assert [one["value"]["action"] for one in changes] == ["add_label", "remove_label"]
        assert changes[0]["value"]["user"] == {"id": USER}
        assert changes[0]["value"]["label"] == {"id": made["id"], "page_label_name": "VIP"}
        assert await changes_heard_by(world, AGENT) == []


async def test_a_persons_labels_are_listed() -> None:
    async with emulated() as world:
        await world.done("POST", f"inbox/{USER}/labels", {"name": "VIP"})
        await world.done("POST", f"inbox/{USER}/labels", {"name": "Angry"})
        await world.done("POST", f"inbox/{USER}/labels", {"name": "Angry", "action": "remove"})
        edge, fields = f"{USER}/custom_labels", "page_label_name"
        _, own = await world.graph(BOT, edge, method="GET", fields=fields)
        assert [one["page_label_name"] for one in own["data"]] == ["VIP"]
        _, others = await world.graph(BOT, f"{OTHER_USER}/custom_labels", method="GET")
        assert others == {"data": []}
        edge = "me/custom_labels"
        _, all_of_them = await world.graph(BOT, edge, method="GET", fields=fields)
        assert [one["page_label_name"] for one in all_of_them["data"]] == ["VIP", "Angry"]


async def test_a_label_that_is_deleted_is_gone() -> None:
    async with emulated() as world:
        _, made = await world.graph(BOT, "me/custom_labels", {"page_label_name": "VIP"})
        assert (await world.graph(BOT, made["id"], method="GET"))[1] == {"id": made["id"]}
        assert (await world.graph(BOT, made["id"], method="DELETE"))[1] == {"success": True}
        assert (await world.graph(BOT, made["id"], method="GET"))[0] == 400


@pytest.mark.parametrize(
    ("edge", "body"),
    [
        ("me/custom_labels", {}),
        ("me/custom_labels", {"page_label_name": "VIP"}),
        ("{label}/label", {}),
        ("{label}/label", {"user": "7999999999999999"}),
        ("{label}/label", {"user": INSTAGRAM_USER}),
        ("{label}/shoes", {"user": USER}),
    ],
)
async def test_what_makes_no_sense_of_a_label_is_refused(edge: str, body: dict[str, str]) -> None:
    async with emulated() as world:
        _, made = await world.graph(BOT, "me/custom_labels", {"page_label_name": "VIP"})
        status, answer = await world.graph(BOT, edge.format(label=made["id"]), body)
        assert (status, answer["error"]["code"]) == (400, 100)
