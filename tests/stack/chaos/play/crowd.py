"""Plays the courses: many people at once, on the emulated platform."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout

from demo.platform import NotSeen
from tests.stack.chaos.play.cast import BOT
from tests.stack.chaos.play.scripted_courses import LONGEST_HANDOVER, Course, Do, Step
from tests.stack.chaos.stage.chaos_stack import ADMIN_TOKEN, ChaosStack
from tests.stack.chaos.verdict.journal import Journal

PATIENCE_FOR_AGENT = timedelta(seconds=20)
PATIENCE_FOR_OPENING = timedelta(seconds=80)
PATIENCE_FOR_BOT = LONGEST_HANDOVER + timedelta(seconds=20)


class Crowd:
    """All users, operators and agents.

    What the platform refuses them is no failure of the bot's: an agent writes to a thread that
    has just been taken back, a user taps a button that is not there. It is counted in `refused`.
    """

    def __init__(self, stack: ChaosStack, journal: Journal) -> None:
        self._platform = stack.platform
        self._handovers = f"{stack.url}/handovers"
        self._journal = journal
        self._http = ClientSession(timeout=ClientTimeout(total=10))
        self.refused: Counter[str] = Counter()
        self._actions: dict[Do, Callable[[str, Step], Awaitable[object]]] = {
            Do.SAY: self._say,
            Do.TAP: self._tap,
            Do.OPERATOR_SAYS: self._operator_says,
            Do.AGENT_SAYS: self._agent_says,
            Do.AGENT_PASSES: self._agent_passes,
            Do.AGENT_RELEASES: self._agent_releases,
            Do.SUPERVISOR_ENDS: self._supervisor_ends,
            Do.UNTIL_AGENT: self._until_agent,
            Do.UNTIL_OPENING: self._until_opening,
            Do.UNTIL_BOT: self._until_bot,
        }

    async def play(self, courses: Sequence[Course]) -> None:
        """Return once every course is over."""
        try:
            await asyncio.gather(*map(self._course, courses))
        finally:
            await self._http.close()

    async def _course(self, course: Course) -> None:
        await asyncio.sleep(course.begins.total_seconds())
        for step in course.steps:
            await asyncio.sleep(step.after.total_seconds())
            try:
                await self._actions[step.do](course.user, step)
            except (NotSeen, ClientError, asyncio.TimeoutError):
                self.refused[step.do.value] += 1

    async def _say(self, user: str, step: Step) -> None:
        await self._platform.user_says(user, step.text)

    async def _tap(self, user: str, step: Step) -> None:
        await self._platform.user_taps(user, step.text)

    async def _operator_says(self, user: str, step: Step) -> None:
        await self._platform.inbox_says(user, step.text)

    async def _agent_says(self, user: str, step: Step) -> None:
        await self._platform.agent_says(user, step.text)

    async def _agent_passes(self, user: str, _: Step) -> None:
        body = {"recipient": {"id": user}, "target_app_id": BOT}
        await self._platform.agent_calls("pass_thread_control", body)

    async def _agent_releases(self, user: str, _: Step) -> None:
        await self._platform.agent_calls("release_thread_control", {"recipient": {"id": user}})

    async def _supervisor_ends(self, user: str, _: Step) -> None:
        url = f"{self._handovers}/{user}/return"
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        async with self._http.post(url, headers=headers) as answer:
            answer.raise_for_status()

    async def _until_agent(self, user: str, _: Step) -> None:
        await self._journal.until(user, lambda: not self._is_the_bots(user), PATIENCE_FOR_AGENT)

    async def _until_opening(self, user: str, _: Step) -> None:
        await self._journal.until(user, lambda: not self._is_the_bots(user), PATIENCE_FOR_OPENING)

    async def _until_bot(self, user: str, _: Step) -> None:
        await self._journal.until(user, lambda: self._is_the_bots(user), PATIENCE_FOR_BOT)

    def _is_the_bots(self, user: str) -> bool:
        return self._journal.owner(user) in (None, BOT)
