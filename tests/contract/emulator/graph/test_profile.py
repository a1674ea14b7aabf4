from __future__ import annotations

import pytest

from tests.contract.emulator_world import BOT, USER, Json, emulated

ITEMS = [{"type": "postback", "title": "Help", "payload": "/help"}]
MENU = [{"locale": "default", "call_to_actions": ITEMS}]
PROFILE = {"get_started": {"payload": "/start"}, "persistent_menu": MENU}
SETTINGS = "me/custom_user_settings"


async def test_a_persons_menu_is_told_beside_the_pages() -> None:
    async with emulated() as world:
        await world.graph(BOT, "me/messenger_profile", PROFILE)
        await world.graph(BOT, SETTINGS, {"psid": USER, "persistent_menu": MENU})
        _, answer = await world.graph(BOT, SETTINGS, method="GET", psid=USER)
        [told] = answer["data"]
        assert told == {"user_level_persistent_menu": MENU, "page_level_persistent_menu": MENU}


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("POST", {"psid": USER, "persistent_menu": MENU}, 100),
        ("POST", {"psid": USER}, 100),
        ("POST", {"persistent_menu": MENU}, 100),
        ("GET", {"psid": "7999999999999999"}, 100),
        ("DELETE", {"psid": USER}, 100),
        ("DELETE", {"psid": USER, "params": ["shoes"]}, 100),
    ],
    ids=["no get_started", "no menu", "no person", "nobody", "nothing to delete", "shoes"],
)
async def test_a_wrong_menu_of_a_person_is_refused(method: str, body: Json, code: int) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, SETTINGS, body, method=method)
        assert (status, answer["error"]["code"]) == (400, code)


@pytest.mark.parametrize("doomed", [[], ["shoes"]])
async def test_what_is_deleted_of_a_profile_is_named(doomed: list[str]) -> None:
    async with emulated() as world:
        body = {"fields": doomed}
        status, answer = await world.graph(BOT, "me/messenger_profile", body, method="DELETE")
        assert (status, answer["error"]["code"]) == (400, 100)


async def test_a_profile_in_a_form_is_the_json_that_it_holds() -> None:
    async with emulated() as world:
        form: Json = {"get_started": '{"payload": "/start"}'}
        await world.graph(BOT, "me/messenger_profile", **form)
        _, answer = await world.graph(
            BOT, "me/messenger_profile", method="GET", fields="get_started"
        )
        assert answer["data"] == [{"get_started": {"payload": "/start"}}]
