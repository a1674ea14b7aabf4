"""What stands between a worker's engine and the world, and remembers what passed by."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.turns import HANDOVER_ENDED, external_text
from channels.core.errors import ClaimLost, NotThreadOwner
from channels.core.events import Thread, page_and_user_of
from channels.core.meta.ownership import Owner
from channels.core.sessions.feedback import LATEST
from channels.core.sessions.session import (
    Session,
    State,
    is_window_open,
    session_id_for,
)
from channels.dialogue.assistant import Turn
from channels.graph.protocol import Graph
from channels.instruments.clock import Clock
from channels.instruments.log_fields import thread_hash
from tests.search.property.bot.history import History, KeepingStore
from tests.search.property.bot.processes import NEVER, Process
from tests.search.property.bot.tracking_assistant import SCORES, TrackingAssistant, answer_to


@dataclass(kw_only=True)
class Observed:
    """What the witnesses of all workers have seen.

    `against_better_knowledge` has the messages that were sent although the bot knew better,
    `refused` the users whose thread turned out to be somebody else's, each with the time at which
    the bot had last known of such a thing, `untold_at` when Meta did not tell whose a thread is.

    `on_standby` has the messages that came on `standby`, by their ids: when each was written.
    `overheard` has the texts that were meant for a person, `misinformed` what Rasa was told of the
    hours and is wrong. `rated` has what users last said of a session: several things, if a score
    was cut off on its way.
    """

    against_better_knowledge: list[Mapping[str, Any]] = field(default_factory=list)
    refused: list[tuple[str, datetime]] = field(default_factory=list)
    untold_at: dict[str, datetime] = field(default_factory=dict)
    on_standby: dict[str | None, datetime] = field(default_factory=dict)
    overheard: list[str] = field(default_factory=list)
    misinformed: list[str] = field(default_factory=list)
    rated: defaultdict[str, set[int | str]] = field(default_factory=lambda: defaultdict(set))


class WatchedGraph:
    """One worker's Graph. What it knows is what was stored when it last looked."""

    def __init__(
        self, graph: Graph, *, store: KeepingStore, clock: Clock, observed: Observed
    ) -> None:
        self._graph = graph
        self._clock = clock
        self._store = store
        self._observed = observed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        looked = self._store.looked.pop(mark, None)
        session, known_at = looked or self._store.known_of(thread.user)
        knows_better = session is not None and not self._may_send(session, message)
        try:
            return await self._graph.send(thread, message, mark=mark)
        except ClaimLost:  # it stood still since it looked: nothing was sent
            knows_better = False
            raise
        except NotThreadOwner:
            if self._observed.untold_at.get(thread.user, NEVER) < known_at:
                self._observed.refused.append((thread.user, known_at))
            raise
        finally:
            if knows_better:
                self._observed.against_better_knowledge.append(message)

    async def owner(self, thread: Thread) -> Owner:
        """Where Meta does not tell, a pass to the bot is believed, which may be over by then."""
        owner = await self._graph.owner(thread)
        if owner in (Owner.UNKNOWN, Owner.HIDDEN):
            self._observed.untold_at[thread.user] = self._clock.now()
        return owner

    def _may_send(self, session: Session, message: Mapping[str, Any]) -> bool:
        if session.is_waiting:
            return True  # the bot goes on talking
        if session.state is State.OPENING:
            return True  # what was said before the handover goes out before control is passed
        begins_follow_up = message.get("text") == answer_to(external_text(HANDOVER_ENDED))
        is_in_time = is_window_open(session, self._clock.now())
        return session.regained and (is_in_time or not begins_follow_up)


class WatchedAssistant:
    """One worker's Rasa: it notes each text of a user's that was meant for a person."""

    def __init__(
        self, rasa: TrackingAssistant, *, history: History, process: Process, observed: Observed
    ) -> None:
        self._rasa = rasa
        self._history = history
        self._process = process
        self._observed = observed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rasa, name)

    async def take_turn(self, turn: Turn, output: OutputChannel) -> bool:
        if turn.parse_data is None:
            if self._is_for_a_person(turn) and not self._process.has_just_gone_on:
                self._observed.overheard.append(turn.text)
            self._check_hours(turn)
        return await self._rasa.attempt(turn, output, process=self._process, rating=self._rating)

    @contextmanager
    def _rating(self, turn: Turn) -> Iterator[None]:
        """While a user's score is on its way to the session that it is about."""
        session = self._history.last_ended_of(page_and_user_of(turn.sender_id)[1])
        now, score = self._history.shared.now(), SCORES[turn.text]
        is_kept = session is not None and session.ended_at and now - session.ended_at <= LATEST
        if session is None or not is_kept:
            yield
            return
        self._observed.rated[session.id] |= {score}
        yield
        self._observed.rated[session.id] = {score}

    def _check_hours(self, turn: Turn) -> None:
        told = turn.metadata["handover"]["evening"]["open"]
        if told not in map(self._history.is_anybody_there, self._process.moments()):
            self._observed.misinformed.append(f"Rasa is told that the team is there: {told}.")

    def _is_for_a_person(self, turn: Turn) -> bool:
        _, user = page_and_user_of(turn.sender_id)
        session = self._history.open_session_of(user)
        written_at = self._observed.on_standby.get(turn.message_id)
        if written_at is not None and session is None:
            return not self._history.has_been_taken_back(user, written_at)
        if session is None or session.is_waiting or session.regained:
            return False
        cause = f"{session.thread.page}/messaging/{turn.message_id}"
        return session.id != session_id_for(cause)  # a cause that comes once more is for Rasa


class ProblemLog(logging.Handler):
    """What the channel has logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def tells_of(self, session: Session, words: str = "") -> bool:
        """Whether an error names the session, in these words."""
        return any(
            getattr(record, "session_id", None) == session.id and words in record.getMessage()
            for record in self.records
        )

    def tells_of_thread(self, thread: Thread, words: str) -> bool:
        """The same of a thread."""
        return any(
            getattr(record, "thread_hash", None) == thread_hash(thread)
            and words in record.getMessage()
            for record in self.records
        )
