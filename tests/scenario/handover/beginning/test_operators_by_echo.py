"""Routing is off, and an agent's desk writes without having asked for the thread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.core.events import Array, Echo, Platform, Thread
from channels.core.meta.broadcasts import MANY
from channels.core.meta.ownership import Routing
from channels.core.plans import INBOX_APP_IDS
from channels.core.sessions.session import State
from tests.scenario.world import ANNA, INBOX, PAGE, PLAN, SECOND, World

DESK = "901"


async def started(**settings: Any) -> World:
    world = World(plans={"default": {**PLAN, "owner-probe": "10s"}}, **settings)
    if settings.get("routing") == "off":
        world.graph.routing_now = Routing.OFF
    await world.start()
    return world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await started(routing="off")
    yield world
    await world.kill()


def words(world: World, text: str = "This is Kim", thread: Thread = ANNA, **fields: Any) -> Echo:
    common = {"app_id": DESK, "array": Array.MESSAGING}
    return world.echo(text, thread, **{**common, **fields})


async def test_the_bot_is_silent_while_the_desk_writes(world: World) -> None:
    await world.user_says("hello")
    await world.deliver(words(world))
    await world.user_says("my order is late")

    session = await world.session()
    assert (session.owner_app, session.operator_messages, session.user_messages) == (DESK, 1, 1)
    assert world.said() == ["re: hello"]


async def test_rasa_does_not_hear_of_it_where_the_domain_has_no_intent_for_it(
    world: World,
) -> None:
    world.script.intents -= {"handover_started"}
    await world.deliver(words(world))

    assert world.heard() == []


async def test_that_nobody_owns_the_thread_is_not_the_end_of_it(world: World) -> None:
    await world.deliver(words(world))
    for _ in range(9):
        await world.wait(10 * SECOND)
    assert (await world.session()).state is State.ACTIVE
    assert world.calls("owner") == 1


async def test_a_keyword_ends_it(world: World) -> None:
    await world.deliver(words(world))
    await world.user_says("menu")
    assert world.ends() == ["keyword"]
    assert world.said() == ["re: keyword"]


async def test_words_from_before_the_end_that_come_late_begin_nothing(world: World) -> None:
    await world.deliver(words(world))
    late = words(world, "Anything else?")
    await world.user_says("menu")
    await world.deliver(late)
    assert await world.store.open_session(ANNA) is None


@pytest.mark.parametrize(
    "fields",
    [{"by_ai": True}, {"app_id": INBOX}, {"app_id": INBOX_APP_IDS[Platform.INSTAGRAM]}],
    ids=["Meta's AI", "an automatic answer", "one on Instagram"],
)
async def test_what_no_person_has_written_begins_nothing(
    world: World, fields: dict[str, Any]
) -> None:
    await world.deliver(words(world, **fields))
    assert await world.store.open_session(ANNA) is None


async def test_a_newsletter_begins_nothing_and_asks_for_no_owner(world: World) -> None:
    readers = [Thread(page=PAGE, user=str(5000 + number)) for number in range(3 * MANY)]
    await world.deliver(*(words(world, "Our sale begins", reader) for reader in readers))
    assert await world.store.count_open() == 0
    assert world.calls("owner") == 0

    await world.wait(timedelta(minutes=2))
    await world.deliver(words(world))
    assert (await world.session()).operator_messages == 1


async def begins(world: World, count: int) -> list[Thread]:
    """A newsletter goes to so many people, one after the other."""
    readers = [Thread(page=PAGE, user=str(6000 + number)) for number in range(count)]
    for reader in readers:
        await world.wait(SECOND)
        await world.deliver(words(world, "Our sale begins", reader))
    return readers


async def test_its_first_readers_are_answered_once_it_is_known_as_one(world: World) -> None:
    readers = await begins(world, MANY + 2)
    await world.wait(timedelta(minutes=3))  # and is remembered
    for reader in readers:
        await world.user_says("hello", reader)
        assert world.said(reader) == ["re: hello"]
    assert world.calls("take_control") == 0
    assert await world.store.count_open() == 0


async def test_whoever_writes_on_to_one_of_them_is_no_newsletter(world: World) -> None:
    [first, *_] = await begins(world, MANY + 2)
    await world.wait(timedelta(minutes=2))
    await world.deliver(words(world, "Can I help you?", first))
    await world.user_says("yes, please", first)
    assert world.said(first) == []
    assert (await world.session(first)).operator_messages == 2


async def test_a_desk_that_writes_to_few_is_no_newsletter(world: World) -> None:
    [first, *_] = await begins(world, MANY - 1)
    await world.user_says("hello", first)
    assert world.said(first) == []


async def test_whom_a_busy_desk_begins_to_write_to_is_with_people(world: World) -> None:
    users = [Thread(page=PAGE, user=str(6000 + number)) for number in range(MANY)]
    for user in users:
        await world.wait(10 * SECOND)
        await world.deliver(words(world, thread=user))
        await world.user_says("my order is late", user)
    for user in users:
        await world.deliver(words(world, "I look it up", user))
    await world.deliver(words(world))
    await world.user_says("hello")
    assert world.said() == []


@pytest.mark.parametrize(
    "settings", [{"routing": "on"}, {"routing": "off", "operators_by_echo": False}]
)
async def test_with_routing_on_or_the_setting_off_an_owner_is_needed(
    settings: dict[str, Any],
) -> None:
    world = await started(**settings)
    await world.deliver(words(world))
    assert await world.store.open_session(ANNA) is None
    await world.kill()
