"""What users, pages and apps are called, for the people who look at handovers.

Meta knows them, and nobody waits for its answer: names that are not known yet are asked for in the
background, a few at a time, and shown at one of the next looks. They are kept only in memory, for a
day.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...core.errors import TRY_LATER, GraphError
from ...core.events import Thread
from ...core.plans import INBOX_NAMES
from ...graph.protocol import Graph
from ...instruments.clock import Clock

logger = logging.getLogger(__name__)

KEPT = timedelta(days=1)
AGAIN_AFTER = timedelta(hours=1)  # if Meta gave no name
PAUSE = timedelta(minutes=1)  # for a page about which Meta can't be asked now
REST = timedelta(milliseconds=200)  # between a few questions and the next few
AT_ONCE = 5
MOST_KEPT = 20_000  # users
MOST_MATCHES = 500  # users of one search
HOPELESS = 20  # users in a row whose names Meta did not give: it will hardly give the next
HOPE_AFTER = timedelta(minutes=10)

_Subject = Thread | str  # a user, or a page with its apps


@dataclass(frozen=True, slots=True)
class _Answer:
    names: dict[str, str]  # by id; that of a user, by ""
    until: datetime


class Names:
    """The names that this worker has learnt; those of users only if `of_users`."""

    def __init__(self, *, graph: Graph, clock: Clock, of_users: bool) -> None:
        self._graph = graph
        self._clock = clock
        self._of_users = of_users
        self._answers: dict[_Subject, _Answer] = {}  # the latest last
        self._wanted: dict[_Subject, None] = {}  # the most urgent last
        self._asking: set[_Subject] = set()
        self._is_wanted = asyncio.Event()
        self._rests_until: dict[str, datetime] = {}  # pages
        self._untold: dict[str, int] = {}  # users in a row, by page

    def of_user(self, thread: Thread) -> str | None:
        """What the user is called, if that is known."""
        return self._known(thread).get("")

    def of_page(self, page: str) -> str | None:
        return self._known(page).get(page)

    def of_app(self, app_id: str, page: str) -> str | None:
        """The name of an app on a page; the Inboxes are apps, too."""
        return INBOX_NAMES.get(app_id) or self._known(page).get(app_id)

    def want(self, threads: Iterable[Thread]) -> None:
        """Have the unknown names of these users and their pages asked for, the first ones first."""
        now = self._clock.now()
        for thread in reversed(list(threads)):
            for subject in (thread, thread.page):
                if self._is_to_be_asked(subject, now):
                    self._wanted.pop(subject, None)
                    self._wanted[subject] = None
        if self._wanted:
            self._is_wanted.set()

    @property
    def may_learn(self) -> bool:
        """Whether users' names may be asked for, and no name is waiting to be."""
        return self._of_users and not self._wanted

    def users_named(self, words: str) -> tuple[Thread, ...]:
        """Up to MOST_MATCHES users whose names contain these words, in upper or lower case."""
        words = words.casefold()
        found = (
            thread
            for thread in self._answers
            if isinstance(thread, Thread) and words in (self.of_user(thread) or "").casefold()
        )
        return tuple(thread for thread, _ in zip(found, range(MOST_MATCHES), strict=False))

    def apps_named(self, words: str) -> tuple[str, ...]:
        """Apps whose names contain these words, in upper or lower case."""
        words = words.casefold()
        named = [INBOX_NAMES, *(self._known(one) for one in self._answers if isinstance(one, str))]
        return tuple(
            {id_ for names in named for id_, name in names.items() if words in name.casefold()}
        )

    def forget(self, thread: Thread) -> None:
        """Forget the name of a user who is erased."""
        self._answers.pop(thread, None)
        self._wanted.pop(thread, None)
        self._asking.discard(thread)

    async def ask_some(self) -> None:
        """Wait until names are wanted, ask for a few, then rest. Meta's errors are not raised."""
        await self._is_wanted.wait()
        some = [self._wanted.popitem()[0] for _ in range(min(AT_ONCE, len(self._wanted)))]
        if not self._wanted:
            self._is_wanted.clear()
        self._asking.update(some)
        try:
            await asyncio.gather(*map(self._ask, some))
        finally:
            self._asking.clear()
        await self._clock.sleep(REST)

    async def _ask(self, subject: _Subject) -> None:
        page = _page_of(subject)
        if self._rests(page, self._clock.now()):
            return  # the next look asks for it again
        try:
            if isinstance(subject, Thread):
                name = await self._graph.user_name(subject)
                names = {"": name} if name else {}
            else:
                names = await self._graph.names(page)
        except TRY_LATER as error:
            logger.info("Names have to wait: %s", error)
            self._rests_until[page] = self._clock.now() + PAUSE
            return
        except GraphError:
            names = {}
        if subject in self._asking:  # otherwise the user was erased meanwhile
            self._learn(subject, names)
        if isinstance(subject, Thread):
            self._count(page, is_told=bool(names))

    def _count(self, page: str, *, is_told: bool) -> None:
        self._untold[page] = 0 if is_told else self._untold.get(page, 0) + 1
        if self._untold[page] == HOPELESS:
            logger.info(
                "Meta tells no users' names: that takes the feature Business Asset User Profile "
                "Access. `profiles: false` asks for none."
            )
        if self._untold[page] >= HOPELESS:
            self._rests_until[page] = self._clock.now() + HOPE_AFTER

    def _learn(self, subject: _Subject, names: dict[str, str]) -> None:
        self._answers.pop(subject, None)
        until = self._clock.now() + (KEPT if names else AGAIN_AFTER)
        self._answers[subject] = _Answer(names, until)
        while len(self._answers) > MOST_KEPT or self._is_oldest_over():
            del self._answers[next(iter(self._answers))]

    def _is_oldest_over(self) -> bool:
        return next(iter(self._answers.values())).until <= self._clock.now()

    def _known(self, subject: _Subject) -> dict[str, str]:
        answer = self._answers.get(subject)
        is_kept = answer is not None and answer.until > self._clock.now()
        return answer.names if answer is not None and is_kept else {}

    def _is_to_be_asked(self, subject: _Subject, now: datetime) -> bool:
        if isinstance(subject, Thread) and not self._of_users:
            return False
        if self._rests(_page_of(subject), now):
            return False
        answer = self._answers.get(subject)
        is_known = answer is not None and answer.until > now
        return not is_known and subject not in self._asking

    def _rests(self, page: str, now: datetime) -> bool:
        return self._rests_until.get(page, now) > now


def _page_of(subject: _Subject) -> str:
    return subject.page if isinstance(subject, Thread) else subject
