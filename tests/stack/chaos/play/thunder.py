"""Carries out a storm: kills, outages and faults on the running stack."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import TypeVar

import psutil

from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.play.storm import Blow, What
from tests.stack.chaos.stage.chaos_stack import ChaosStack
from tests.stack.chaos.stage.services import Replica

LOOK_INTERVAL = timedelta(milliseconds=100)

T = TypeVar("T")


class Thunder:
    """Strikes when each blow's time has come; `log` gets a line for each, for whoever reads the
    logs.

    Blows of one kind follow each other, those of different kinds overlap; all replicas may stand
    still at once.
    """

    def __init__(self, stack: ChaosStack, random: Random, log: Path) -> None:
        self._stack = stack
        self._random = random
        self._log = log
        self._busy: dict[What, asyncio.Lock | asyncio.Semaphore] = {
            **{what: asyncio.Lock() for what in What},
            What.PAUSE: asyncio.Semaphore(len(stack.replicas)),
        }
        self._still: set[Replica] = set()
        self.kills: list[datetime] = []
        self.pauses: list[datetime] = []
        self.stops: list[datetime] = []  # of PostgreSQL
        self._strikes = {
            What.REPLICA: self._kill,
            What.WORKER: self._kill_worker,
            What.PAUSE: self._pause,
            What.POSTGRESQL: self._stop_postgresql,
            What.REDIS: self._stop_redis,
            What.GRAPH: self._break_graph,
            What.TOKEN: self._break_token,
            What.WEBHOOKS: self._double_webhooks,
            What.ACTIONS: self._kill_actions,
            What.TEAM: self._send_team_away,
        }

    async def strike(self, blows: Sequence[Blow]) -> None:
        """Return once all blows are over and everything runs again."""
        begun = asyncio.get_running_loop().time()
        await asyncio.gather(*(self._strike(blow, begun) for blow in blows))
        await self._stack.platform.call("DELETE", "faults")
        await asyncio.gather(*(replica.ready() for replica in self._stack.replicas))

    async def _strike(self, blow: Blow, begun: float) -> None:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(max(0.0, begun + blow.at.total_seconds() - now))
        async with self._busy[blow.what]:
            await self._strikes[blow.what](blow)

    async def _kill(self, blow: Blow) -> None:
        replica = await self._one_of(lambda: [one for one in self._stack.replicas if one.runs])
        self._note(f"kill {replica.name}, back in {blow.lasting.total_seconds():.1f} s")
        self.kills.append(datetime.now(timezone.utc))
        await replica.kill(back_after=blow.lasting)

    async def _kill_worker(self, _: Blow) -> None:
        worker = await self._one_of(
            lambda: [one for replica in self._stack.replicas for one in replica.workers()]
        )
        self._note(f"kill process {worker.pid} alone")
        self.kills.append(datetime.now(timezone.utc))
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()

    async def _pause(self, blow: Blow) -> None:
        replica = await self._one_of(
            lambda: [one for one in self._stack.replicas if one.runs and one not in self._still]
        )
        self._note(f"{replica.name} stands still for {blow.lasting.total_seconds():.1f} s")
        self.pauses.append(datetime.now(timezone.utc))
        self._still.add(replica)
        going_on = replica.stand_still()
        await asyncio.sleep(blow.lasting.total_seconds())
        going_on()
        self._still.discard(replica)
        self._note(f"{replica.name} goes on")

    async def _one_of(self, candidates: Callable[[], Sequence[T]]) -> T:
        while True:
            found = candidates()
            if found:
                return self._random.choice(found)
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())

    async def _stop_postgresql(self, blow: Blow) -> None:
        self._note(f"stop PostgreSQL ({blow.mode}) for {blow.lasting.total_seconds():.1f} s")
        self.stops.append(datetime.now(timezone.utc))
        await self._stack.postgresql.stop(blow.mode)
        await asyncio.sleep(blow.lasting.total_seconds())
        await self._stack.postgresql.start()

    async def _stop_redis(self, blow: Blow) -> None:
        self._note(f"kill Redis for {blow.lasting.total_seconds():.1f} s")
        await self._stack.redis.stop()
        await asyncio.sleep(blow.lasting.total_seconds())
        await self._stack.redis.start()

    async def _kill_actions(self, blow: Blow) -> None:
        self._note(f"kill the action server for {blow.lasting.total_seconds():.1f} s")
        await self._stack.actions.kill(back_after=blow.lasting)
        await self._stack.actions.ready()

    async def _send_team_away(self, blow: Blow) -> None:
        seconds = blow.lasting.total_seconds()
        self._note(f"the operators' receiver {blow.away.value} for {seconds:.1f} s")
        await self._stack.team.leave(blow.away)
        await asyncio.sleep(seconds)
        await self._stack.team.come_back()

    async def _break_graph(self, blow: Blow) -> None:
        self._note(f"Graph: {json.dumps(blow.fault)}")
        await self._fault(calls={"app_id": BOT, **blow.fault})

    async def _break_token(self, blow: Blow) -> None:
        """Clearing a fault clears all: those under way end with the token's."""
        self._note(f"the token is dead for {blow.lasting.total_seconds():.1f} s")
        await self._stack.platform.call("DELETE", "faults")
        await self._fault(calls={"app_id": BOT, **blow.fault})
        await asyncio.sleep(blow.lasting.total_seconds())
        await self._stack.platform.call("DELETE", "faults")

    async def _double_webhooks(self, blow: Blow) -> None:
        self._note(f"webhooks: {json.dumps(blow.fault)}")
        await self._fault(webhooks={"app_id": BOT, **blow.fault})

    async def _fault(self, **fault: dict[str, object]) -> None:
        await self._stack.platform.call("POST", "faults", fault)

    def _note(self, what: str) -> None:
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        with self._log.open("a") as log:
            log.write(f"{at} {what}\n")
