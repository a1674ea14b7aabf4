from __future__ import annotations

from typing import Any

import pytest

from emulator import RoutingMode, Switches
from tests.contract.emulator_world import AGENT, BOT, INBOX, PAGE, USER, World, emulated

NOBODY_OWNS: dict[str, list[object]] = {"data": []}


def error_of(answer: dict[str, dict[str, object]]) -> tuple[object, object]:
    """Code and subcode."""
    error = answer["error"]
    return error["code"], error.get("error_subcode")


async def takes(world: World, app_id: str) -> tuple[int, dict[str, dict[str, Any]]]:
    return await world.graph(app_id, "me/take_thread_control", {"recipient": {"id": USER}})


async def releases(world: World, app_id: str) -> tuple[int, dict[str, dict[str, Any]]]:
    return await world.graph(app_id, "me/release_thread_control", {"recipient": {"id": USER}})


async def requests(world: World, app_id: str) -> tuple[int, dict[str, dict[str, Any]]]:
    body = {"recipient": {"id": USER}, "metadata": "please"}
    return await world.graph(app_id, "me/request_thread_control", body)


async def test_the_default_app_owns_a_thread_once_the_user_writes() -> None:
    async with emulated() as world:
        assert await world.owner() is None
        await world.user_says("hi")
        assert await world.owner() == BOT


async def test_a_pass_moves_control_and_tells_the_new_owner_alone() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.passes(BOT, AGENT, metadata='{"why":"help"}')
        assert (status, answer) == (200, {"success": True})
        assert await world.owner() == AGENT
        passed = (await world.heard_by(AGENT))[-1]
        assert passed.array == "messaging"
        assert passed.event["sender"] == {"id": USER}
        assert passed.event["recipient"] == {"id": PAGE}
        assert passed.event["pass_thread_control"] == {
            "new_owner_app_id": AGENT,
            "previous_owner_app_id": BOT,
            "metadata": '{"why":"help"}',
        }
        assert ("messaging", "pass_thread_control") not in await world.names_heard_by(BOT)


async def test_a_pass_without_target_goes_to_the_default_app() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        await world.graph(AGENT, "me/pass_thread_control", {"recipient": {"id": USER}})
        assert await world.owner() == BOT


async def test_an_app_may_not_pass_a_thread_that_another_app_owns() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.passes(AGENT, AGENT)
        assert (status, error_of(answer)) == (400, (100, None))
        assert "calling app is not the thread owner" in answer["error"]["message"]
        assert await world.owner() == BOT


async def test_an_owner_may_not_pass_to_itself() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.passes(BOT, BOT)
        assert (status, error_of(answer)) == (400, (100, None))


async def test_any_app_may_pass_an_idle_thread() -> None:
    async with emulated() as world:
        status, _ = await world.passes(AGENT, AGENT)
        assert status == 200
        passed = (await world.heard_by(AGENT))[-1].event["pass_thread_control"]
        assert passed == {"new_owner_app_id": AGENT, "previous_owner_app_id": None}


@pytest.mark.parametrize("target", ["1", "not-an-id", "900100100100101"])
async def test_a_pass_to_an_app_that_is_not_connected_is_refused(target: str) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.passes(BOT, target)
        assert (status, error_of(answer)) == (400, (100, 2018164))
        assert await world.owner() == BOT


async def test_pass_metadata_over_1000_characters_is_refused_unless_switched_off() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.passes(BOT, AGENT, metadata="x" * 1001)
        assert (status, error_of(answer)) == (400, (100, None))
        await world.done("PUT", "switches", {"limit_pass_metadata": False})
        status, _ = await world.passes(BOT, AGENT, metadata="x" * 1001)
        assert status == 200


async def test_a_take_tells_the_app_that_lost_control() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        assert (await takes(world, BOT))[0] == 200
        assert await world.owner() == BOT
        taken = (await world.heard_by(AGENT))[-1].event["take_thread_control"]
        assert taken == {"new_owner_app_id": BOT, "previous_owner_app_id": AGENT}
        assert ("messaging", "take_thread_control") not in await world.names_heard_by(BOT)


async def test_a_take_from_idle_tells_nobody() -> None:
    async with emulated() as world:
        assert (await takes(world, AGENT))[0] == 200
        assert await world.owner() == AGENT
        assert await world.heard_by(BOT) == []
        assert await world.heard_by(AGENT) == []


async def test_the_owner_may_not_take() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await takes(world, BOT)
        assert (status, error_of(answer)) == (400, (100, None))


async def test_a_take_needs_the_pages_toggle() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{BOT}", {"take_control": False})
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        status, answer = await takes(world, BOT)
        assert (status, error_of(answer)) == (400, (10, None))
        assert await world.owner() == AGENT


async def test_a_take_while_routing_is_off_is_error_27() -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        status, answer = await takes(world, BOT)
        assert (status, error_of(answer)) == (400, (27, None))


async def test_a_release_makes_the_thread_idle_and_tells_nobody() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        assert (await releases(world, AGENT))[0] == 200
        assert await world.owner() is None
        assert await world.names_heard_by(BOT) == [("messaging", "message")]
        await world.user_says("anyone?")
        assert await world.owner() == BOT
        assert (await world.names_heard_by(BOT))[-1] == ("messaging", "message")


async def test_only_the_owner_may_release() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await releases(world, AGENT)
        assert (status, error_of(answer)) == (400, (100, None))
        assert "Only the current thread owner can release" in answer["error"]["message"]


async def test_a_request_is_refused_while_routing_is_on() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await requests(world, AGENT)
        assert (status, error_of(answer)) == (400, (100, None))


async def test_a_request_asks_the_owner_and_moves_nothing() -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        await world.passes(AGENT, AGENT)
        assert (await requests(world, BOT))[0] == 200
        assert await world.owner() == AGENT
        asked = (await world.heard_by(AGENT))[-1].event["request_thread_control"]
        assert asked == {"requested_owner_app_id": int(BOT), "metadata": "please"}


async def test_a_request_for_an_idle_thread_is_granted_at_once() -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        assert (await requests(world, BOT))[0] == 200
        assert await world.owner() == BOT
        granted = (await world.heard_by(BOT))[-1].event["pass_thread_control"]
        assert granted["new_owner_app_id"] == BOT


async def test_control_expires_24_hours_after_the_users_last_message_and_tells_nobody() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        await world.done("POST", "clock", {"advance_seconds": 23 * 3600})
        await world.user_says("still there")
        await world.done("POST", "clock", {"advance_seconds": 23 * 3600})
        assert await world.owner() == AGENT
        await world.done("POST", "clock", {"advance_seconds": 3601})
        assert await world.owner() is None
        log = await world.done("GET", "log?kind=owner")
        assert log["entries"][-1]["how"] == "expiry"
        assert all(name == "message" for _, name in await world.names_heard_by(BOT))


async def test_an_extension_outlives_24_hours_and_is_not_cut_short_by_a_message() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        body = {"recipient": {"id": USER}, "duration": 3 * 86_400}
        assert (await world.graph(BOT, "me/extend_thread_control", body))[0] == 200
        await world.user_says("more")
        await world.done("POST", "clock", {"advance_seconds": 2 * 86_400})
        assert await world.owner() == BOT
        await world.done("POST", "clock", {"advance_seconds": 86_401})
        assert await world.owner() is None


@pytest.mark.parametrize("duration", [0, -1, 604_801, "soon", None])
async def test_an_extension_is_refused_outside_1_second_to_7_days(duration: object) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        body = {"recipient": {"id": USER}, "duration": duration}
        status, answer = await world.graph(BOT, "me/extend_thread_control", body)
        assert (status, error_of(answer)) == (400, (100, None))


async def test_thread_owner_is_empty_for_an_idle_thread() -> None:
    async with emulated() as world:
        answer = await world.graph(BOT, "me/thread_owner", method="GET", recipient=USER)
        assert answer == (200, NOBODY_OWNS)


async def test_thread_owner_names_the_owner_to_itself_and_to_the_default_app_only() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        _, to_bystander = await world.graph(AGENT, "me/thread_owner", method="GET", recipient=USER)
        await world.passes(BOT, AGENT)
        _, to_owner = await world.graph(AGENT, "me/thread_owner", method="GET", recipient=USER)
        _, to_default = await world.graph(BOT, "me/thread_owner", method="GET", recipient=USER)
        assert to_owner["data"][0]["thread_owner"]["app_id"] == AGENT
        assert to_default["data"][0]["thread_owner"]["app_id"] == AGENT
        assert set(to_bystander["data"][0]["thread_owner"]) == {"expiration"}


async def test_a_send_can_pass_control_with_it() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        control = {"control_type": "pass", "app_id": AGENT}
        assert (await world.sends(BOT, thread_control=control))[0] == 200
        assert await world.owner() == AGENT
        names = await world.names_heard_by(AGENT)
        assert names[-2:] == [("messaging", "pass_thread_control"), ("messaging", "echo")]
        assert (await world.names_heard_by(BOT))[-1] == ("standby", "echo")


@pytest.mark.parametrize("control", [{"control_type": "release"}, {}])
async def test_a_send_can_release_control_with_it(control: dict[str, str]) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        assert (await world.sends(BOT, thread_control=control))[0] == 200
        assert await world.owner() is None


async def test_an_inline_release_goes_to_the_default_app_where_switched() -> None:
    async with emulated(switches=Switches(inline_release_to="default_app")) as world:
        await world.user_says("hi")
        await world.passes(BOT, AGENT)
        assert (await world.sends(AGENT, thread_control={"control_type": "release"}))[0] == 200
        assert await world.owner() == BOT
        assert ("messaging", "pass_thread_control") not in await world.names_heard_by(BOT)


@pytest.mark.parametrize("target", ["1", BOT])
async def test_a_send_whose_inline_pass_is_refused_sends_nothing(target: str) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        control = {"control_type": "pass", "app_id": target}
        assert (await world.sends(BOT, thread_control=control))[0] == 400
        assert len((await world.done("GET", f"threads/{USER}"))["messages"]) == 1


async def test_inline_thread_control_needs_routing() -> None:
    async with emulated(routing=RoutingMode.OFF) as world:
        await world.user_says("hi")
        status, answer = await world.sends(BOT, thread_control={"control_type": "release"})
        assert (status, error_of(answer)) == (400, (100, None))


@pytest.mark.parametrize(
    ("reading", "shown"),
    [("null", {"previous_owner_app_id": None}), ("string", {"previous_owner_app_id": "null"})],
)
async def test_nobody_is_written_as_the_switch_says(reading: str, shown: dict[str, str]) -> None:
    async with emulated() as world:
        await world.done("PUT", "switches", {"null_owner": reading})
        await world.passes(BOT, AGENT)
        passed = (await world.heard_by(AGENT))[-1].event["pass_thread_control"]
        assert passed == {"new_owner_app_id": AGENT, **shown}


async def test_bystanders_hear_of_a_pass_where_switched() -> None:
    async with emulated(switches=Switches(handover_events_to="all")) as world:
        await world.user_says("hi")
        await world.passes(BOT, INBOX)
        for app_id in (BOT, AGENT):
            assert (await world.names_heard_by(app_id))[-1] == ("messaging", "pass_thread_control")


async def test_an_inbox_that_has_the_thread_takes_it_once_however_often_it_replies() -> None:
    async with emulated(switches=Switches(handover_events_to="all")) as world:
        await world.user_says("hi")
        for text in ("I am Olga", "How can I help?"):
            await world.done("POST", f"inbox/{USER}/messages", {"text": text})
        heard = [name for _, name in await world.names_heard_by(BOT)]
        assert heard.count("take_thread_control") == 1


async def test_an_app_without_the_handover_field_hears_of_no_pass() -> None:
    async with emulated() as world:
        await world.done("PUT", f"apps/{AGENT}", {"subscribed_fields": ["messages", "standby"]})
        await world.passes(BOT, AGENT)
        assert await world.heard_by(AGENT) == []
