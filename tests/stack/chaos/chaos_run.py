"""One chaos run: load and storm on the running stack, rest, and the evidence of it all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec

from tests.stack.chaos.play.crowd import Crowd
from tests.stack.chaos.play.scripted_courses import PLANS, Course, courses
from tests.stack.chaos.play.storm import Blow, Counts, storm
from tests.stack.chaos.play.thunder import Thunder
from tests.stack.chaos.stage.chaos_stack import ChaosStack
from tests.stack.chaos.verdict.evidence import Evidence
from tests.stack.chaos.verdict.gathering import gather, left_to_do
from tests.stack.chaos.verdict.journal import Journal
from tests.stack.forks.forks import ForkServer

REST_LIMIT = timedelta(minutes=5)
LOOK_INTERVAL = timedelta(seconds=1)
QUIET_LOOKS = 3  # in a row, until all is taken to be over


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be run; the same plan with the same seed has the same courses and blows.

    New courses begin and blows fall for as long as `lasting`; `pause` is the mean time between
    two steps of a course, `lease` the shortened life of a killed worker's claims. Each replica has
    as many processes as `sanic_workers`; `poisons` is how many messages kill whoever reads them.
    """

    seed: int
    users: int
    messages: int
    lasting: timedelta
    pause: timedelta
    blows: Counts
    lease: timedelta | None = None
    sanic_workers: int = 1
    poisons: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What came of it; `took` the load, `rested` the time after it until nothing was left."""

    evidence: Evidence
    took: timedelta
    rested: timedelta
    refused: Mapping[str, int]


async def run(plan: Plan, directory: Path, forks: ForkServer) -> Result:
    """Run a plan on a stack of its own; files and logs go to `directory`."""
    random = Random(plan.seed)
    script = courses(
        random,
        users=plan.users,
        messages=plan.messages,
        lasting=plan.lasting,
        pause=plan.pause,
        poisons=plan.poisons,
    )
    blows = storm(random, plan.blows, lasting=plan.lasting)
    users = [course.user for course in script]
    async with ChaosStack(
        directory,
        forks=forks,
        plans=PLANS,
        users=users,
        lease=plan.lease,
        sanic_workers=plan.sanic_workers,
    ) as stack:
        await stack.start()
        result = await play(stack, script, Thunder(stack, random, directory / "blows.log"), blows)
    (directory / "evidence.json").write_bytes(msgspec.json.encode(result.evidence))
    return result


async def play(
    stack: ChaosStack, script: list[Course], thunder: Thunder, blows: Sequence[Blow]
) -> Result:
    """Let the script and the blows happen on a stack that runs, and wait until all is over."""
    journal = Journal()
    following = asyncio.create_task(journal.follow(stack.platform))
    crowd = Crowd(stack, journal)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await asyncio.gather(crowd.play(script), thunder.strike(blows))
    took = loop.time() - begun
    rested = await _rest(stack, journal, script)
    following.cancel()
    evidence = await asyncio.to_thread(
        gather,
        stack.postgresql.url,
        journal,
        stack.action_runs,
        stack.deaths,
        told=stack.team.told,
        kills=thunder.kills,
        pauses=thunder.pauses,
        stops=thunder.stops,
    )
    return Result(
        evidence=evidence,
        took=timedelta(seconds=took),
        rested=rested,
        refused=Counter(crowd.refused),
    )


async def _rest(stack: ChaosStack, journal: Journal, script: list[Course]) -> timedelta:
    """Wait until every message is delivered, every event handled and every session ended; what
    makes no progress for REST_LIMIT never will. Returns how long it took.
    """
    loop = asyncio.get_running_loop()
    begun = progressed = loop.time()
    written = sum(course.messages for course in script)
    quiet, before = 0, None
    while quiet < QUIET_LOOKS and loop.time() - progressed < REST_LIMIT.total_seconds():
        await asyncio.sleep(LOOK_INTERVAL.total_seconds())
        left = await asyncio.to_thread(left_to_do, stack.postgresql.url)
        now = (*left, len(journal.delivered))
        if now != before:
            before, progressed = now, loop.time()
        is_over = not any(left) and len(journal.delivered) >= written
        quiet = quiet + 1 if is_over else 0
    return timedelta(seconds=loop.time() - begun)
