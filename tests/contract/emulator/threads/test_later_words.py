"""What people do to a message later, and what they do besides writing: from the control API to
the events that the channel decodes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timezone

import pytest

from channels.core.events import Act, Edited, Event, SignOfLife, TakenBack
from channels.webhook.decoding import decode_delivery
from emulator import Switches
from tests.contract.emulator_world import (
    AGENT,
    BOT,
    INSTAGRAM_USER,
    OTHER_USER,
    USER,
    Json,
    World,
    emulated,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with emulated(switches=Switches(messenger_deletions="told")) as world:
        yield world


async def heard(world: World) -> Event:
    """The last event of whoever is looked at that the bot was told, as its channel reads it."""
    await world.heard_by(BOT)
    now = datetime.now(timezone.utc)
    told = [decode_delivery(raw, now) for raw, _ in world.receivers[BOT].posts]
    return [event for events in told for event in events if event.thread.user != OTHER_USER][-1]


async def shown(world: World) -> list[str]:
    thread = await world.done("GET", f"threads/{USER}")
    return [message["text"] for message in thread["messages"]]


async def test_a_message_that_is_taken_back_is_gone(world: World) -> None:
    mid = await world.user_says("my card is 4111")
    await world.done("POST", f"users/{USER}/deletions", {"mid": mid})
    event = await heard(world)
    assert isinstance(event, TakenBack)
    assert (event.mid, event.by_page) == (mid, False)
    assert await shown(world) == []


async def test_a_message_that_is_taken_back_twice_is_unknown(world: World) -> None:
    mid = await world.user_says("hi")
    await world.done("POST", f"users/{USER}/deletions", {"mid": mid})
    assert (await world.control("POST", f"users/{USER}/deletions", {"mid": mid}))[0] == 400


async def test_a_deletion_reaches_the_bystander_too(world: World) -> None:
    mid = await world.user_says("hi")
    await world.done("POST", f"users/{USER}/deletions", {"mid": mid})
    told = (await world.heard_by(AGENT))[-1]
    assert (told.array, told.event["message"]) == ("standby", {"mid": mid, "is_deleted": True})


@pytest.mark.parametrize(
    ("user", "told"), [(USER, ["messages"]), (INSTAGRAM_USER, ["messages", "is_deleted"])]
)
async def test_only_instagram_tells_of_what_is_taken_back_unless_the_switch_says_otherwise(
    user: str, told: list[str]
) -> None:
    async with emulated() as world:
        mid = await world.user_says("my card is 4111", user)
        await world.done("POST", f"users/{user}/deletions", {"mid": mid})
        messages = [one.event["message"] for one in await world.heard_by(BOT, user)]
    kinds = ["is_deleted" if "is_deleted" in message else "messages" for message in messages]
    assert kinds == told


async def test_an_edited_text_replaces_the_old_one_and_is_counted(world: World) -> None:
    mid = await world.user_says("two pizzas")
    await world.done("POST", f"users/{USER}/edits", {"mid": mid, "text": "three pizzas"})
    answer = await world.done("POST", f"users/{USER}/edits", {"mid": mid, "text": "four pizzas"})
    event = await heard(world)
    assert isinstance(event, Edited)
    assert (event.mid, event.text, event.number) == (mid, "four pizzas", 2)
    assert answer == {"num_edit": 2}
    assert await shown(world) == ["four pizzas"]


async def test_a_text_is_edited_five_times_at_most(world: World) -> None:
    mid = await world.user_says("0")
    for number in range(5):
        await world.done("POST", f"users/{USER}/edits", {"mid": mid, "text": str(number)})
    status, answer = await world.control("POST", f"users/{USER}/edits", {"mid": mid, "text": "6"})
    assert (status, "5 times" in answer["error"]) == (400, True)


@pytest.mark.parametrize("call", ["edits", "deletions"])
async def test_what_the_bot_has_said_is_not_the_users(world: World, call: str) -> None:
    await world.user_says("hi")
    _, sent = await world.sends(BOT)
    body = {"mid": sent["message_id"], **({"text": "x"} if call == "edits" else {})}
    assert (await world.control("POST", f"users/{USER}/{call}", body))[0] == 400


@pytest.mark.parametrize("call", ["edits", "deletions"])
async def test_a_tap_is_not_taken_back(world: World, call: str) -> None:
    tap = {"payload": "/help", "title": "Help"}
    mid = (await world.done("POST", f"users/{USER}/taps", tap))["mid"]
    body = {"mid": mid, **({"text": "x"} if call == "edits" else {})}
    assert (await world.control("POST", f"users/{USER}/{call}", body))[0] == 400


@pytest.mark.parametrize(
    ("switch", "arrays"), [("documented", []), ("all", ["standby"])], ids=["documented", "all"]
)
async def test_a_switch_says_whether_bystanders_hear_of_edits(
    world: World, switch: str, arrays: list[str]
) -> None:
    mid = await world.user_says("hi")
    await world.done("PUT", "switches", {"standby_brings": switch})
    await world.done("POST", f"users/{USER}/edits", {"mid": mid, "text": "hello"})
    told = await world.heard_by(AGENT)
    assert [one.array for one in told if one.name == "message_edit"] == arrays


@pytest.mark.parametrize(
    ("body", "details"),
    [
        (
            {"referral": {"ref": "poster"}},
            {"ref": "poster", "source": "SHORTLINK", "type": "OPEN_THREAD"},
        ),
        (
            {"referral": {"source": "ADS", "ad_id": "6045246247433"}},
            {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "6045246247433"},
        ),
        ({"optin": {"payload": "/news"}}, {"type": "notification_messages", "payload": "/news"}),
        ({"account_linking": {}}, {"status": "linked"}),
        ({"account_linking": {"status": "unlinked"}}, {"status": "unlinked"}),
    ],
)
async def test_an_act_comes_as_meta_names_it(world: World, body: Json, details: Json) -> None:
    await world.user_says("hi")
    await world.done("POST", f"users/{USER}/acts", body)
    event = await heard(world)
    assert isinstance(event, Act)
    assert (event.name, event.details) == (next(iter(body)), details)


@pytest.mark.parametrize(
    "body", [{}, {"optin": {}, "referral": {}}, {"optin": "x"}, {"greeting": {}}]
)
async def test_acts_that_are_none_or_several_are_refused(world: World, body: Json) -> None:
    assert (await world.control("POST", f"users/{USER}/acts", body))[0] == 400


async def test_instagram_tells_of_links_and_of_no_optin(world: World) -> None:
    await world.user_says("hi", INSTAGRAM_USER)
    await world.done("POST", f"users/{INSTAGRAM_USER}/acts", {"referral": {"ref": "story"}})
    event = await heard(world)
    assert isinstance(event, Act)
    assert event.details["ref"] == "story"
    status, _ = await world.control("POST", f"users/{INSTAGRAM_USER}/acts", {"optin": {}})
    assert status == 400


async def test_an_edit_on_instagram_comes_with_the_field_of_that_name(world: World) -> None:
    mid = await world.user_says("hi", INSTAGRAM_USER)
    path = f"users/{INSTAGRAM_USER}/edits"
    await world.done("POST", path, {"mid": mid, "text": "hello"})
    assert isinstance(await heard(world), Edited)


async def test_what_meta_does_not_show_is_a_sign_of_life(world: World) -> None:
    await world.done("POST", f"users/{USER}/messages", {"unsupported": True})
    assert isinstance(await heard(world), SignOfLife)


async def test_a_link_into_the_thread_opens_the_messaging_window(world: World) -> None:
    await world.user_says("hi")
    await world.done("POST", "clock", {"advance_seconds": 90_000})
    await world.done("POST", f"users/{USER}/acts", {"referral": {"ref": "poster"}})
    assert (await world.sends(BOT))[0] == 200
