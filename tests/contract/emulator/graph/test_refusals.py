"""What the control API says that Meta would refuse, against what is refused when it is tried."""

from __future__ import annotations

import pytest

from tests.contract.emulator_world import AGENT, BOT, INBOX, World, emulated

MODES = ("on", "off", "legacy")
OWNERS = (None, BOT, AGENT, INBOX)
VERBS = ("write", "take", "request", "release", "pass")


async def by_graph(world: World, user: str, verb: str, app: str) -> tuple[int, object]:
    """What an app gets for it; it passes to one that is neither itself nor the bot."""
    if verb == "write":
        return await world.sends(app, user=user)
    if verb == "pass":
        return await world.passes(app, INBOX if app == AGENT else AGENT, user)
    return await world.moves(app, verb, user)


async def by_hand(world: World, user: str, verb: str) -> tuple[int, object]:
    """What an operator gets in the Inbox."""
    if verb == "write":
        return await world.control("POST", f"inbox/{user}/messages", {"text": "hello"})
    body = {"target_app_id": AGENT} if verb == "pass" else None
    return await world.control("POST", f"inbox/{user}/{verb}", body)


async def thread_owned_by(world: World, number: int, owner: str | None) -> str:
    """A new person who has written, and whose thread is now this one's."""
    user = str(7_200_000_000_000_000 + number)
    await world.done("POST", "users", {"id": user, "name": "Grace Hopper"})
    await world.user_says("hi", user)
    if owner == INBOX:
        await world.done("POST", f"inbox/{user}/take")
    elif owner == AGENT:
        await world.passes(BOT, AGENT, user)
    elif owner is None:
        await world.moves(BOT, "release", user)
    assert await world.owner(user) == owner
    return user


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("owner", OWNERS)
async def test_what_is_said_to_be_refused_is_refused_and_nothing_else(
    mode: str, owner: str | None
) -> None:
    async with emulated() as world:
        number = 0
        for app in (BOT, AGENT, INBOX):
            for verb in VERBS:
                await world.done("PUT", "routing", {"mode": "on"})
                user = await thread_owned_by(world, number := number + 1, owner)
                await world.done("PUT", "routing", {"mode": mode})
                thread = await world.done("GET", f"threads/{user}")
                status, answer = await (
                    by_hand(world, user, verb) if app == INBOX else by_graph(world, user, verb, app)
                )
                said = thread["refusals"][app][verb]
                assert (app, verb, said is None) == (app, verb, status == 200), answer
                assert said is None or said == answer["error"]["message"]  # type: ignore[index]


async def test_nobody_may_write_to_a_person_who_has_not_written() -> None:
    async with emulated() as world:
        user = "7200000000000000"
        await world.done("POST", "users", {"id": user, "name": "Grace Hopper"})
        refusals = (await world.done("GET", f"threads/{user}"))["refusals"]
        assert all("outside" in refusals[app]["write"] for app in (BOT, INBOX))


async def test_to_ask_changes_nothing() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        thread = await world.done("GET", "threads/7100000000000001")
        assert (await world.done("GET", "threads/7100000000000001")) == thread
        assert len((await world.done("GET", "log?kind=owner"))["entries"]) == 1
