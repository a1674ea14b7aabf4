"""What stands between the engine and the world, and remembers what passed by."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from rasa.core.channels.channel import OutputChannel

from channels.core.briefing.turns import HANDOVER_ENDED, external_text
from channels.core.errors import NotThreadOwner
from channels.core.events import Thread, page_and_user_of
from channels.core.meta.ownership import Owner
from channels.core.records.outgoing import Outgoing, OutgoingEntry
from channels.core.sessions.feedback import LATEST
from channels.core.sessions.session import (
    EndReason,
    Session,
    State,
    is_for_the_bot,
    is_window_open,
    session_id_for,
)
from channels.dialogue.assistant import Turn
from channels.graph.protocol import Graph
from channels.instruments.clock import Clock
from channels.store.protocol import Store
from tests.search.property.office_hours import is_anybody_there
from tests.search.property.tracking_assistant import SCORES, TrackingAssistant, answer_to

_NEVER = datetime.fromtimestamp(0, timezone.utc)


class KeepingStore:
    """A store that keeps every version of every session.

    `silent_at` says when it was last stored that somebody else has a user's thread. A session that
    ends without the thread leaves it, and nobody watches it any more: what was known is given up.
    `said_in_order` has the marks of the bot's messages, by their users and in the order of saying,
    `out_of_hours` what was done in sessions that the hours forbid. `process` is the clock by which
    the hours go.
    """

    def __init__(self, store: Store, clock: Clock, *, zone: str) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self.process: Clock = clock
        self.versions: defaultdict[str, list[Session]] = defaultdict(list)
        self.silent_at: dict[str, datetime] = {}
        self.said_in_order: defaultdict[str, list[str]] = defaultdict(list)
        self.out_of_hours: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def add_session(self, session: Session, **claim: Any) -> bool:
        return self._keep(session, await self._store.add_session(session, **claim))

    async def save_session(self, session: Session, **claim: Any) -> bool:
        return self._keep(session, await self._store.save_session(session, **claim))

    async def follow_session(self, ended: Session, following: Session, **claim: Any) -> bool:
        stored = await self._store.follow_session(ended, following, **claim)
        return self._keep(ended, stored) and self._keep(following, stored)

    async def say(self, said: Outgoing, **options: Any) -> OutgoingEntry | None:
        self.said_in_order[said.thread.user].append(said.mark)
        return await self._store.say(said, **options)

    def sessions(self) -> list[Session]:
        """Each session as it is now."""
        return [versions[-1] for versions in self.versions.values()]

    def open_session_of(self, user: str) -> Session | None:
        """The open session of a user."""
        ones = (one for one in self.sessions() if one.is_open and one.thread.user == user)
        return next(ones, None)

    def has_been_taken_back(self, user: str, at: datetime) -> bool:
        """Whether a user's last session had ended by then, or a word of theirs had ended it."""
        last = self.last_ended_of(user)
        # What was heard so and routed is the session's last word then.
        return last is not None and (is_for_the_bot(at, last) or last.last_user_at == at)

    def is_anybody_there(self) -> bool:
        """Whether it is within the hours, by the process's clock."""
        return is_anybody_there(self._zone, self.process.now())

    def last_ended_of(self, user: str) -> Session | None:
        """The session of a user that ended last."""
        ended = [one for one in self.sessions() if not one.is_open and one.thread.user == user]
        return max(ended, key=lambda one: (one.ended_at or _NEVER, one.id), default=None)

    def _check_hours(self, session: Session) -> None:
        """A session that is opened, or that waits, by its plan's hours; apps may ask any time."""
        before = self.versions[session.id][-1:]
        if session.plan.hours is None or session.is_adopted:
            return
        is_open = self.is_anybody_there()
        if not before:
            was_right = (session.state is State.OPENING) == is_open
        elif before[0].is_waiting and session.state is State.OPENING:
            was_right = is_open or session.plan.target_app != before[0].plan.target_app
        else:
            ends_as_closed = EndReason.CLOSED is session.reason is not before[0].reason
            was_right = not (ends_as_closed and is_open)  # Rasa may hear of it later
        if not was_right:
            told = f"{session.id} becomes {session.state} for {session.reason}, open: {is_open}"
            self.out_of_hours.append(told)

    def _keep(self, session: Session, stored: bool) -> bool:
        if stored:
            self._check_hours(session)
            self.versions[session.id].append(session)
            if session.state is State.ACTIVE:
                self.silent_at[session.thread.user] = self._clock.now()
            elif not session.is_open and not session.regained:
                self.silent_at.pop(session.thread.user, None)
        return stored


class WatchedGraph:
    """A Graph that notes each message that was sent although the bot knew better.

    `refused` has the users whose thread turned out to be somebody else's, each with the time at
    which the bot had last known of such a thing.
    """

    def __init__(self, graph: Graph, store: KeepingStore, clock: Clock) -> None:
        self._graph = graph
        self._clock = clock
        self._store = store
        self.against_better_knowledge: list[Mapping[str, Any]] = []
        self.refused: list[tuple[str, datetime]] = []
        self._untold_at: dict[str, datetime] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._graph, name)

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        session = self._store.open_session_of(thread.user)
        if session is not None and not self._may_send(session, message):
            self.against_better_knowledge.append(message)
        known_at = self._store.silent_at.get(thread.user, _NEVER)
        try:
            return await self._graph.send(thread, message, mark=mark)
        except NotThreadOwner:
            if self._untold_at.get(thread.user, _NEVER) < known_at:
                self.refused.append((thread.user, known_at))
            raise

    async def owner(self, thread: Thread) -> Owner:
        """Where Meta does not tell, a pass to the bot is believed, which may be over by then."""
        owner = await self._graph.owner(thread)
        if owner in (Owner.UNKNOWN, Owner.HIDDEN):
            self._untold_at[thread.user] = self._clock.now()
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
    """An assistant that notes each text of a user's that was meant for a person.

    `on_standby` has the messages that came on `standby`, by their ids: when each was written.
    `rated` has what users last said of a session: several things, if a score was cut off on its
    way. `misinformed` has what Rasa was told of the hours and is wrong.
    """

    def __init__(self, assistant: TrackingAssistant, store: KeepingStore) -> None:
        self._assistant = assistant
        self._store = store
        self.on_standby: dict[str | None, datetime] = {}
        self.overheard: list[str] = []
        self.misinformed: list[str] = []
        self.rated: defaultdict[str, set[int | str]] = defaultdict(set)
        assistant.rating = self._rating

    def __getattr__(self, name: str) -> Any:
        return getattr(self._assistant, name)

    async def take_turn(self, turn: Turn, output: OutputChannel) -> bool:
        if turn.parse_data is None:
            if self._is_for_a_person(turn):
                self.overheard.append(turn.text)
            self._check_hours(turn)
        return await self._assistant.take_turn(turn, output)

    @contextmanager
    def _rating(self, turn: Turn) -> Iterator[None]:
        """While a user's score is on its way to the session that it is about."""
        session = self._store.last_ended_of(page_and_user_of(turn.sender_id)[1])
        now, score = self._store.process.now(), SCORES[turn.text]
        is_kept = session is not None and session.ended_at and now - session.ended_at <= LATEST
        if session is None or not is_kept:
            yield
            return
        self.rated[session.id] |= {score}
        yield
        self.rated[session.id] = {score}

    def _check_hours(self, turn: Turn) -> None:
        told = turn.metadata["handover"]["evening"]["open"]
        if told is not self._store.is_anybody_there():
            self.misinformed.append(f"Rasa is told that the team is there: {told}.")

    def _is_for_a_person(self, turn: Turn) -> bool:
        _, user = page_and_user_of(turn.sender_id)
        session = self._store.open_session_of(user)
        written_at = self.on_standby.get(turn.message_id)
        if written_at is not None and session is None:
            return not self._store.has_been_taken_back(user, written_at)
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
