from __future__ import annotations

from typing import Any

import pytest

from emulator import INSTAGRAM_INBOX, RoutingMode, Switches
from tests.contract.emulator_world import (
    AGENT,
    BOT,
    INBOX,
    INSTAGRAM,
    INSTAGRAM_USER,
    PAGE,
    USER,
    Heard,
    Json,
    World,
    emulated,
)

LEGACY = RoutingMode.LEGACY
NOT_OWNER = (10, 2018300)
DENIED = (10, None)
INVALID = (100, None)
PRIMARY, SECONDARY = ["primary_receiver"], ["secondary_receiver"]


def error_of(answer: Json) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


async def roles_told_to(world: World, app_id: str) -> list[Heard]:
    """The `app_roles` events that the app has been sent, in order."""
    await world.heard_by(app_id)
    return [one for one in world.receivers[app_id].heard() if one.name == "app_roles"]


async def lists_receivers(world: World, app_id: str, **query: Any) -> tuple[int, Json]:
    return await world.graph(app_id, "me/secondary_receivers", method="GET", **query)


async def asks_owner(world: World, app_id: str) -> tuple[int, Json]:
    return await world.graph(app_id, "me/thread_owner", method="GET", recipient=USER)


async def agent_owns(world: World) -> None:
    """The user has written, and the primary receiver has passed the thread to the agent's app."""
    await world.user_says("hi")
    assert (await world.passes(BOT, AGENT))[0] == 200


@pytest.mark.parametrize(("app_id", "role"), [(BOT, PRIMARY), (AGENT, SECONDARY)])
async def test_every_app_is_told_its_role_by_each_account_without_a_sender(
    app_id: str, role: list[str]
) -> None:
    async with emulated() as world:
        await world.done("PUT", "routing", {"mode": "legacy"})
        told = await roles_told_to(world, app_id)
        assert [one.event["recipient"] for one in told] == [{"id": PAGE}, {"id": INSTAGRAM}]
        for one in told:
            assert one.array == "messaging"
            assert set(one.event) == {"recipient", "timestamp", "app_roles"}
            assert one.event["app_roles"] == {app_id: role}
        objects = [body["object"] for body in world.receivers[app_id].bodies()]
        assert objects[:2] == ["page", "instagram"]


async def test_roles_of_one_platform_are_told_by_its_account_alone() -> None:
    async with emulated() as world:
        await world.done("PUT", "routing", {"mode": "legacy", "platform": "instagram"})
        (told,) = await roles_told_to(world, BOT)
        assert told.event["recipient"] == {"id": INSTAGRAM}


async def test_another_primary_receiver_is_told_to_every_app() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.done("PUT", "default_app", {"app_id": AGENT})
        to_bot, to_agent = await roles_told_to(world, BOT), await roles_told_to(world, AGENT)
        assert to_bot[0].event["app_roles"] == {BOT: SECONDARY}
        assert to_agent[0].event["app_roles"] == {AGENT: PRIMARY}


async def test_an_idle_threads_message_goes_to_the_primary_receiver() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.user_says("hi")
        assert await world.owner() == BOT
        assert (await world.names_heard_by(BOT))[-1] == ("messaging", "message")
        assert (await world.names_heard_by(AGENT))[-1] == ("standby", "message")


async def test_an_owned_thread_is_its_owners_alone_to_send_to() -> None:
    async with emulated(routing=LEGACY) as world:
        await agent_owns(world)
        status, answer = await world.sends(BOT)
        assert (status, error_of(answer)) == (400, NOT_OWNER)
        assert (await world.sends(AGENT))[0] == 200


async def test_the_primary_receiver_takes_at_any_time_without_the_toggle() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.done("PUT", f"apps/{BOT}", {"take_control": False})
        await agent_owns(world)
        assert (await world.moves(BOT, "take"))[0] == 200
        assert await world.owner() == BOT
        taken = (await world.heard_by(AGENT))[-1].event["take_thread_control"]
        assert taken == {"new_owner_app_id": BOT, "previous_owner_app_id": AGENT}


async def test_a_secondary_receiver_takes_an_idle_thread_only() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.user_says("hi")
        status, answer = await world.moves(AGENT, "take")
        assert (status, error_of(answer)) == (400, DENIED)
        await world.moves(BOT, "release")
        assert (await world.moves(AGENT, "take"))[0] == 200
        assert await world.owner() == AGENT


async def test_the_inbox_is_a_secondary_receiver_like_another() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.user_says("hi")
        status, answer = await world.control("POST", f"inbox/{USER}/take")
        assert (status, error_of(answer)) == (400, DENIED)
        await world.done("POST", f"inbox/{USER}/request")
        asked = (await world.heard_by(BOT))[-1].event["request_thread_control"]
        assert asked == {"requested_owner_app_id": int(INBOX)}
        await world.passes(BOT, INBOX)
        await world.done("POST", f"inbox/{USER}/pass")
        assert await world.owner() == BOT


async def test_a_request_goes_to_the_primary_receiver_even_if_another_app_owns() -> None:
    async with emulated(routing=LEGACY) as world:
        await agent_owns(world)
        await world.done("POST", f"inbox/{USER}/request", {"metadata": "please"})
        asked = (await world.heard_by(BOT))[-1]
        assert (asked.array, asked.event["request_thread_control"]) == (
            "messaging",
            {"requested_owner_app_id": int(INBOX), "metadata": "please"},
        )
        assert ("messaging", "request_thread_control") not in await world.names_heard_by(AGENT)
        assert await world.owner() == AGENT


async def test_the_primary_receiver_has_nobody_to_request_control_from() -> None:
    async with emulated(routing=LEGACY) as world:
        await agent_owns(world)
        status, answer = await world.moves(BOT, "request")
        assert (status, error_of(answer)) == (400, INVALID)


async def test_the_primary_receiver_may_pass_what_another_app_owns() -> None:
    async with emulated(routing=LEGACY) as world:
        await agent_owns(world)
        assert (await world.passes(BOT, INBOX))[0] == 200
        assert await world.owner() == INBOX


async def test_a_secondary_receiver_may_pass_only_what_it_owns() -> None:
    async with emulated(routing=LEGACY) as world:
        status, answer = await world.passes(AGENT, INBOX)
        assert (status, error_of(answer)) == (400, INVALID)
        await agent_owns(world)
        assert (await world.passes(AGENT, INBOX))[0] == 200


async def test_only_a_secondary_receivers_pass_may_have_no_target() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.user_says("hi")
        status, answer = await world.moves(BOT, "pass")
        assert (status, error_of(answer)) == (400, INVALID)
        await world.passes(BOT, AGENT)
        assert (await world.moves(AGENT, "pass"))[0] == 200
        assert await world.owner() == BOT


async def test_the_primary_receiver_alone_may_ask_who_owns_a_thread() -> None:
    async with emulated(routing=LEGACY) as world:
        await agent_owns(world)
        _, told = await asks_owner(world, BOT)
        assert told["data"][0]["thread_owner"]["app_id"] == AGENT
        status, answer = await asks_owner(world, AGENT)
        assert (status, error_of(answer)) == (400, DENIED)


async def test_the_primary_receiver_alone_may_list_the_secondary_receivers() -> None:
    async with emulated(routing=LEGACY) as world:
        _, listed = await lists_receivers(world, BOT)
        assert listed["data"] == [
            {"id": AGENT, "name": "Demo Agent Desk"},
            {"id": INBOX, "name": "Page Inbox"},
        ]
        status, answer = await lists_receivers(world, AGENT)
        assert (status, error_of(answer)) == (400, (10, 2018234))


async def test_the_secondary_receivers_of_instagram_are_listed_by_its_roles() -> None:
    async with emulated() as world:
        await world.done("PUT", "routing", {"mode": "legacy", "platform": "instagram"})
        _, listed = await lists_receivers(world, BOT, platform="INSTAGRAM")
        assert [one["id"] for one in listed["data"]] == [AGENT, INSTAGRAM_INBOX]
        assert (await lists_receivers(world, BOT))[0] == 400


@pytest.mark.parametrize("mode", [RoutingMode.ON, RoutingMode.OFF])
async def test_without_roles_there_is_no_list_of_receivers(mode: RoutingMode) -> None:
    async with emulated(routing=mode) as world:
        status, answer = await lists_receivers(world, BOT)
        assert (status, error_of(answer)) == (400, INVALID)
        assert "nonexisting field (secondary_receivers)" in answer["error"]["message"]


async def test_without_roles_the_list_is_refused_where_switched() -> None:
    async with emulated(switches=Switches(secondary_receivers="refused")) as world:
        status, answer = await lists_receivers(world, BOT)
        assert (status, error_of(answer)) == (400, (10, 2018171))


async def test_owners_stay_when_legacy_mode_begins_and_ends() -> None:
    async with emulated() as world:
        await agent_owns(world)
        owners = []
        for mode in ("legacy", "off", "on"):
            await world.done("PUT", "routing", {"mode": mode})
            owners.append(await world.owner())
        assert owners == [AGENT, AGENT, AGENT]


async def test_routing_on_again_has_the_rules_of_routing_and_tells_no_roles() -> None:
    async with emulated(routing=LEGACY) as world:
        await world.done("PUT", f"apps/{BOT}", {"take_control": False})
        await agent_owns(world)
        await world.done("PUT", "routing", {"mode": "on"})
        status, answer = await world.moves(BOT, "take")
        assert (status, error_of(answer)) == (400, DENIED)
        assert (await asks_owner(world, AGENT))[0] == 200
        assert await roles_told_to(world, BOT) == []


async def test_roles_hold_on_instagram_as_they_do_on_messenger() -> None:
    async with emulated() as world:
        await world.done("PUT", "routing", {"mode": "legacy", "platform": "instagram"})
        await world.user_says("hi", INSTAGRAM_USER)
        await world.passes(BOT, INSTAGRAM_INBOX, INSTAGRAM_USER)
        _, refused = await world.moves(AGENT, "take", INSTAGRAM_USER)
        assert error_of(refused) == DENIED
        assert (await world.moves(BOT, "take", INSTAGRAM_USER))[0] == 200
        assert await world.owner(INSTAGRAM_USER) == BOT
