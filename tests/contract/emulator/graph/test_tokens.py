from __future__ import annotations

import pytest

from emulator import default_config
from tests.contract.emulator_world import BOT, PAGE, USER, Json, World, emulated, token_of

APP = default_config().apps[0]
APP_TOKEN = f"{BOT}|{APP.secret}"
USER_TOKEN = APP.user_access_token
AGENTS_USER_TOKEN = default_config().apps[1].user_access_token
EXCHANGE = {"grant_type": "fb_exchange_token", "fb_exchange_token": USER_TOKEN}


async def asked(
    world: World, path: str, token: str, method: str = "GET", **query: str
) -> tuple[int, Json]:
    params = {"access_token": token, **query}
    url = f"{world.url}/v25.0/{path}"
    async with world.http.request(method, url, params=params) as answer:
        return answer.status, await answer.json()


async def granted(world: World, **query: str) -> tuple[int, Json]:
    params = {"client_id": BOT, "client_secret": APP.secret, **query}
    async with world.http.get(f"{world.url}/v25.0/oauth/access_token", params=params) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"client_id": "1", "grant_type": "client_credentials"}, 101),
        ({"client_secret": "wrong", "grant_type": "client_credentials"}, 1),
        ({"grant_type": "authorization_code"}, 100),
        ({**EXCHANGE, "fb_exchange_token": "wrong"}, 190),
        ({**EXCHANGE, "fb_exchange_token": AGENTS_USER_TOKEN}, 190),
    ],
    ids=["no such app", "a wrong secret", "another grant", "a wrong token", "another app's token"],
)
async def test_a_token_is_refused(query: dict[str, str], code: int) -> None:
    async with emulated() as world:
        status, answer = await granted(world, **query)
        assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    ("token", "kind"), [(APP_TOKEN, "APP"), (USER_TOKEN, "USER"), (token_of(BOT), "PAGE")]
)
async def test_debug_token_tells_the_kind_of_a_token(token: str, kind: str) -> None:
    async with emulated() as world:
        _, answer = await asked(world, "debug_token", APP_TOKEN, input_token=token)
        assert (answer["data"]["type"], answer["data"]["is_valid"]) == (kind, True)


async def test_the_page_tells_a_user_its_token() -> None:
    async with emulated() as world:
        _, page = await asked(world, PAGE, USER_TOKEN, fields="access_token")
        assert page["access_token"] == token_of(BOT)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", f"{PAGE}/subscribed_apps", 210),
        ("POST", f"{PAGE}/messages", 210),
        ("GET", USER, 100),
    ],
)
async def test_a_user_token_is_no_page_token(method: str, path: str, code: int) -> None:
    async with emulated() as world:
        status, answer = await asked(world, path, USER_TOKEN, method)
        assert (status, answer["error"]["code"]) == (400, code)


async def test_an_app_token_is_no_page_token() -> None:
    async with emulated() as world:
        _, answer = await asked(world, "me/subscribed_apps", APP_TOKEN)
        assert answer["error"]["code"] == 210


async def test_secrets_are_not_in_the_log() -> None:
    async with emulated() as world:
        await granted(world, **EXCHANGE)
        [call] = await world.done("GET", "calls")
        secret = ("client_secret", "fb_exchange_token")
        assert [call["params"][name] for name in secret] == ["***", "***"]


@pytest.mark.parametrize("node", [BOT, "app"])
async def test_an_app_reads_itself(node: str) -> None:
    async with emulated() as world:
        _, answer = await asked(world, node, APP_TOKEN, fields="name")
        assert answer == {"id": BOT, "name": "Demo Bot"}


@pytest.mark.parametrize(
    "query",
    [
        {"object": "user", "fields": "messages", "callback_url": "http://127.0.0.1:1/"},
        {"object": "page", "fields": "shoes", "callback_url": "http://127.0.0.1:1/"},
        {"object": "page", "fields": "messages", "callback_url": "no address"},
        {"fields": "messages", "callback_url": "http://127.0.0.1:1/"},
    ],
)
async def test_a_wrong_subscription_of_an_app_is_refused(query: dict[str, str]) -> None:
    async with emulated() as world:
        status, answer = await asked(world, f"{BOT}/subscriptions", APP_TOKEN, "POST", **query)
        assert (status, answer["error"]["code"]) == (400, 100)


async def test_an_app_takes_no_other_verb() -> None:
    async with emulated() as world:
        _, answer = await asked(world, f"{BOT}/subscriptions", APP_TOKEN, "PUT")
        assert answer["error"]["error_subcode"] == 33


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"object": "page", "fields": "messages"}, (["standby"], ["messages"])),
        ({"object": "page"}, ([], ["messages"])),
        ({}, ([], [])),
    ],
    ids=["a field", "an object", "all"],
)
async def test_an_app_ends_its_subscription_to(
    query: dict[str, str], left: tuple[list[str], list[str]]
) -> None:
    async with emulated() as world:
        fields = {"app_fields": ["messages", "standby"], "instagram_fields": ["messages"]}
        await world.done("PUT", f"apps/{BOT}", fields)
        await asked(world, f"{BOT}/subscriptions", APP_TOKEN, "DELETE", **query)
        app = (await world.done("GET", "config"))["apps"][0]
        assert (app["app_fields"], app["instagram_fields"]) == left


async def test_an_app_off_the_page_hears_nothing() -> None:
    async with emulated() as world:
        await world.graph(BOT, "me/subscribed_apps", method="DELETE")
        await world.user_says("hello")
        await world.graph(BOT, "me/subscribed_apps", {"subscribed_fields": ["messages"]})
        assert await world.heard_by(BOT) == []


@pytest.mark.parametrize(("path", "version"), [("v24.0/me", "v24.0"), ("me", "v27.0")])
async def test_an_answer_tells_its_version(path: str, version: str) -> None:
    async with emulated() as world, world.http.get(f"{world.url}/{path}") as answer:
        assert answer.headers["facebook-api-version"] == version


async def test_a_user_tokens_proof_is_checked_too() -> None:
    async with emulated() as world:
        status, answer = await asked(world, "me", USER_TOKEN, appsecret_proof="wrong")
        assert (status, answer["error"]["code"]) == (400, 100)
