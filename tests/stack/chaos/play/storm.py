"""What goes wrong in the chaos run, and when. Pure: a seed gives the blows."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from tests.stack.chaos.play.cast import PAGE

STANDSTILL = timedelta(seconds=75)  # longer than a lease
_RATE_LIMIT_HEADER = "X-Business-Use-Case-Usage"


class What(enum.Enum):
    """What is hit."""

    REPLICA = "a replica is killed and started again"
    WORKER = "one of a replica's processes is killed, and the others go on"
    PAUSE = "a replica stands still (SIGSTOP), longer than what it has claimed is its own"
    POSTGRESQL = "PostgreSQL stops and starts again"
    REDIS = "Redis is killed and started again"
    GRAPH = "Graph calls go wrong"
    TOKEN = "the Page's token is refused for a while"
    WEBHOOKS = "deliveries come twice"
    ACTIONS = "the action server is killed and started again"
    TEAM = "the operators' receiver is away"


class Away(enum.Enum):
    """How a receiver is not there."""

    FAILS = "fails"  # 503
    HANGS = "hangs"  # takes the notice, and answers when nobody waits any more
    CLOSED = "closed"  # takes no connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Blow:
    """One thing that goes wrong, `at` so long after the start of the load, `lasting` so long.

    `fault` is for the emulator, `mode` for `pg_ctl stop`, `away` for the operators' receiver.
    """

    at: timedelta
    what: What
    lasting: timedelta = timedelta()
    fault: dict[str, Any] = field(default_factory=dict)
    mode: str = "fast"
    away: Away = Away.FAILS


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many blows of each kind; `worker_kills` need replicas of several processes.

    Each of the `pauses` lasts for `pause`.
    """

    kills: int
    outages: int
    faults: int
    throttles: int
    dead_tokens: int
    worker_kills: int = 0
    pauses: int = 0
    pause: timedelta = STANDSTILL


def storm(random: Random, counts: Counts, *, lasting: timedelta) -> list[Blow]:
    """Blows at any time within `lasting`, in order; the dead tokens are in the middle."""
    blows = [
        *_times(random, counts.kills, lasting, _kill),
        *_times(random, counts.outages, lasting, _postgresql_stops),
        *_times(random, counts.outages, lasting, _redis_stops),
        *_times(random, counts.outages, lasting, _actions_die),
        *_times(random, counts.outages, lasting, _team_is_away),
        *_times(random, counts.faults, lasting, _graph_fails),
        *_times(random, counts.faults, lasting, _doubled),
        *_times(random, counts.throttles, lasting, _throttled),
        *_times(random, counts.worker_kills, lasting, _worker_dies),
        *_times(random, counts.pauses, lasting, partial(_stands_still, counts.pause)),
    ]
    for number in range(counts.dead_tokens):
        at = lasting * (number + 1) / (counts.dead_tokens + 1)
        blows.append(_token_dies(random, at))
    return sorted(blows, key=_at)


def _times(random: Random, count: int, lasting: timedelta, blow: Any) -> Iterator[Blow]:
    """This many blows, each at any time of its own share of `lasting`."""
    for number in range(count):
        yield blow(random, lasting * (number + random.random()) / count)


def _kill(random: Random, at: timedelta) -> Blow:
    return Blow(at=at, what=What.REPLICA, lasting=timedelta(seconds=4 * random.random()))


def _stands_still(pause: timedelta, _: Random, at: timedelta) -> Blow:
    return Blow(at=at, what=What.PAUSE, lasting=pause)


def _worker_dies(_: Random, at: timedelta) -> Blow:
    return Blow(at=at, what=What.WORKER)


def _postgresql_stops(random: Random, at: timedelta) -> Blow:
    mode = random.choice(("fast", "immediate"))
    lasting = timedelta(seconds=1 + 4 * random.random())
    return Blow(at=at, what=What.POSTGRESQL, lasting=lasting, mode=mode)


def _redis_stops(random: Random, at: timedelta) -> Blow:
    lasting = timedelta(seconds=1 + 3 * random.random())
    return Blow(at=at, what=What.REDIS, lasting=lasting)


def _actions_die(random: Random, at: timedelta) -> Blow:
    lasting = timedelta(seconds=1 + 4 * random.random())
    return Blow(at=at, what=What.ACTIONS, lasting=lasting)


def _team_is_away(random: Random, at: timedelta) -> Blow:
    lasting = timedelta(seconds=5 + 25 * random.random())
    return Blow(at=at, what=What.TEAM, lasting=lasting, away=random.choice([*Away]))


def _graph_fails(random: Random, at: timedelta) -> Blow:
    fault = random.choice(
        (
            {"latency_ms": 1_500, "times": 20},  # slow
            {"times": 10},  # 500
            {"reset": True, "perform": False, "times": 10},
            {"reset": True, "perform": True, "times": 5},  # done, but the answer is lost
            {"latency_ms": 12_000, "times": 5},  # done, but later than anybody waits for
            {"error": {"code": 613, "message": "(#613) Calls exceed the limit"}, "times": 10},
        )
    )
    path = random.choice(("", "messages", "pass_thread_control", "take_thread_control"))
    return Blow(at=at, what=What.GRAPH, fault={"path": path, **fault})


def _throttled(_: Random, at: timedelta) -> Blow:
    """Error 80006 with the minutes to wait, of which Meta knows whole ones only."""
    usage = {"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": 1}
    headers = {_RATE_LIMIT_HEADER: json.dumps({PAGE: [usage]})}
    error = {"code": 80006, "message": "(#80006) There have been too many calls"}
    return Blow(at=at, what=What.GRAPH, fault={"error": error, "headers": headers, "times": 3})


def _token_dies(random: Random, at: timedelta) -> Blow:
    error = {"code": 190, "message": "The access token could not be decrypted"}
    return Blow(
        at=at,
        what=What.TOKEN,
        lasting=timedelta(seconds=5 + 10 * random.random()),
        fault={"error": error, "times": None},
    )


def _doubled(random: Random, at: timedelta) -> Blow:
    return Blow(at=at, what=What.WEBHOOKS, fault={"double": random.randint(1, 20)})


def _at(blow: Blow) -> timedelta:
    return blow.at
