"""Profiles of the Page, of people and of the Page's menu, by client libraries."""

from __future__ import annotations

import pytest

from tests.clients.client_libraries import Library, RefusedError, libraries_with
from tests.clients.client_stage import OTHER_USER, PAGE, USER, Stage

ITEMS = [{"type": "postback", "title": "Talk to a person", "payload": "/ask_human"}]
GREETING = [{"locale": "default", "text": "Good day"}]
PROFILE = {
    "get_started": {"payload": "/start"},
    "greeting": GREETING,
    "persistent_menu": [
        {"locale": "default", "composer_input_disabled": False, "call_to_actions": ITEMS}
    ],
}


@libraries_with("set_profile")
async def test_a_profile_is_set(library: Library, stage: Stage) -> None:
    answer = await library.call("set_profile", stage.access(), profile=PROFILE)
    assert answer["result"] == "success"


@libraries_with("set_profile", "profile")
async def test_a_profile_is_told_as_it_was_set(library: Library, stage: Stage) -> None:
    await library.call("set_profile", stage.access(), profile=PROFILE)
    [told] = await library.call("profile", stage.access(), fields=["greeting"])
    assert told["greeting"] == GREETING


@libraries_with("set_profile", "profile", "delete_profile")
async def test_a_part_of_a_profile_is_deleted(library: Library, stage: Stage) -> None:
    await library.call("set_profile", stage.access(), profile=PROFILE)
    await library.call("delete_profile", stage.access(), fields=["greeting"])
    assert await library.call("profile", stage.access(), fields=["greeting"]) == []


@libraries_with("set_profile")
async def test_a_menu_without_get_started_is_refused(library: Library, stage: Stage) -> None:
    profile = {"persistent_menu": PROFILE["persistent_menu"]}
    with pytest.raises(RefusedError) as refused:
        await library.call("set_profile", stage.access(), profile=profile)
    assert refused.value.codes == (100, None)


@libraries_with("set_menu", "menu")
async def test_a_person_has_a_menu_of_their_own(library: Library, stage: Stage) -> None:
    await library.call("set_profile", stage.access(), profile=PROFILE)
    await library.call("set_menu", stage.access(), user=USER, items=ITEMS)
    [menu] = await library.call("menu", stage.access(), user=USER)
    assert menu["callToActions"] == ITEMS


@libraries_with("set_menu", "menu", "delete_menu")
async def test_a_persons_menu_is_deleted(library: Library, stage: Stage) -> None:
    await library.call("set_profile", stage.access(), profile=PROFILE)
    await library.call("set_menu", stage.access(), user=USER, items=ITEMS)
    await library.call("delete_menu", stage.access(), user=USER)
    assert await library.call("menu", stage.access(), user=USER) is None


@libraries_with("person")
async def test_a_person_is_told_by_name(library: Library, stage: Stage) -> None:
    person = await library.call("person", stage.access(), user=USER)
    assert "Ada" in (person.get("first_name"), person.get("firstName"))


@libraries_with("people")
async def test_several_people_are_read_at_once(library: Library, stage: Stage) -> None:
    await stage.control("PUT", "switches", {"legacy_requests": "allowed"})
    people = await library.call("people", stage.access(), users=[USER, OTHER_USER])
    assert [people[user]["name"] for user in (USER, OTHER_USER)] == ["Ada Lovelace", "Alan Turing"]


@libraries_with("people")
async def test_several_people_are_refused_as_graph_refuses_new_apps(
    library: Library, stage: Stage
) -> None:
    with pytest.raises(RefusedError) as refusal:
        await library.call("people", stage.access(), users=[USER, OTHER_USER])
    assert "not available to this app" in str(refusal.value)


@libraries_with("page")
async def test_the_page_is_told(library: Library, stage: Stage) -> None:
    page = await library.call("page", stage.access())
    assert (page["id"], page["name"]) == (PAGE, "Demo Page")
