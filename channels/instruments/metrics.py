"""What the plugin counts and measures, for Prometheus.

No label holds anything of a user's: each has a closed list of values. Durations are in seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ..core.records.kept import Backlog
from ..core.sessions.feedback import SCORES
from ..core.sessions.session import EndReason, Session

# The edges of the buckets, in seconds. Meta expects an acknowledgement at once; users notice a turn
# that takes a second or more; operators are people.
_ACK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_TURN = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120)
_ANSWER = (5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)

_STARTED_BY = ("bot", "somebody else")
_NOTICE_OUTCOMES = ("told", "failed", "dead")
_REQUEST_ANSWERS = ("granted", "refused")
_TOLD = ("start", "end")


class Metrics:
    """One worker's figures; `page` gives them in Prometheus' text format.

    If PROMETHEUS_MULTIPROC_DIR names a directory, the page has those of all processes that write
    there (prometheus_client, "Multiprocess Mode").
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.opened = self._counter("sessions_opened", "Sessions opened.", "started_by")
        self.ended = self._counter("sessions_ended", "Sessions ended, by reason.", "reason")
        self.stuck = self._counter(
            "threads_not_returned",
            "Threads that Meta refuses to give back: switch on 'Take control of conversations'.",
        )
        self.loops = self._counter(
            "sessions_not_opened", "Sessions not opened because too many had begun in a row."
        )
        self.requests = self._counter(
            "requests", "Apps that asked for a thread, by the answer.", "answer"
        )
        self.feedback = self._counter(
            "feedback", "What users thought of handovers, by their score.", "score"
        )
        self.notices = self._counter(
            "notices", "Tries to tell operators of a handover, by what came of them.", "outcome"
        )
        self.wrong_tokens = self._counter(
            "admin_tokens_refused", "Calls of the operator API without the right admin token."
        )
        self.foreign_events = self._counter(
            "events_of_other_pages", "Events left out because their page is not the bot's."
        )
        self.untold = self._counter(
            "untold", "Starts and ends of handovers that Rasa could not be told of.", "what"
        )
        self.dead = self._counter("events_dead", "Events set aside for good by this worker.")
        self.graph_calls = self._counter(
            "graph_calls",
            "What was asked of Meta's Graph API, and what came of it.",
            "verb outcome",
        )
        self.open = self._gauge("sessions_open", "Sessions that have not ended.")
        self.waiting = self._gauge("sessions_waiting", "Sessions that wait for a plan's hours.")
        self.unsubscribed = self._gauge(
            "pages_unsubscribed", "Pages whose messages Meta does not send to this app."
        )
        self.probe_interval = self._gauge(
            "owner_probe_interval_seconds",
            "Least time between two looks at a thread's owner; it grows with the sessions.",
        )
        self._waiting = self._gauge("inbox_waiting", "Events recorded and not handled yet.")
        self._oldest = self._gauge(
            "inbox_oldest_age_seconds", "How long the oldest event of the inbox has waited."
        )
        self._dead_kept = self._gauge("inbox_dead", "Events set aside that the store still has.")
        self._unsent = self._gauge("outbox_waiting", "Bot messages that Meta does not have yet.")
        self._oldest_unsent = self._gauge(
            "outbox_oldest_age_seconds", "How long the oldest message of the outbox has waited."
        )
        self._held = self._gauge("outbox_held", "Messages held until their user writes.")
        self._dead_messages = self._gauge(
            "outbox_dead", "Messages set aside that the store still has."
        )
        self._untold = self._gauge("notices_waiting", "Notices not delivered to operators yet.")
        self._oldest_untold = self._gauge(
            "notices_oldest_age_seconds", "How long the oldest notice to operators has waited."
        )
        self._acks = self._histogram(
            "ack_seconds", "From a delivery's arrival to the answer, by status.", _ACK, "status"
        )
        self._acks_by_status: dict[int, Histogram] = {}
        self._turns = self._histogram(
            "turn_seconds",
            "Rasa's turns, until the answers are stored and the tracker saved.",
            _TURN,
        )
        self._first_answers = self._histogram(
            "first_answer_seconds",
            "From a session's opening to the operator's first message.",
            _ANSWER,
            "started_by",
        )
        self._graph_calls_expected: list[tuple[str, str]] = []

    def page(self) -> bytes:
        self._show_at_zero()
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def acknowledged(self, status: int, took: timedelta) -> None:
        """A webhook delivery has been answered."""
        acks = self._acks_by_status.get(status)
        if acks is None:
            acks = self._acks_by_status[status] = self._acks.labels(str(status))
        acks.observe(_seconds(took))

    def turn_taken(self, took: timedelta) -> None:
        """Rasa has handled a message completely."""
        self._turns.observe(_seconds(took))

    def first_answered(self, session: Session, after: timedelta) -> None:
        """The first message of an operator in a session."""
        self._first_answers.labels(started_by(session)).observe(_seconds(after))

    def inbox_is(self, backlog: Backlog, now: datetime) -> None:
        """What waits in the inbox now."""
        self._waiting.set(backlog.waiting)
        self._oldest.set(_age(backlog, now))
        self._dead_kept.set(backlog.dead)

    def outbox_is(self, backlog: Backlog, now: datetime) -> None:
        """What waits in the outbox now."""
        self._unsent.set(backlog.waiting)
        self._oldest_unsent.set(_age(backlog, now))
        self._held.set(backlog.held)
        self._dead_messages.set(backlog.dead)

    def notices_are(self, backlog: Backlog, now: datetime) -> None:
        """The notices that wait now."""
        self._untold.set(backlog.waiting)
        self._oldest_untold.set(_age(backlog, now))

    def expect_graph_calls(self, verbs: Iterable[str], outcomes: Sequence[str]) -> None:
        """Each of these is shown, at zero, even before the first such call."""
        self._graph_calls_expected = list(product(verbs, outcomes))

    def _show_at_zero(self) -> None:
        """Show what has not happened yet: a rise is noticed only from an earlier figure."""
        for starter in _STARTED_BY:
            self.opened.labels(starter)
            self._first_answers.labels(starter)
        for reason in EndReason:
            self.ended.labels(reason.value)
        for score in SCORES:
            self.feedback.labels(str(score))
        for outcome in _NOTICE_OUTCOMES:
            self.notices.labels(outcome)
        for what in _TOLD:
            self.untold.labels(what)
        for answer in _REQUEST_ANSWERS:
            self.requests.labels(answer)
        for verb, outcome in self._graph_calls_expected:
            self.graph_calls.labels(verb, outcome)

    def _counter(self, name: str, meaning: str, labels: str = "") -> Counter:
        return Counter(_full(name), meaning, labels.split(), registry=self._registry)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        # All workers look at the same store, so the latest look counts.
        return Gauge(_full(name), meaning, multiprocess_mode="mostrecent", registry=self._registry)

    def _histogram(
        self, name: str, meaning: str, edges: Sequence[float], labels: str = ""
    ) -> Histogram:
        return Histogram(
            _full(name), meaning, labels.split(), buckets=edges, registry=self._registry
        )


def started_by(session: Session) -> str:
    """Who began a handover, as a label."""
    return _STARTED_BY[session.is_adopted]


def _full(name: str) -> str:
    return f"rasa_handover_{name}"


def _age(backlog: Backlog, now: datetime) -> float:
    """How long the oldest has waited; 0 if nothing waits."""
    return _seconds(now - backlog.oldest_at) if backlog.oldest_at else 0


def _seconds(duration: timedelta) -> float:
    """At least 0: a clock that was set back must not make a sum fall."""
    return max(duration.total_seconds(), 0)
