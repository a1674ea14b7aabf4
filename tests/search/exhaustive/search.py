"""Breadth first through all that can happen, and on from there until nothing is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from channels.core.sessions.session import Session, State
from tests.search.exhaustive.happenings import happenings
from tests.search.exhaustive.merging import key_of, later, merged
from tests.search.exhaustive.model import AGENT, TICK, Violation, World
from tests.search.exhaustive.moves import moves

Found = list[tuple[bytes, World]]


class Search:
    """Goes through every order in which things can happen; Violation tells the way to one.

    One step is one thing that happens outside, or one call that a worker makes. No more than
    `most_deliveries` events wait at a time.
    """

    def __init__(self, *, most_deliveries: int) -> None:
        self._most_deliveries = most_deliveries
        self._came_from: dict[bytes, tuple[bytes | None, str]] = {}
        self._led_on: set[bytes] = set()

    @property
    def explored(self) -> int:
        """How many worlds can be reached in so many steps."""
        return len(self._came_from)

    @property
    def led_on(self) -> int:
        """How many more are on the ways from there to where nothing is left to do."""
        return len(self._led_on - self._came_from.keys())

    def explore(self, starts: Iterable[World], *, depth: int) -> None:
        """Take that many steps from each start, and from each world let the workers finish."""
        layer = self._new(None, (("at first", world) for world in starts))
        for step in range(depth + 1):
            for key, world in layer:
                self._lead_on(key, world)
            if step < depth:
                nexts = (self._new(key, self._next(key, world)) for key, world in layer)
                layer = [new for found in nexts for new in found]

    def _next(self, key: bytes, world: World) -> Iterator[tuple[str, World]]:
        try:
            yield from moves(world)
            yield from happenings(world, most_deliveries=self._most_deliveries)
        except Violation as violation:
            raise Violation(self._story(key, [], violation)) from violation

    def _new(self, key: bytes | None, nexts: Iterable[tuple[str, World]]) -> Found:
        found = []
        for what, world in nexts:
            after = merged(world)
            its_key = key_of(after)
            if its_key not in self._came_from:
                self._came_from[its_key] = (key, what)
                found.append((its_key, after))
        return found

    def _lead_on(self, start: bytes, world: World) -> None:
        """Nothing breaks and time passes, until nothing is left to do."""
        story: list[str] = []
        try:
            end = self._led_through(world, story)
            if end is not None:
                _check_nothing_is_left(end)
        except Violation as violation:
            raise Violation(self._story(start, story, violation)) from violation

    def _led_through(self, world: World, story: list[str]) -> World | None:
        """The world from which on all repeats itself; None if that has been looked at before."""
        way, key = set[bytes](), key_of(world)
        while key not in self._led_on and key not in way:
            way.add(key)
            what, world = _what_comes(world)
            story.append(what)
            world = merged(world)
            key = key_of(world)
        self._led_on |= way
        return world if key in way else None

    def _story(self, key: bytes | None, then: list[str], violation: Violation) -> str:
        steps: list[str] = []
        while key is not None:
            key, what = self._came_from[key]
            steps.insert(0, what)
        return "\n".join([str(violation), *steps, *(f"and then {what}" for what in then)])


def _what_comes(world: World) -> tuple[str, World]:
    informed = replace(world, known_routing=world.routing)
    return next(moves(world), ("ten minutes pass", later(informed, TICK)))


def _check_nothing_is_left(world: World) -> None:
    if world.deliveries:
        raise Violation("an event is never handled")
    if world.session is not None and not _is_with_agent(world.session, world):
        raise Violation(f"a session stays {world.session.state.value}")


def _is_with_agent(session: Session, world: World) -> bool:
    """Meta refuses to give the thread back, and somebody has it."""
    return session.state is State.ACTIVE and not session.has_deadline and world.owner == AGENT
