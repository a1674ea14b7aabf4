"""What ends the process again and again: it is set aside, and nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from channels.core.errors import (
    GraphThrottled,
    GraphUnavailable,
    RasaUnavailable,
    StoreUnavailable,
)
from channels.core.events import Thread
from channels.core.sessions.session import Session
from channels.dialogue.dialogue import READY_INTERVAL
from channels.engine import engine
from channels.engine.delivery import ECHO_GRACE
from channels.handover.passing import Passing
from channels.handover.telling_attempts import MOST_TELLINGS
from channels.instruments.suspects import ALONE_FOR, MOST_DEATHS
from channels.store.protocol import CLAIM_LEASE
from tests.scenario.world import ANNA, INBOX, PAGE, SECOND, TIMEOUT, World

BERTA = Thread(page=PAGE, user="2002")
OTHERS = [Thread(page=PAGE, user=f"40{number}") for number in range(5)]


async def dies(world: World) -> None:
    """The process ends where it is, and the next one takes over what it has left."""
    await world.kill()
    await world.replace_dead()


async def test_an_event_that_ends_the_process_is_set_aside_after_three_deaths(
    world: World, errors: Callable[[], list[str]]
) -> None:
    world.script.answers["poison"] = [asyncio.Event()]  # in the midst of which the process ends
    await world.deliver(world.message("poison"), world.message("hello"))
    for _ in range(MOST_DEATHS):
        assert await world.store.dead(limit=9) == []
        await dies(world)

    [dead] = await world.store.dead(limit=9)
    assert (dead.kind, dead.error) == ("user_message", "ProcessDied")
    assert world.heard() == ["hello"]
    assert [line for line in errors() if "has ended the process 3 times" in line]


async def test_an_event_that_first_waits_in_each_process_that_it_ends_is_set_aside_too(
    world: World,
) -> None:
    tries = 0

    def waits_first(_: object) -> None:
        nonlocal tries
        tries += 1
        if tries % 2:
            raise RasaUnavailable("Rasa's lock store is away")

    world.script.answers["poison"] = [waits_first, asyncio.Event()]
    await world.deliver(world.message("poison"))
    for _ in range(MOST_DEATHS):
        await world.wait(10 * SECOND)
        assert await world.store.dead(limit=9) == []
        await dies(world)

    [dead] = await world.store.dead(limit=9)
    assert dead.error == "ProcessDied"
    assert tries == 2 * MOST_DEATHS


async def test_nothing_else_is_set_aside_for_it(world: World) -> None:
    world.script.answers["poison"] = [asyncio.Event()]
    world.script.answers["slow"] = [asyncio.Event()]
    await world.deliver(
        world.message("poison"), *[world.message("slow", other) for other in OTHERS]
    )
    for _ in range(MOST_DEATHS):
        await dies(world)

    # One by one, so the first of them has hidden the others.
    assert len(await world.store.dead(limit=9)) == 1


async def test_what_was_set_aside_by_deaths_is_taken_up_again_as_new(world: World) -> None:
    world.script.answers["poison"] = [asyncio.Event()]
    await world.deliver(world.message("poison"))
    for _ in range(MOST_DEATHS):
        await dies(world)
    world.script.answers["poison"] = ["harmless by now"]
    assert await world.engine.operations.retry_dead() == 1
    await world.wait(SECOND)

    assert world.said() == ["harmless by now"]


@pytest.mark.parametrize("is_stopped", [True, False])
async def test_what_waits_while_the_process_ends_for_other_reasons_is_not_set_aside(
    world: World, is_stopped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill that met it in a pause between two tries, or a stop, is no fault of its own."""
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    world.graph.threads[ANNA] = "777"
    world.graph.fail("owner", GraphThrottled("Slow down", retry_after=60 * SECOND), times=99)
    await world.deliver(world.echo("Good day"))
    for _ in range(2 * MOST_DEATHS):
        if is_stopped:
            await world.start()
            await world.workers.pop(0).engine.stop()
        else:
            await dies(world)

    assert await world.store.dead(limit=9) == []


async def test_what_waits_for_a_model_while_the_process_ends_is_not_set_aside(
    world: World,
) -> None:
    world.script.is_ready = False
    await world.deliver(world.message("hello"))
    for _ in range(2 * MOST_DEATHS):
        await dies(world)
    world.script.is_ready = True
    await world.wait(READY_INTERVAL)

    assert world.said() == ["re: hello"]


async def test_a_message_that_ends_the_process_is_set_aside_and_the_next_one_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = world.graph.send

    async def send(thread: Thread, message: dict[str, object], *, mark: str = "") -> str:
        if message["text"] == "poison":
            world.workers[0].wire.die()
            raise GraphUnavailable("Nobody hears of it")
        return await sending(thread, message, mark=mark)

    monkeypatch.setattr(world.graph, "send", send)
    world.script.answers["hello"] = ["poison", "and more"]
    await world.user_says("hello")
    for _ in range(2 * MOST_DEATHS):
        await world.replace_dead()
        await world.wait(ECHO_GRACE)

    [dead] = await world.store.dead(limit=9)
    assert (dead.kind, dead.error) == ("message", "ProcessDied")
    for _ in range(3):
        await world.wait(ECHO_GRACE)
    assert world.said() == ["and more"]


async def test_a_message_that_can_t_be_sent_for_an_error_of_ours_is_set_aside_and_the_next_is_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = world.graph.send

    async def send(thread: Thread, message: dict[str, object], *, mark: str = "") -> str:
        if message["text"] == "poison":
            raise ValueError("Nobody has thought of that")
        return await sending(thread, message, mark=mark)

    monkeypatch.setattr(world.graph, "send", send)
    world.script.answers["hello"] = ["poison", "and more"]
    await world.user_says("hello")
    [dead] = await world.store.dead(limit=9)
    assert (dead.kind, dead.error) == ("message", "ValueError")
    assert world.said() == ["and more"]
    assert not await world.store.waits_outgoing(ANNA)


async def test_a_handover_whose_end_is_told_meanwhile_is_told_of(world: World) -> None:
    """It was under way each time that the process has ended, and is not what has ended it."""
    goes_on = asyncio.Event()
    world.script.answers["timeout"] = [goes_on, "welcome back"]
    world.script.answers["poison"] = [lambda _: world.workers[0].wire.die(), asyncio.Event()]
    await world.hand_over(BERTA)
    await world.wait(TIMEOUT)
    await world.deliver(world.message("poison"))
    for _ in range(3 * MOST_DEATHS):
        goes_on.clear()
        await world.replace_dead()
        goes_on.set()
        await world.wait(ALONE_FOR)

    assert len(await world.store.dead(limit=9)) == 1
    assert world.ends(BERTA) == ["timeout"]
    assert world.said(BERTA) == ["welcome back"]


def let_it_end_the_process(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str, *, at: Thread = ANNA
) -> list[Thread]:
    """Graph's call of that name ends the process in that thread; returns where it was made."""
    carrying_out = getattr(world.graph, call)
    made = []

    async def carry_out(thread: Thread, **arguments: object) -> object:
        made.append(thread)
        if thread == at:
            world.workers[0].wire.die()
            raise GraphUnavailable("Nobody hears of it")
        return await carrying_out(thread, **arguments)

    monkeypatch.setattr(world.graph, call, carry_out)
    return made


async def test_a_handover_whose_pass_ends_the_process_fails_after_three_deaths(
    world: World, monkeypatch: pytest.MonkeyPatch, errors: Callable[[], list[str]]
) -> None:
    passes = let_it_end_the_process(world, monkeypatch, "pass_control")
    await world.user_says("human")
    for _ in range(2 * MOST_DEATHS):
        await world.replace_dead()

    assert passes == [ANNA] * MOST_DEATHS
    assert world.ends() == ["failed"]
    assert [line for line in errors() if "has ended the process 3 times" in line]


async def test_a_thread_whose_take_ends_the_process_stays_with_the_agent_after_three_deaths(
    world: World, monkeypatch: pytest.MonkeyPatch, errors: Callable[[], list[str]]
) -> None:
    takes = let_it_end_the_process(world, monkeypatch, "take_control")
    await world.hand_over()
    await world.wait(TIMEOUT)
    for _ in range(2 * MOST_DEATHS):
        await world.replace_dead()

    assert takes == [ANNA] * MOST_DEATHS
    assert world.graph.threads[ANNA] == INBOX
    assert [line for line in errors() if "has ended the process 3 times" in line]
    await world.agent_returns()
    assert world.ends() == ["agent_returned"]


async def test_handovers_that_are_under_way_whenever_such_a_one_ends_the_process_are_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_it_end_the_process(world, monkeypatch, "pass_control")
    others_go_on = asyncio.Event()

    async def context(_: Passing, session: Session, __: list[str]) -> str:
        if session.thread in OTHERS:
            await others_go_on.wait()
        return ""

    monkeypatch.setattr(Passing, "_context", context)
    await world.deliver(*[world.message("human", thread) for thread in (*OTHERS, ANNA)])
    for _ in range(MOST_DEATHS - 1):
        await world.replace_dead()
    others_go_on.set()
    for _ in range(MOST_DEATHS):
        await world.replace_dead()

    assert {world.graph.threads[thread] for thread in OTHERS} == {INBOX}
    assert world.ends() == ["failed"]


async def test_a_thread_that_can_t_be_taken_for_now_while_the_process_ends_is_taken_later(
    world: World,
) -> None:
    await world.hand_over()
    world.graph.fail("take_control", GraphUnavailable("Away"), times=2 * MOST_DEATHS)
    await world.wait(TIMEOUT)
    for _ in range(2 * MOST_DEATHS):
        await dies(world)
    await world.wait(TIMEOUT)

    assert world.ends() == ["timeout"]


async def test_a_pass_that_is_under_way_at_each_of_many_stops_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    at_rest = asyncio.Event()

    async def context(*_: object) -> str:
        await at_rest.wait()
        return ""

    monkeypatch.setattr(Passing, "_context", context)
    await world.user_says("human")
    for _ in range(2 * MOST_DEATHS):
        await world.start()
        await world.workers.pop(0).engine.stop()
        await world.wait(SECOND)
    at_rest.set()
    await world.settle()

    assert world.ends() == []
    assert world.graph.threads[ANNA] == INBOX


async def test_an_end_that_rasa_hears_of_at_each_of_many_stops_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STOP_GRACE", timedelta(milliseconds=1))
    at_rest = asyncio.Event()
    world.script.answers["keyword"] = [at_rest, "welcome back"]
    await world.hand_over()
    await world.user_says("menu")
    for _ in range(2 * MOST_TELLINGS):
        await world.workers.pop(0).engine.stop()
        await world.start()
        await world.wait(SECOND)
    at_rest.set()
    await world.settle()

    assert world.ends() == ["keyword"]
    assert world.said() == ["welcome back"]


async def test_a_worker_that_begins_a_pass_anew_has_not_died_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two have died in the midst of it, and for the third one the store comes and goes."""
    begun = 0

    async def context(*_: object) -> str:
        nonlocal begun
        begun += 1
        if begun < MOST_DEATHS:
            await asyncio.Event().wait()
        if begun < 2 * MOST_DEATHS:
            raise StoreUnavailable("No store")
        return ""

    monkeypatch.setattr(Passing, "_context", context)
    await world.user_says("human")
    for _ in range(MOST_DEATHS - 1):
        await dies(world)
    for _ in range(MOST_DEATHS):
        await world.wait(CLAIM_LEASE + SECOND)

    assert begun == 2 * MOST_DEATHS
    assert world.graph.threads[ANNA] == INBOX
