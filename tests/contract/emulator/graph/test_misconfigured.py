"""An emulated Page can be set up wrongly in the ways in which a live one is."""

from __future__ import annotations

from datetime import datetime

import pytest

from emulator import default_config
from emulator.graph.tokens import appsecret_proof
from tests.contract.emulator_world import AGENT, BOT, INSTAGRAM, World, emulated, token_of

BOT_APP = default_config().apps[0]
AS_IT_WAS = {
    "app_fields": BOT_APP.app_fields,
    "subscribed_fields": BOT_APP.subscribed_fields,
    "active": True,
    "installed": True,
}
BOT_APP_TOKEN = f"{BOT}|{BOT_APP.secret}"


async def asked(world: World, path: str, token: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {token}"}
    async with world.http.get(f"{world.url}/v25.0/{path}", headers=headers) as answer:
        body: dict[str, object] = await answer.json()
        return body


def error(body: dict[str, object]) -> dict[str, object]:
    found = body["error"]
    assert isinstance(found, dict)
    return found


async def test_an_app_token_reads_the_apps_own_subscriptions() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"app_fields": ["messages"], "active": False})
        answer = await asked(world, f"{BOT}/subscriptions", BOT_APP_TOKEN)
        webhook = (await world.done("GET", "config"))["apps"][0]["webhook"]
    assert isinstance(answer["data"], list)
    assert answer["data"][0] == {
        "object": "page",
        "callback_url": webhook,
        "active": False,
        "fields": [{"name": "messages", "version": "v25.0"}],
    }
    assert [one["object"] for one in answer["data"]] == ["page", "instagram"]


async def test_an_app_without_a_webhook_has_no_subscriptions() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"webhook": None})
        assert await asked(world, f"{BOT}/subscriptions", BOT_APP_TOKEN) == {"data": []}


@pytest.mark.parametrize(
    ("app", "token", "code"),
    [(BOT, token_of(BOT), 15), (BOT, f"{BOT}|wrong", 190), (AGENT, BOT_APP_TOKEN, 190)],
    ids=["a Page token", "a wrong secret", "another app's"],
)
async def test_subscriptions_are_for_the_apps_own_token(app: str, token: str, code: int) -> None:
    async with emulated() as world:
        assert error(await asked(world, f"{app}/subscriptions", token))["code"] == code


@pytest.mark.parametrize(
    "change",
    [
        {"app_fields": ["message_reads"]},
        {"subscribed_fields": ["message_reads"]},
        {"active": False},
        {"installed": False},
    ],
)
async def test_an_event_comes_only_if_app_and_page_subscribe_to_it(
    change: dict[str, object],
) -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", change)
        await world.user_says("Hello")
        await world.done("PUT", f"apps/{BOT}", AS_IT_WAS)
        assert await world.names_heard_by(BOT) == []


async def test_an_app_that_is_not_installed_is_not_listed() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{AGENT}", {"installed": False})
        _, answer = await world.graph(BOT, "me/subscribed_apps", method="GET")
        assert [app["id"] for app in answer["data"]] == [BOT]


async def test_an_app_that_requires_its_secret_is_refused_without_the_proof() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"require_app_secret": True})
        refused = error(await asked(world, "me", token_of(BOT)))
        assert (refused["code"], "appsecret_proof" in str(refused["message"])) == (100, True)
        proof = appsecret_proof(BOT_APP.secret, token_of(BOT))
        page = await asked(world, f"me?appsecret_proof={proof}", token_of(BOT))
        assert page["name"] == "Demo Page"


async def test_a_token_works_until_it_expires() -> None:
    async with emulated() as world:
        clock = await world.done("POST", "clock", {"advance_seconds": 0})
        in_an_hour = int(clock_seconds(clock["now"])) + 3600
        await world.done("PUT", f"apps/{BOT}", {"page_token": {"expires_at": in_an_hour}})
        assert (await world.graph(BOT, "me", method="GET"))[0] == 200
        await world.done("POST", "clock", {"advance_seconds": 3601})
        refused = error((await world.graph(BOT, "me", method="GET"))[1])
        assert (refused["code"], refused["error_subcode"]) == (190, 463)
        told = await asked(world, f"debug_token?input_token={token_of(BOT)}", BOT_APP_TOKEN)
        assert isinstance(told["data"], dict)
        assert told["data"]["is_valid"] is False
        assert told["data"]["expires_at"] == in_an_hour


def clock_seconds(now: str) -> float:
    return datetime.fromisoformat(now).timestamp()


async def test_a_token_is_what_it_is_set_to_be() -> None:
    wanted = {"type": "USER", "without_scopes": ["pages_messaging"], "page_ids": ["42"]}
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"page_token": wanted})
        answer = await asked(world, f"debug_token?input_token={token_of(BOT)}", BOT_APP_TOKEN)
    data = answer["data"]
    assert isinstance(data, dict)
    assert data["type"] == "USER"
    assert "pages_messaging" not in data["scopes"]
    targets = {one["scope"]: one["target_ids"] for one in data["granular_scopes"]}
    assert targets["pages_manage_metadata"] == ["42"]


async def test_a_token_of_another_app_is_not_looked_at() -> None:
    async with emulated() as world:
        answer = await asked(world, f"debug_token?input_token={token_of(AGENT)}", BOT_APP_TOKEN)
        assert error(answer)["code"] == 100
        assert "did not match the Viewing App" in str(error(answer)["message"])


async def test_an_unknown_field_of_the_app_is_refused() -> None:
    async with emulated() as world:
        status, answer = await world.control("PUT", f"apps/{BOT}", {"app_fields": ["shoes"]})
        assert status == 400
        assert "shoes" in answer["error"]


@pytest.mark.parametrize(
    ("without", "shown"), [([], {"id": INSTAGRAM}), (["instagram_basic"], None)]
)
async def test_the_linked_account_is_shown_to_a_token_that_may_see_it(
    without: list[str], shown: object
) -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"page_token": {"without_scopes": without}})
        path = "me?fields=instagram_business_account"
        status, answer = await world.graph(BOT, path, method="GET")
    assert (status, answer.get("instagram_business_account")) == (200, shown)
