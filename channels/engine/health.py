"""Looks now and then at what a worker depends on, so that its health can be reported at once.

A request for the health gets what is already known: neither a database that hangs nor a flood of
requests holds anything up.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..core.meta.metas_clock import MOST_SKEW, in_words
from ..core.records.kept import Backlog
from ..graph.protocol import Graph, Obstacle
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..store.protocol import Store

logger = logging.getLogger(__name__)

LOOK_INTERVAL = timedelta(seconds=5)  # well within STORE_SILENCE
CHECK_INTERVAL = timedelta(minutes=5)  # one Graph call a page and worker
WEBHOOK_INTERVAL = timedelta(hours=1)
_RESUBSCRIBE = (
    "Meta unsubscribes an app whose webhook fails for an hour. Fix what kept the webhook from "
    "answering, then subscribe the page again under Messenger settings > Webhooks; "
    "`rasa-handover doctor` says which fields are missing. What was written meanwhile is lost."
)


class HealthWatch:
    """What one worker knows of its health, from the moment that this is made."""

    def __init__(
        self, *, store: Store, graph: Graph, clock: Clock, own_clock: Clock, metrics: Metrics
    ) -> None:
        self._store = store
        self._graph = graph
        self._clock = clock
        self._own_clock = own_clock
        self._metrics = metrics
        self._answered_at = clock.now()
        self._store_failed = False
        self._refused_at: datetime | None = None
        self._unsubscribed: list[str] = []
        self._backlog = self._outbox = Backlog(waiting=0, oldest_at=None, dead=0)

    async def look(self) -> int:
        """Report that this worker is alive, and look at inbox and outbox; returns how many workers
        are alive.

        The report also shows whether the store can be written to: otherwise every delivery would
        fail. Raises StoreError.
        """
        try:
            workers = await self._store.report(self._clock.now())
            self._backlog = await self._store.backlog()
            self._outbox = await self._store.outgoing_backlog()
        except Exception:
            self._store_failed = True
            raise
        self._answered_at = self._clock.now()
        self._store_failed = False
        self._metrics.inbox_is(self._backlog, self._answered_at)
        self._metrics.outbox_is(self._outbox, self._answered_at)
        return workers

    def recording_failed(self) -> None:
        """A delivery could not be recorded, even if the looks succeed."""
        self._refused_at = self._clock.now()

    def recorded(self) -> None:
        """The last delivery was recorded."""
        self._refused_at = None

    async def check_webhooks(self) -> None:
        """Notice if Meta has unsubscribed the webhook, which it does without telling anybody."""
        unsubscribed = await self._graph.unsubscribed()
        for page in sorted(set(unsubscribed) - set(self._unsubscribed)):
            logger.error(
                "Meta sends this app no messages of %s: its webhook is not subscribed, or no "
                "longer. %s",
                page,
                _RESUBSCRIBE,
            )
        self._unsubscribed = unsubscribed
        self._metrics.unsubscribed.set(len(unsubscribed))

    def problems(self) -> list[HealthProblem]:
        """What is wrong now, as far as is known; empty if the worker is well."""
        closed_pages = self._graph.closed_pages()
        refused = {
            closed.page for closed in closed_pages if closed.obstacle is Obstacle.UNAUTHORISED
        }
        now = self._clock.now()
        facts = Facts(
            refuses_deliveries=self._refused_at is not None
            and now - self._refused_at <= REFUSAL_COUNTS,
            skew=self._skew(),
            store_answered_at=self._answered_at,
            store_failed=self._store_failed,
            waiting=self._backlog.waiting,
            oldest_at=self._backlog.oldest_at,
            unsent=self._outbox.waiting,
            unsent_since=self._outbox.oldest_at,
            closed_pages=[f"{closed.page}: {closed.reason}" for closed in closed_pages],
            refused_tokens=sorted(refused),
            unsubscribed=self._unsubscribed,
        )
        return problems(facts, now)

    def _skew(self) -> timedelta:
        """Meta's clock minus the machine's, which may be set at any time; zero if unknown."""
        told = self._graph.skew()
        if told is None:
            return timedelta()
        return told + self._own_clock.now() - self._own_clock.wall()


STORE_SILENCE = timedelta(seconds=15)  # several intervals between looks
# For how long a delivery that could not be recorded counts as a problem, if no other one comes.
REFUSAL_COUNTS = timedelta(minutes=1)
INBOX_AGE_LIMIT = timedelta(minutes=5)  # longer than any turn of Rasa's that is not stuck
OUTBOX_AGE_LIMIT = timedelta(minutes=5)


class Part(enum.Enum):
    """What a worker depends on."""

    STORE = "store"
    TOKEN = "token"  # noqa: S105 - the word for it
    WEBHOOK = "webhook"
    INBOX = "inbox"
    OUTBOX = "outbox"
    CLOCK = "clock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a worker knows about the things that it depends on.

    `store_answered_at` is when the store last answered a look, `store_failed` whether the last look
    failed, `refuses_deliveries` whether a delivery could not be recorded lately, and none was since
    then. `skew` is how far Meta's clock is ahead of the machine's. `waiting` and `oldest_at` are
    the inbox at the last look: how many events were waiting, and since when the oldest. `unsent`
    and `unsent_since` are the same for messages of the bot's that Meta does not have yet.
    `refused_tokens` names the pages whose token Meta refuses, `closed_pages` those that can't be
    used now, with the reason, `unsubscribed` those whose messages Meta does not send.
    """

    store_answered_at: datetime
    store_failed: bool
    waiting: int
    oldest_at: datetime | None
    refused_tokens: Sequence[str]
    unsent: int = 0
    unsent_since: datetime | None = None
    closed_pages: Sequence[str] = ()
    refuses_deliveries: bool = False
    skew: timedelta = timedelta()
    unsubscribed: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthProblem:
    """What is wrong, and what whoever runs the bot can do. Names no person and no secret."""

    part: Part
    message: str
    remedy: str


def problems(facts: Facts, now: datetime) -> list[HealthProblem]:
    """All that is wrong; empty if the worker is well."""
    store = _store(facts, now)
    found = [store, _tokens(facts), _webhook(facts), _clock(facts)]
    if store is None:  # otherwise nothing is known about inbox and outbox
        found += [_inbox(facts, now), _outbox(facts, now)]
    return [problem for problem in found if problem is not None]


def _store(facts: Facts, now: datetime) -> HealthProblem | None:
    is_silent = now - facts.store_answered_at > STORE_SILENCE
    if not facts.store_failed and not is_silent:
        return _recording(facts)
    return HealthProblem(
        part=Part.STORE,
        message=f"The session store has not answered since {facts.store_answered_at:%H:%M:%S} UTC.",
        remedy="Look for 'Work waits for the store' in the log, which has what the database said. "
        "Check that the database of 'store' in credentials.yml runs, can be reached, and can be "
        "written to.",
    )


def _recording(facts: Facts) -> HealthProblem | None:
    if not facts.refuses_deliveries:
        return None
    return HealthProblem(
        part=Part.STORE,
        message="The session store answers, but did not record the last delivery.",
        remedy="Look for 'A delivery was refused' in the log, which has what the database said. "
        "Check that the disk has room and that nobody holds a lock on the bot's tables.",
    )


def _clock(facts: Facts) -> HealthProblem | None:
    if abs(facts.skew) <= MOST_SKEW:
        return None
    return HealthProblem(
        part=Part.CLOCK,
        message=in_words(facts.skew),
        remedy="Let the machine keep its time by NTP. Timeouts work as they should, but the "
        "24-hour window is misjudged, and so are dates after the next start.",
    )


def _tokens(facts: Facts) -> HealthProblem | None:
    if not facts.refused_tokens:
        return None
    return HealthProblem(
        part=Part.TOKEN,
        message=f"Meta refuses the access token of {', '.join(facts.refused_tokens)}.",
        remedy="Make a new one in the app's Messenger settings at Meta, put it in place of the old "
        "one under 'page-access-token' in credentials.yml, and restart Rasa. What users write "
        "waits until then.",
    )


def _webhook(facts: Facts) -> HealthProblem | None:
    if not facts.unsubscribed:
        return None
    return HealthProblem(
        part=Part.WEBHOOK,
        message=f"Meta sends no messages of {', '.join(facts.unsubscribed)}: the app is not "
        "subscribed there.",
        remedy=_RESUBSCRIBE,
    )


def _inbox(facts: Facts, now: datetime) -> HealthProblem | None:
    if facts.oldest_at is None or now - facts.oldest_at <= INBOX_AGE_LIMIT:
        return None
    return HealthProblem(
        part=Part.INBOX,
        message=f"The oldest of {facts.waiting} events in the inbox has waited since "
        f"{facts.oldest_at:%Y-%m-%d %H:%M:%S} UTC; {_minutes(INBOX_AGE_LIMIT)} are allowed.",
        remedy="Nothing is lost, but users wait. Check that Rasa has loaded a model, and look in "
        "the log for what turns or events wait for. If more is written than Rasa can answer, add "
        "workers or raise 'max-turns'.",
    )


def _outbox(facts: Facts, now: datetime) -> HealthProblem | None:
    if facts.unsent_since is None or now - facts.unsent_since <= OUTBOX_AGE_LIMIT:
        return None
    closed = " ".join(facts.closed_pages) or "No page is known to be closed."
    return HealthProblem(
        part=Part.OUTBOX,
        message=f"The oldest of the bot's {facts.unsent} unsent messages has waited since "
        f"{facts.unsent_since:%Y-%m-%d %H:%M:%S} UTC. {closed}",
        remedy="Nothing is lost: they are sent in order once Meta accepts them. Do what the reason "
        "says; without one, look in the log for what Graph answers to 'send'.",
    )


def _minutes(duration: timedelta) -> str:
    return f"{duration // timedelta(minutes=1)} minutes"
