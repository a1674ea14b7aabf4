"""Whether anybody is there: what the dialogue can ask before it promises anything."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..core.events import Platform, Thread
from ..core.hours import changes_at
from ..core.plans import Plan
from ..core.records.kept import Scope, Waits
from ..core.settings.settings import Settings
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..store.protocol import Store

FEWEST_ANSWERS = 5  # before their median means anything


class Availability:
    """What is known about each plan: its hours as of now, the rest as of the last look."""

    def __init__(self, *, settings: Settings, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._channels = {
            plan.name: _Team(plan, _scope(plan, without_pages=_pages_with(settings, plan.name)))
            for plan in settings.plans.values()
        }
        self._of_pages = {page: {**self._channels, **own} for page, own in _own(settings)}

    async def look(self) -> None:
        """Ask the store again. Raises StoreError."""
        now = self._clock.now()
        teams = {id(team): team for plans in self._all() for team in plans.values()}
        for team in teams.values():
            team.waits = await self._store.waits(team.scope, now)
        waiting = (team.waits.for_hours for team in teams.values() if team.waits is not None)
        self._metrics.waiting.set(sum(waiting))

    def of(self, thread: Thread) -> dict[str, dict[str, Any]]:
        """What a message's metadata says about each plan; this does not ask the store."""
        now = self._clock.now()
        plans = self._of_pages.get(thread.page, self._channels)
        return {name: team.told(now) for name, team in plans.items()}

    def _all(self) -> Iterator[Mapping[str, _Team]]:
        yield self._channels
        yield from self._of_pages.values()


@dataclass(slots=True)
class _Team:
    """The team that answers a plan's users: its hours, and how long users wait."""

    plan: Plan
    scope: Scope
    waits: Waits | None = None
    _until: datetime | None = None
    _hours: dict[str, Any] = field(default_factory=dict)

    def told(self, now: datetime) -> dict[str, Any]:
        """Source: docs/reference/tracker.md, "Messages of users"."""
        if not self._hours or (self._until is not None and self._until <= now):
            self._look_at_the_clock(now)
        return {**self._hours, **_told(self.waits, now)}

    def _look_at_the_clock(self, now: datetime) -> None:
        opens_at = self.plan.opens_at(now)
        self._hours = {
            "open": self.plan.is_open(now),
            "opens_at": opens_at and opens_at.isoformat(),
        }
        self._until = None if self.plan.hours is None else changes_at(self.plan.hours, now)


def _told(waits: Waits | None, now: datetime) -> dict[str, Any]:
    if waits is None:
        return {"waiting": None, "expected_wait_seconds": None, "operator_seen_seconds": None}
    answers, seen_at = list(map(_seconds, waits.first_answers)), waits.operator_at
    median = statistics.median(answers) if len(answers) >= FEWEST_ANSWERS else None
    return {
        "waiting": waits.waiting,
        "expected_wait_seconds": None if median is None else int(median),
        "operator_seen_seconds": None if seen_at is None else _seconds(now - seen_at),
    }


def _seconds(duration: timedelta) -> int:
    """The duration in whole seconds; zero if a clock was set back meanwhile."""
    return max(int(duration.total_seconds()), 0)


def _own(settings: Settings) -> Iterator[tuple[str, dict[str, _Team]]]:
    """The plans that pages have of their own, by the ids of the page and its Instagram account."""
    for page, one in settings.pages.items():
        ids = (page,) if one.instagram is None else (page, one.instagram)
        teams = {plan.name: _Team(plan, _scope(plan, pages=ids)) for plan in one.plans.values()}
        for id_ in ids:
            yield id_, teams


def _pages_with(settings: Settings, plan: str) -> tuple[str, ...]:
    """The pages that have a plan with this name of their own."""
    ids = ((page, one.instagram) for page, one in settings.pages.items() if plan in one.plans)
    return tuple(id_ for both in ids for id_ in both if id_ is not None)


def _scope(
    plan: Plan, *, pages: tuple[str, ...] = (), without_pages: tuple[str, ...] = ()
) -> Scope:
    apps = tuple(dict.fromkeys(plan.target_app_id(platform) for platform in Platform))
    return Scope(plan=plan.name, apps=apps, pages=pages, without_pages=without_pages)
