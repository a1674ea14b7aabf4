"""What happens to a user who asks for a person and comes back, and how it has to turn out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from channels.core.errors import GraphRefused, GraphTimeout, StoreError
from channels.core.events import Event
from channels.core.sessions.session import EndReason
from channels.engine.delivery import ECHO_GRACE
from channels.store.protocol import CLAIM_LEASE
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.wire import Wire
from tests.scenario.world import ANNA, BOT, SECOND, TIMEOUT, Worker, World, first

_SECONDS = [SECOND] * 3
HALF_AN_HOUR = timedelta(minutes=30)
STARTED = "EXTERNAL: handover_started"


class HarshWorld(World):
    """A world in which the worker may die, and is then started again, or meet with failures.

    Meta delivers again what was not acknowledged. With `has_survivor` another worker is there, too.
    """

    has_survivor = False

    async def start(self, wire: Wire | None = None, *, ahead: timedelta = timedelta()) -> Worker:
        worker = await super().start(wire, ahead=ahead)
        if self.has_survivor and len(self.workers) == 1:
            await super().start()
        return worker

    async def settle(self) -> None:
        await super().settle()
        if self.workers and self.workers[0].wire.died.is_set():
            await self.replace_dead()

    async def replace_dead(self) -> None:
        """Meta also delivers the echoes again that nobody has acknowledged."""
        await self._bury_dead()
        if not self.workers:
            await self.start()
        for mark in self.graph.marks:
            await self.engine.intake.hear_echo(mark)
        await self.wait(CLAIM_LEASE + SECOND)
        for _ in range(4):  # what the dead may have sent waits for its echo, and control for that
            await self.wait(ECHO_GRACE)

    async def deliver(self, *events: Event) -> None:
        accepting = asyncio.create_task(self.engine.intake.accept(events))
        try:
            acknowledged = await first(accepting, self.workers[0].wire.died)
        except StoreError:
            acknowledged = False
        await self.settle()
        if not acknowledged:
            await self.deliver(*events)


@dataclass(frozen=True, kw_only=True)
class Story:
    """It begins with "hello" and "human"; `goes_on` is what happens then, until the end.

    `reasons` are those of its handovers, of which the follow-up of one asks for the next.
    """

    prepare: Callable[[World], object] = lambda _: None
    goes_on: Callable[[World], Awaitable[object]]
    reasons: tuple[EndReason, ...]
    starts: int = 0  # of which Rasa hears


async def writes_keyword(world: World) -> None:
    await world.operator_says("Good day")
    await world.user_says("menu")


async def waits(world: World) -> None:
    await world.operator_says("Good day")
    await world.wait(TIMEOUT)


async def is_handed_over_again(world: World) -> None:
    await writes_keyword(world)
    for _ in range(3):
        await world.wait(CLAIM_LEASE + SECOND)
    await world.agent_returns()


async def waits_for_the_opening(world: World) -> None:
    """A call that fails is made again within seconds, or a claim's time."""
    for moment in (*_SECONDS, HALF_AN_HOUR, CLAIM_LEASE + SECOND, *_SECONDS):
        await world.wait(moment)
    await writes_keyword(world)


def opens_at_half_past(when_closed: str) -> Callable[[World], None]:
    hours = {"hours": {"mon-sun": "12:30-24:00"}, "timezone": "UTC", "when-closed": when_closed}

    def prepare(world: World) -> None:
        world.section["plans"] = {"default": {**world.section["plans"]["default"], **hours}}

    return prepare


def let_follow_up_hand_over(world: World) -> None:
    world.script.answers["keyword"] = ["re: keyword", HANDOVER]


STORIES = {
    "keyword": Story(goes_on=writes_keyword, reasons=(EndReason.KEYWORD,)),
    "timeout": Story(goes_on=waits, reasons=(EndReason.TIMEOUT,)),
    "returned": Story(
        goes_on=lambda world: world.agent_returns(), reasons=(EndReason.AGENT_RETURNED,)
    ),
    "refused": Story(
        prepare=lambda world: world.graph.fail("pass_control", GraphRefused("No such app"), 9),
        goes_on=lambda world: world.wait(SECOND),
        reasons=(EndReason.FAILED,),
    ),
    "unanswered": Story(
        prepare=lambda world: world.graph.fail("pass_control", GraphTimeout("No answer"), 9),
        goes_on=lambda world: world.wait(SECOND),
        reasons=(EndReason.FAILED,),
    ),
    "followed": Story(
        prepare=let_follow_up_hand_over,
        goes_on=is_handed_over_again,
        reasons=(EndReason.KEYWORD, EndReason.AGENT_RETURNED),
    ),
    "waited": Story(
        prepare=opens_at_half_past("wait"),
        goes_on=waits_for_the_opening,
        reasons=(EndReason.KEYWORD,),
        starts=1,
    ),
    "closed": Story(
        prepare=opens_at_half_past("refuse"),
        goes_on=lambda world: world.wait(SECOND),
        reasons=(EndReason.CLOSED,),
    ),
}


async def play(world: World, story: Story, wire: Wire) -> None:
    """Play the story with a worker behind `wire`, and let time pass."""
    story.prepare(world)
    await world.start(wire)
    await world.user_says("hello")
    await world.user_says("human")
    await story.goes_on(world)
    for _ in range(3):
        await world.wait(TIMEOUT)


async def has_turned_out_well(world: World, story: Story) -> None:
    """Whatever was cut: nothing is lost, and nothing is said twice that need not be."""
    reasons = [reason.value for reason in story.reasons]
    heard = [text for text in world.heard() if text != STARTED]
    assert heard == ["hello", "human", *(f"<{reason}>" for reason in reasons)]
    assert world.heard().count(STARTED) == story.starts
    follow_ups = [f"re: {reason}" for reason in reasons]
    assert list(dict.fromkeys(world.said())) == ["re: hello", "connecting", *follow_ups]
    assert world.calls("send") == len(world.graph.sent), "the bot wrote where it was not the owner"
    assert world.graph.threads.get(ANNA) in (BOT, None)

    first = await world.session_of("human")
    ended = await world.store.ended_sessions(since=first.opened_at, limit=9)
    assert [session.reason for session in reversed(ended)] == list(story.reasons)
    assert await world.store.open_sessions(limit=9) == []
    await world.kill()
    store = world.make_store("successor")
    await store.open()
    assert await store.claim_inbox(world.clock.now() + TIMEOUT, limit=99) == []
    await store.close()
