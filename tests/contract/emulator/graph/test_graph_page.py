from __future__ import annotations

import hashlib
import hmac

import pytest

from emulator import RoutingMode, default_config
from tests.contract.emulator_world import AGENT, BOT, PAGE, USER, Json, emulated, token_of

BOT_SECRET = default_config().apps[0].secret


@pytest.mark.parametrize("path", ["v25.0/me", "v2.12/me", "v26/me", "me", f"v25.0/{PAGE}"])
async def test_the_page_answers_at_any_version_by_me_and_by_id(path: str) -> None:
    async with emulated() as world:
        url = f"{world.url}/{path}"
        async with world.http.get(url, params={"access_token": token_of(BOT)}) as answer:
            assert await answer.json() == {"id": PAGE, "name": "Demo Page"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_a_call_without_a_known_token_is_error_190(headers: dict[str, str]) -> None:
    async with emulated() as world:
        answer = await world.http.get(f"{world.url}/v25.0/me", headers=headers)
        error = (await answer.json())["error"]
        assert (answer.status, error["code"], error["type"]) == (400, 190, "OAuthException")


@pytest.mark.parametrize("kind", ["page_access_token", "user_access_token"])
async def test_an_app_without_a_token_is_never_matched_by_an_empty_one(kind: str) -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{AGENT}", {kind: ""})
        async with world.http.get(f"{world.url}/me?access_token=") as answer:
            assert answer.status == 400


async def test_a_proof_is_checked_when_it_is_sent() -> None:
    async with emulated() as world:
        proof = hmac.new(BOT_SECRET.encode(), token_of(BOT).encode(), hashlib.sha256).hexdigest()
        right = await world.graph(BOT, "me", method="GET", appsecret_proof=proof)
        wrong = await world.graph(BOT, "me", method="GET", appsecret_proof="é" + proof[1:])
        assert right[0] == 200
        assert (wrong[0], wrong[1]["error"]["code"]) == (400, 100)
        assert "Invalid appsecret_proof" in wrong[1]["error"]["message"]


@pytest.mark.parametrize("mode", list(RoutingMode))
async def test_the_feature_status_says_whether_routing_is_on(mode: RoutingMode) -> None:
    async with emulated(routing=mode) as world:
        _, answer = await world.graph(BOT, "me", method="GET", fields="messaging_feature_status")
        status = answer["messaging_feature_status"]
        assert status["msgr_multi_app"] is (mode is RoutingMode.ON)


@pytest.mark.parametrize("edge", ["me?fields=shoe_size", "me/shoe_size", "me/messages"])
async def test_an_unknown_field_or_edge_is_error_100(edge: str) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, edge, method="GET")
        assert (status, answer["error"]["code"]) == (400, 100)
        assert "nonexisting field" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "me/shoes"),
        ("GET", "4040404040404040"),
        ("POST", USER),
        ("DELETE", "me"),
        ("GET", ""),
    ],
)
async def test_what_is_not_there_is_error_100_33(method: str, path: str) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, path, method=method)
        error = answer["error"]
        assert (status, error["code"], error["error_subcode"]) == (400, 100, 33)
        assert error["message"].startswith(f"Unsupported {method.lower()} request.")


async def test_a_person_has_a_profile() -> None:
    async with emulated() as world:
        _, answer = await world.graph(BOT, USER, method="GET", fields="first_name,last_name")
        assert answer == {"id": USER, "first_name": "Ada", "last_name": "Lovelace"}


async def test_a_person_on_instagram_has_a_username_and_no_parts_of_a_name() -> None:
    async with emulated() as world:
        person = {"id": "17841400000000042", "name": "Ada Lovelace", "platform": "instagram"}
        await world.done("POST", "users", person)
        _, answer = await world.graph(BOT, person["id"], method="GET", fields="name,username")
        assert (answer["name"], answer["username"]) == ("Ada Lovelace", "ada_lovelace")
        status, _ = await world.graph(BOT, person["id"], method="GET", fields="first_name")
        assert status == 400


async def test_subscribed_apps_lists_every_app_but_the_inbox() -> None:
    async with emulated() as world:
        await world.graph(BOT, "me/subscribed_apps", subscribed_fields="messages,standby")
        _, answer = await world.graph(AGENT, "me/subscribed_apps", method="GET")
        fields = {app["id"]: app["subscribed_fields"] for app in answer["data"]}
        assert set(fields) == {BOT, AGENT}
        assert fields[BOT] == ["messages", "standby"]


@pytest.mark.parametrize("body", [{}, {"subscribed_fields": ["messaging_handover"]}])
async def test_a_subscription_needs_known_fields(body: Json) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, "me/subscribed_apps", body)
        assert (status, answer["error"]["code"]) == (400, 100)


@pytest.mark.parametrize("asker", [f"{BOT}|{BOT_SECRET}", token_of(BOT)])
async def test_debug_token_says_whose_a_token_is(asker: str) -> None:
    async with emulated() as world:
        query = {"input_token": token_of(BOT), "access_token": asker}
        async with world.http.get(f"{world.url}/v25.0/debug_token", params=query) as answer:
            data = (await answer.json())["data"]
        assert (data["app_id"], data["type"], data["is_valid"]) == (BOT, "PAGE", True)
        assert data["profile_id"] == PAGE
        assert {"pages_messaging", "pages_manage_metadata"} <= set(data["scopes"])


async def test_debug_token_says_that_a_wrong_token_is_not_valid() -> None:
    async with emulated() as world:
        _, answer = await world.graph(BOT, "debug_token", method="GET", input_token="x")
        assert answer["data"]["is_valid"] is False
        assert answer["data"]["error"]["code"] == 190


async def test_debug_token_needs_a_token_of_its_own() -> None:
    async with emulated() as world:
        answer = await world.http.get(f"{world.url}/debug_token?input_token=x")
        assert (await answer.json())["error"]["code"] == 190


async def test_a_messenger_profile_is_kept_shown_and_deleted_per_app() -> None:
    async with emulated() as world:
        started = {"get_started": {"payload": "/start"}}
        answer = await world.graph(BOT, "me/messenger_profile", started)
        assert answer == (200, {"result": "success"})
        shown: Json = {"method": "GET", "fields": "get_started,greeting"}
        assert (await world.graph(BOT, "me/messenger_profile", **shown))[1] == {"data": [started]}
        assert (await world.graph(AGENT, "me/messenger_profile", **shown))[1] == {"data": []}
        doomed = {"fields": ["get_started"]}
        await world.graph(BOT, "me/messenger_profile", doomed, method="DELETE")
        assert (await world.graph(BOT, "me/messenger_profile", **shown))[1] == {"data": []}


@pytest.mark.parametrize("profile", [{}, {"persistent_menu": []}, {"colour": "red"}])
async def test_a_profile_needs_known_keys_and_a_menu_needs_get_started(profile: Json) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, "me/messenger_profile", profile)
        assert (status, answer["error"]["code"]) == (400, 100)
