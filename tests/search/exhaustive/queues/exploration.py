"""A search through every order in which things can happen, for models that say what can."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tests.search.exhaustive.model import Violation

W = TypeVar("W")


@dataclass(frozen=True, kw_only=True)
class Model(Generic[W]):
    """What can come next, what comes if nothing breaks (None: nothing is left), what then holds."""

    nexts: Callable[[W], Iterator[tuple[str, W]]]
    what_comes: Callable[[W], tuple[str, W] | None]
    check_end: Callable[[W], None]
    key_of: Callable[[W], bytes]


class Exploration(Generic[W]):
    """Breadth first; from each world on without a break, to the end. Violation tells the way."""

    def __init__(self, model: Model[W]) -> None:
        self._model = model
        self._came_from: dict[bytes, tuple[bytes | None, str]] = {}
        self._led_on: set[bytes] = set()

    @property
    def explored(self) -> int:
        return len(self._came_from)

    def explore(self, start: W, *, depth: int) -> None:
        """Take that many steps from each world of the course on which nothing breaks."""
        layer = self._new(None, self._course(start))
        for step in range(depth + 1):
            for key, world in layer:
                self._lead_on(key, world)
            if step < depth:
                layer = [
                    new for key, world in layer for new in self._new(key, self._next(key, world))
                ]

    def _course(self, start: W) -> Iterator[tuple[str, W]]:
        comes: tuple[str, W] | None = ("at first", start)
        while comes is not None:
            yield comes
            comes = self._model.what_comes(comes[1])

    def _next(self, key: bytes, world: W) -> Iterator[tuple[str, W]]:
        try:
            yield from self._model.nexts(world)
        except Violation as violation:
            raise Violation(self._story(key, [], violation)) from violation

    def _new(self, key: bytes | None, nexts: Iterable[tuple[str, W]]) -> list[tuple[bytes, W]]:
        found = []
        for what, world in nexts:
            its_key = self._model.key_of(world)
            if its_key not in self._came_from:
                self._came_from[its_key] = (key, what)
                found.append((its_key, world))
        return found

    def _lead_on(self, start: bytes, world: W) -> None:
        story: list[str] = []
        way, key = set[bytes](), start
        try:
            while key not in self._led_on:
                if key in way:
                    raise Violation("it goes round in circles")
                way.add(key)
                comes = self._model.what_comes(world)
                if comes is None:
                    self._model.check_end(world)
                    break
                what, world = comes
                story.append(what)
                key = self._model.key_of(world)
        except Violation as violation:
            raise Violation(self._story(start, story, violation)) from violation
        self._led_on |= way

    def _story(self, key: bytes | None, then: list[str], violation: Violation) -> str:
        steps: list[str] = []
        while key is not None:
            key, what = self._came_from[key]
            steps.insert(0, what)
        return "\n".join([str(violation), *steps, *(f"and then {what}" for what in then)])
