"""What the people of the chaos run do, and under which plans. Pure: a seed gives the courses.

A user's course alternates between messages to the bot and episodes, one for each way in which a
handover ends and a few in which a person begins it. No course waits for what the bot may fail to
do longer than its patience.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from tests.stack.chaos.play.cast import AGENTS, FIRST_USER, NOBODY

MENU = "menu"
BRING_THE_BOT = "bring me the bot"
NEVER_MIND = "never mind"
POISON = "poison"
DEATHS = "CHAOS_DEATHS"  # the environment variable with the file of the deaths that it brings
LONGEST_HANDOVER = timedelta(seconds=40)
OPEN_MINUTES = range(0, 24 * 60, 2)  # of a day, in UTC; in those between, nobody is there
_HOURS = ", ".join(
    f"{minute // 60:02}:{minute % 60:02}-{minute // 60:02}:{minute % 60 + 1:02}"
    for minute in OPEN_MINUTES
)
_EVERY_OTHER_MINUTE = {"hours": {"mon-sun": _HOURS}, "timezone": "UTC"}

PLANS: dict[str, dict[str, Any]] = {
    "default": {"timeout": "40s", "keywords": [MENU], "return-intents": ["come_back"]},
    "sales": {"timeout": "40s", "keywords": [MENU], "target-app": AGENTS},
    "short": {"timeout": "5s"},
    "quiet": {"timeout": "40s", "idle-timeout": "4s"},
    "answered": {"timeout": "40s", "unanswered-timeout": "4s", "target-app": AGENTS},
    "nowhere": {"timeout": "40s", "target-app": NOBODY},
    "evening": {"timeout": "5s", **_EVERY_OTHER_MINUTE, "when-closed": "wait"},
    "night": {"timeout": "5s", **_EVERY_OTHER_MINUTE, "when-closed": "refuse"},
}
for _plan in PLANS.values():
    _plan["owner-probe"] = "10s"

_ASKS = {
    "default": "talk to a person",
    "sales": "talk to sales",
    "short": "talk to the short team",
    "quiet": "talk to the quiet team",
    "answered": "talk to the answering team",
    "nowhere": "talk to nowhere",
    "evening": "talk to the evening team",
    "night": "talk to the night team",
}


class Do(enum.Enum):
    """What happens in a thread."""

    SAY = "the user writes"
    TAP = "the user taps a button of the bot, if there is one"
    OPERATOR_SAYS = "an operator writes in the Page Inbox, which takes the thread"
    AGENT_SAYS = "the agents' app writes"
    AGENT_PASSES = "the agents' app passes the thread to the bot"
    AGENT_RELEASES = "the agents' app gives the thread up"
    SUPERVISOR_ENDS = "somebody calls the operator API"
    UNTIL_AGENT = "wait until people have the thread"
    UNTIL_OPENING = "wait until people have the thread, which may be closed for a minute"
    UNTIL_BOT = "wait until nobody else has the thread"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that happens, after a pause; `text` is what is said, or a button's title."""

    do: Do
    after: timedelta = timedelta()
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """All that happens in one user's thread, from `begins`, counted from the start of the load."""

    user: str
    begins: timedelta
    steps: tuple[Step, ...]

    @property
    def messages(self) -> int:
        """How many messages the user writes."""
        return sum(step.do is Do.SAY for step in self.steps)


def courses(
    random: Random,
    *,
    users: int,
    messages: int,
    lasting: timedelta,
    pause: timedelta,
    poisons: int = 0,
) -> list[Course]:
    """Courses of this many users, who write this many messages in all.

    They begin at any time within `lasting`; `pause` is the mean time between two steps. In this
    many of them a message among the others kills the process that reads it.
    """
    each, left = divmod(messages, users)
    written = [
        _Author(random, pause).course(
            user=str(FIRST_USER + number),
            begins=lasting * random.random(),
            messages=each + (number < left),
        )
        for number in range(users)
    ]
    for number in random.sample(range(users), poisons):
        written[number] = _poisoned(random, written[number])
    return written


def _poisoned(random: Random, course: Course) -> Course:
    """The course with another text for one of the user's messages."""
    steps = list(course.steps)
    place = random.choice([n for n, step in enumerate(steps) if step.do is Do.SAY])
    steps[place] = replace(steps[place], text=f"{POISON} {course.user}")
    return replace(course, steps=tuple(steps))


class _Author:
    """Writes one course."""

    def __init__(self, random: Random, pause: timedelta) -> None:
        self._random = random
        self._pause = pause
        self._number = 0

    def course(self, *, user: str, begins: timedelta, messages: int) -> Course:
        steps: list[Step] = []
        left = messages
        while left > 0:
            part = self._chat() if self._random.random() < 0.4 else self._episode()
            part = list(_with_so_many_messages(part, left))
            left -= sum(step.do is Do.SAY for step in part)
            steps += part
        return Course(user=user, begins=begins, steps=tuple(steps))

    def _chat(self) -> list[Step]:
        return [self._message() for _ in range(self._random.randint(1, 6))]

    def _episode(self) -> list[Step]:
        episodes: tuple[Callable[[], list[Step]], ...] = (
            *(self._timeout, self._idle, self._unanswered, self._keyword, self._intent),
            *(self._returned, self._released, self._ended_by_supervisor, self._failed),
            *(self._taken_over, self._in_a_hurry, self._forgotten_release),
            *(self._evening, self._cancelled, self._night),
        )
        episode = self._random.choice(episodes)()
        tap = self._random.random() < 0.3
        return [*episode, self._then(Do.TAP, "Good")] if tap else episode

    def _timeout(self) -> list[Step]:
        return [*self._asks("short"), *self._talk(self._operator), self._then(Do.UNTIL_BOT)]

    def _idle(self) -> list[Step]:
        return [*self._asks("quiet"), *self._talk(self._operator), self._then(Do.UNTIL_BOT)]

    def _unanswered(self) -> list[Step]:
        return [*self._asks("answered"), *self._talk(self._message), self._then(Do.UNTIL_BOT)]

    def _keyword(self) -> list[Step]:
        plan, person = self._random.choice((("default", self._operator), ("sales", self._agent)))
        return [
            *self._asks(plan),
            *self._talk(person),
            self._says(MENU),
            self._then(Do.UNTIL_BOT),
        ]

    def _intent(self) -> list[Step]:
        return [
            *self._asks("default"),
            *self._talk(self._operator),
            self._says(BRING_THE_BOT),
            self._then(Do.UNTIL_BOT),
        ]

    def _returned(self) -> list[Step]:
        return [*self._asks("sales"), *self._talk(self._agent), self._then(Do.AGENT_PASSES)]

    def _released(self) -> list[Step]:
        return [
            *self._asks("sales"),
            *self._talk(self._agent),
            self._then(Do.AGENT_RELEASES),
            *self._chat(),
        ]

    def _forgotten_release(self) -> list[Step]:
        """Nobody writes, so that the bot has to look who has the thread."""
        return [
            *self._asks("sales"),
            self._then(Do.AGENT_RELEASES),
            Step(do=Do.UNTIL_BOT, after=timedelta(seconds=16)),
        ]

    def _ended_by_supervisor(self) -> list[Step]:
        return [
            *self._asks("default"),
            *self._talk(self._operator),
            self._then(Do.SUPERVISOR_ENDS),
            self._then(Do.UNTIL_BOT),
        ]

    def _failed(self) -> list[Step]:
        return [self._says(_ASKS["nowhere"]), *self._chat()]

    def _taken_over(self) -> list[Step]:
        """An operator writes without being asked, into what the user and the bot say."""
        return [
            *self._chat(),
            self._operator(),
            *self._talk(self._operator),
            self._says(MENU),
            self._then(Do.UNTIL_BOT),
        ]

    def _in_a_hurry(self) -> list[Step]:
        """A user who goes on writing while the thread is passed, and takes it back at once."""
        return [
            self._says(_ASKS["default"]),
            *self._chat(),
            self._then(Do.UNTIL_AGENT),
            self._says(MENU),
            *self._chat(),
        ]

    def _evening(self) -> list[Step]:
        """The user asks while perhaps nobody is there, and talks to the bot until somebody is."""
        return [
            self._says(_ASKS["evening"]),
            *self._chat(),
            self._then(Do.UNTIL_OPENING),
            *self._talk(self._operator),
            self._then(Do.UNTIL_BOT),
        ]

    def _cancelled(self) -> list[Step]:
        return [
            self._says(_ASKS["evening"]),
            *self._chat(),
            self._says(NEVER_MIND),
            self._then(Do.UNTIL_BOT),
        ]

    def _night(self) -> list[Step]:
        return [self._says(_ASKS["night"]), *self._chat(), self._then(Do.UNTIL_BOT)]

    def _asks(self, plan: str) -> list[Step]:
        return [self._says(_ASKS[plan]), self._then(Do.UNTIL_AGENT)]

    def _talk(self, person: Callable[[], Step]) -> list[Step]:
        """The user and somebody write in turn."""
        return [
            self._random.choice((person, self._message))()
            for _ in range(self._random.randint(0, 4))
        ]

    def _operator(self) -> Step:
        return self._then(Do.OPERATOR_SAYS, "I am the operator.")

    def _agent(self) -> Step:
        return self._then(Do.AGENT_SAYS, "I am the agent.")

    def _message(self) -> Step:
        self._number += 1
        return self._says(f"message {self._number}")

    def _says(self, text: str) -> Step:
        return self._then(Do.SAY, text)

    def _then(self, do: Do, text: str = "") -> Step:
        at_once = self._random.random() < 0.2
        pause = 0.0 if at_once else self._random.expovariate(1.0)
        return Step(do=do, after=self._pause * pause, text=text)


def _with_so_many_messages(steps: list[Step], most: int) -> Iterator[Step]:
    """The steps without the user's messages beyond `most`."""
    for step in steps:
        if step.do is Do.SAY:
            if most == 0:
                continue
            most -= 1
        yield step
