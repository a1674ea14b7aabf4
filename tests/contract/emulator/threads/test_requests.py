"""Batches, several nodes, and parameters in each way that Graph takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.emulator_world import AGENT, BOT, USER, Json, World, emulated, token_of

READ = {"method": "GET", "relative_url": "me?fields=name"}


async def batched(world: World, operations: Any, app: str = BOT, **more: Any) -> tuple[int, Any]:
    return await world.graph(app, "", {"batch": operations, **more})


def says(text: str) -> Json:
    body = f'messaging_type=RESPONSE&recipient={{"id":"{USER}"}}&message={{"text":"{text}"}}'
    return {"method": "POST", "relative_url": "v25.0/me/messages", "body": body}


async def test_a_body_in_an_answer_is_a_string_of_json() -> None:
    async with emulated() as world:
        _, [answer] = await batched(world, [READ])
        assert json.loads(answer["body"])["name"] == "Demo Page"


@pytest.mark.parametrize(("wish", "shown"), [(True, True), ("false", False)])
async def test_headers_are_shown_unless_they_are_not_wanted(wish: Any, shown: bool) -> None:
    async with emulated() as world:
        _, [answer] = await batched(world, [READ], include_headers=wish)
        assert ("headers" in answer) is shown


async def test_a_call_may_have_a_token_of_its_own() -> None:
    async with emulated() as world:
        await world.user_says("hello")
        other = {**says("hi"), "relative_url": f"me/messages?access_token={token_of(AGENT)}"}
        _, answers = await batched(world, [says("hi"), other])
        assert [answer["code"] for answer in answers] == [200, 400]


async def test_a_batch_of_fifty_is_answered_and_one_of_more_is_not() -> None:
    async with emulated() as world:
        status, answers = await batched(world, [READ] * 50)
        assert (status, len(answers)) == (200, 50)
        status, answer = await batched(world, [READ] * 51)
        assert (status, answer["error"]["code"]) == (400, 100)


@pytest.mark.parametrize(
    "operations",
    [
        "no list",
        [{"relative_url": "me"}],
        ["me"],
        [{**READ, "depends_on": "first"}],
        [{**READ, "attached_files": "file"}],
        [READ, {"method": "GET", "relative_url": "{result=first:$.id}?fields={result=first:$.x}"}],
    ],
)
async def test_what_is_no_batch_is_refused_as_a_whole(operations: Any) -> None:
    async with emulated() as world:
        status, answer = await batched(world, operations)
        assert (status, answer["error"]["code"]) == (400, 100)


async def test_a_call_whose_connection_is_cut_is_null_in_the_answer() -> None:
    async with emulated() as world:
        await world.done("POST", "faults", {"calls": {"path": "me", "reset": True}})
        _, answers = await batched(world, [READ, READ])
        assert answers[0] is None
        assert answers[1]["code"] == 200


async def test_each_call_of_a_batch_is_in_the_log() -> None:
    async with emulated() as world:
        await batched(world, [READ, READ])
        calls = await world.done("GET", f"calls?app_id={BOT}")
        assert [call["path"] for call in calls] == ["/me", "/me"]


@pytest.mark.parametrize("http_method", ["GET", "POST"])
async def test_a_method_among_the_parameters_goes_before_that_of_http(http_method: str) -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"legacy_requests": "allowed"})
        query = {"method": "delete", "access_token": token_of(BOT)}
        url = f"{world.url}/v25.0/me/subscribed_apps"
        async with world.http.request(http_method, url, params=query) as answer:
            assert await answer.json() == {"success": True}
        config = await world.done("GET", "config")
        assert config["apps"][0]["installed"] is False


@pytest.mark.parametrize("ids", ["", f"{USER},7999999999999999", ",".join([USER] * 51)])
async def test_several_nodes_are_refused_if_one_of_them_is(ids: str) -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"legacy_requests": "allowed"})
        status, answer = await world.graph(BOT, "", method="GET", ids=ids)
        assert (status, answer["error"]["code"]) == (400, 100)
        assert "not available" not in answer["error"]["message"]


@pytest.mark.parametrize("name", ["date_format", "callback"])
async def test_what_new_apps_may_not_ask_for_is_refused_unless_it_is_allowed(name: str) -> None:
    asked: dict[str, Any] = {name: "U"}
    async with emulated() as world:
        status, answer = await world.graph(BOT, "me", method="GET", **asked)
        assert (status, answer["error"]["code"]) == (400, 100)
        await world.done("PUT", "switches", {"legacy_requests": "allowed"})
        status, _ = await world.graph(BOT, "me", method="GET", **asked)
        assert status == 200


async def test_several_nodes_are_read_where_old_requests_are_allowed() -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"legacy_requests": "allowed"})
        ids, fields = f"{USER},me", "name.as(called)"
        status, answer = await world.graph(BOT, "", method="GET", ids=ids, fields=fields)
        assert (status, answer["me"]["called"]) == (200, "Demo Page")
        assert set(answer[USER]) == {"id", "called"}


@pytest.mark.parametrize(
    ("edge", "http_method", "query"),
    [
        ("", "GET", {"ids": f"{USER},me"}),
        ("me/subscribed_apps", "POST", {"method": "delete"}),
        ("me", "GET", {"fields": "name.as(called)"}),
    ],
    ids=["several ids", "another method", "an alias"],
)
async def test_old_requests_are_refused_as_they_are_to_new_apps(
    edge: str, http_method: str, query: dict[str, str]
) -> None:
    async with emulated() as world:
        url, params = f"{world.url}/v25.0/{edge}", {**query, "access_token": token_of(BOT)}
        async with world.http.request(http_method, url, params=params) as answer:
            error = (await answer.json())["error"]
        assert (answer.status, error["code"]) == (400, 100)
        assert "not available to this app" in error["message"]
        config = await world.done("GET", "config")
        assert config["apps"][0]["installed"] is True


async def test_an_old_request_in_a_batch_is_refused_by_itself() -> None:
    async with emulated() as world:
        old = {"method": "POST", "relative_url": "me/subscribed_apps?method=delete"}
        _, answers = await batched(world, [old, READ])
        assert [one["code"] for one in answers] == [400, 200]


async def test_a_method_that_is_that_of_http_is_no_override() -> None:
    async with emulated() as world:
        url, query = f"{world.url}/v25.0/me", {"method": "get", "access_token": token_of(BOT)}
        async with world.http.get(url, params=query) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    "query",
    [
        {"recipient": f"{{'id':'{USER}'}}", "message": "{'text':'hello, world'}"},
        {"recipient": f"{{id:{USER}}}", "message": "{text:'hello, world'}"},
    ],
    ids=["single quotes", "no quotes"],
)
async def test_a_send_as_metas_samples_write_it_arrives(query: Json) -> None:
    async with emulated() as world:
        await world.user_says("hello")
        status, _ = await world.graph(BOT, "me/messages", messaging_type="RESPONSE", **query)
        thread = await world.done("GET", f"threads/{USER}")
        assert (status, thread["messages"][-1]["text"]) == (200, "hello, world")
