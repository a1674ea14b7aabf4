"""Where a worker can die, stand still or meet with a failure as a story is played.

The story is played once, and nothing goes wrong; what is outside of the worker is looked at before
and after each of its calls. It is the same place twice if nothing can come of the difference.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import pytest

from channels.core.events import Event
from tests.fakes.store import MemoryStore
from tests.scenario.engine.failures.stories import STORIES, HarshWorld, play
from tests.scenario.wire import Wire

_AS_TIME_PASSES = {
    *("backlog", "check", "correct_dates", "count_open", "find_open", "prune", "renew_claims"),
    *("report", "time", "unsubscribed", "waits"),
}
# To how a story turns out it is the same whether these have been carried out.
_OF_NO_CONSEQUENCE = {"sender_action", *_AS_TIME_PASSES}
# By these the worker knows what is its own, what time it is and who else is there.
_REMEMBERED = {"correct_dates", "renew_claims", "report", "time"}
_ENCODER = msgspec.msgpack.Encoder(enc_hook=repr)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Before or after the worker's call of that number; `earlier` ones had the same name.

    `is_early` as long as nothing but "hello" has come, with which every story begins.
    """

    number: int
    name: str
    earlier: int
    after: bool
    is_early: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.number} {self.name}"

    def wire(self, *, survives: bool = False, stands_still: bool = False) -> Wire:
        """What cuts the call of that name there: a real store may answer in another order."""
        return Wire(
            breaks_at=self.name,
            earlier=self.earlier,
            after=self.after,
            survives=survives,
            stands_still=stands_still,
        )


@dataclass(frozen=True, kw_only=True)
class _Call:
    """A worker's call, and all that was outside of the worker before and after it.

    `stored` is what the store had afterwards.
    """

    number: int
    name: str
    earlier: int
    is_early: bool
    before: bytes
    after: bytes
    stored: bytes

    def place(self, *, after: bool) -> Place:
        return Place(
            number=self.number,
            name=self.name,
            earlier=self.earlier,
            after=after,
            is_early=self.is_early,
        )


def each_in(stories: Iterable[str], places_of: Callable[[str], Iterable[Place]]) -> list[Any]:
    """Story and place, as parameters of a test.

    What goes wrong before the stories part is seen to in the first one: the others have that, and
    go on in their own way, in `make deep`.
    """
    first, *_ = stories = list(stories)
    return [
        pytest.param(
            story,
            place,
            id=f"{story}, {place}",
            marks=[pytest.mark.deep] if place.is_early and story != first else [],
        )
        for story in stories
        for place in places_of(story)
    ]


def deaths_of(story: str, *, has_survivor: bool = False, transcript: bool = False) -> list[Place]:
    """A worker that dies has nothing left but what is outside of it: one place for each of that."""
    known: set[bytes] = set()
    found = []
    calls = _calls_of(story, has_survivor=has_survivor, transcript=transcript)
    for call in _of_consequence(calls):
        for after, outside in ((False, call.before), (True, call.after)):
            if outside not in known:
                known.add(outside)
                found.append(call.place(after=after))
    return found


def commits_of(story: str) -> Iterator[Place]:
    """What is other in a file is what has been stored: one place for each of that.

    The worker knows that it is alone there, and makes other calls.
    """
    known: set[bytes] = set()
    calls = _calls_of(story, has_survivor=False, transcript=False, is_alone=True)
    for call in _of_consequence(calls):
        if call.stored not in known:
            known.add(call.stored)
            yield call.place(after=True)


def standstills_of(story: str, *, has_survivor: bool) -> Iterator[Place]:
    """Who goes on knows what it had read: each call counts, and what happens between two."""
    outside = b""
    calls = _calls_of(story, has_survivor=has_survivor, transcript=False)
    for call in _of_consequence(calls, also=_REMEMBERED):
        if call.before != outside:
            yield call.place(after=False)
        yield call.place(after=True)
        outside = call.after


def failures_of(story: str) -> Iterator[Place]:
    """Whether a call that changes nothing has been carried out makes no difference if it fails.

    Of the calls that come as time passes, one of each name is enough until something changes. The
    worker has started.
    """
    calls = _calls_of(story, has_survivor=False, transcript=False)
    begins = [call.name for call in calls].index("claim_due")
    known: set[str] = set()
    for call in calls[begins:]:
        if call.name not in known:
            yield call.place(after=False)
            if call.after != call.before:
                yield call.place(after=True)
        if call.name in _AS_TIME_PASSES:
            known.add(call.name)
        elif call.after != call.before:
            known.clear()


def _of_consequence(calls: list[_Call], *, also: Collection[str] = ()) -> Iterator[_Call]:
    without = _OF_NO_CONSEQUENCE.difference(also)
    return (call for call in calls if call.name not in without)


@cache
def _calls_of(
    story: str, *, has_survivor: bool, transcript: bool, is_alone: bool = False
) -> list[_Call]:
    async def record() -> list[_Call]:
        wire, world = Wire(), _WatchedWorld(is_alone=is_alone, transcript=transcript)
        world.has_survivor = has_survivor
        looks: defaultdict[int, list[bytes]] = defaultdict(list)
        stored: dict[int, bytes] = {}
        early: set[int] = set()

        def look(number: int) -> None:
            looks[number].append(world.outside())
            stored[number] = world.stored()
            if world.delivered <= 1:
                early.add(number)

        wire.watch = look
        await play(world, STORIES[story], wire)
        await world.kill()
        return [
            _Call(
                number=number,
                name=name,
                earlier=wire.calls[:number].count(name),
                is_early=number in early,
                before=looks[number][0],
                after=looks[number][-1],
                stored=stored[number],
            )
            for number, name in enumerate(wire.calls)
        ]

    return asyncio.run(record())


class _WatchedWorld(HarshWorld):
    """A world in memory in which nothing goes wrong."""

    def __init__(self, *, is_alone: bool, **settings: Any) -> None:
        self._observer = MemoryStore(worker="observer")

        def make_store(worker: str) -> MemoryStore:
            store = MemoryStore(worker=worker, shared=self._observer)
            store.is_alone = is_alone
            return store

        super().__init__(make_store, **settings)
        self.delivered = self._acknowledged = 0

    async def deliver(self, *events: Event) -> None:
        self.delivered += 1
        await self.engine.intake.accept(events)
        self._acknowledged += 1
        await self.settle()

    def stored(self) -> bytes:
        return _ENCODER.encode(self._observer._rows)

    def outside(self) -> bytes:
        """All that makes a difference to what comes next, but for what the first worker knows."""
        graph, survivors = self.graph, self.workers[1:]
        under_way = [
            [name for name in worker.wire.under_way if name not in _OF_NO_CONSEQUENCE]
            for worker in self.workers
        ]
        meta = (graph.calls, graph.sent, graph.threads, graph.echoes)
        return _ENCODER.encode(
            (
                *(self.clock.now(), self.delivered, self._acknowledged, under_way, *meta),
                *(self.tracker_store.turns, self._observer._rows),
                [len(worker.wire.calls) for worker in survivors],
            )
        )
