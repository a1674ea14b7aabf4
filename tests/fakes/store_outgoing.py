"""What the bot says, in the store in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from channels.core.errors import BotSilenced, ClaimLost
from channels.core.events import Thread
from channels.core.records.dead import Dead, DeadId, Part
from channels.core.records.kept import Backlog, Lookup
from channels.core.records.outgoing import Outgoing, OutgoingEntry, Said, Standing
from channels.core.sessions.session import Session, State, last_ended
from channels.store.protocol import CLAIM_LEASE
from tests.fakes.store_rows import FIRST_MOMENT, GIVEN_BACK, NOT_LOST, REVIVED, Rows, is_over


class Message(msgspec.Struct, kw_only=True):
    """One of the bot's messages; `state` is "waiting", "held", "sent" or "dropped"."""

    position: int
    said: Outgoing
    state: str
    claimed_by: str | None
    claimed_until: datetime
    failures: int = 0
    mid: str = ""
    handled_at: datetime | None = None
    is_doubtful: bool = False
    was_lost: bool = False
    attempts: int = 0
    error: str = ""

    def dead(self) -> Dead:
        assert self.handled_at is not None
        return Dead(
            id=DeadId(part=Part.MESSAGE, position=self.position),
            thread=self.said.thread,
            kind="message",
            since=self.said.said_at,
            died_at=self.handled_at,
            error=self.error or "unknown",
        )

    def entry(self) -> OutgoingEntry:
        return OutgoingEntry(
            position=self.position,
            outgoing=self.said,
            is_doubtful=self.is_doubtful,
            was_lost=self.was_lost,
            attempts=self.attempts,
        )


class OutgoingInMemory:
    """The part of a worker's `Store` that is about what the bot says."""

    is_alone: bool
    worker: str
    _rows: Rows

    def __init__(self) -> None:
        self._messages_in_hand: set[int] = set()

    async def time(self) -> datetime | None:
        return None

    async def say(
        self, said: Outgoing, *, in_hand: bool = True, held: bool = False, in_turn: bool = False
    ) -> OutgoingEntry | None:
        if not self.is_alone:
            self._check_claims(said, in_turn=in_turn)
        session = self._rows.open_session(said.thread)
        if session is not None and session.silences(said.cause):
            raise BotSilenced("A live agent has the thread.")
        waits_elsewhere = any(
            each.said.thread == said.thread and each.claimed_by != self.worker
            for each in self._waiting()
        )
        held = held or any(
            each.state == "held" and each.said.thread == said.thread
            for each in self._messages.values()
        )
        is_ours = in_hand and not held and not waits_elsewhere
        self._rows.last_message += 1
        message = Message(
            position=self._rows.last_message,
            # As a database returns it: what is not JSON does not survive.
            said=msgspec.json.decode(msgspec.json.encode(said), type=Outgoing),
            state="held" if held else "waiting",
            claimed_by=self.worker if is_ours else None,
            claimed_until=said.said_at + CLAIM_LEASE if is_ours else FIRST_MOMENT,
        )
        self._messages[message.position] = message
        return self._taken([message])[0] if is_ours else None

    async def said(self, thread: Thread, turn: str) -> list[Said]:
        return [
            Said(
                position=each.position,
                place=each.said.place,
                message=each.said.message,
                response=each.said.response,
                is_waiting=each.state in ("waiting", "held"),
            )
            for each in (*self._rows.handled_messages.values(), *self._messages.values())
            if each.said.thread == thread and each.said.turn == turn and each.state != "dropped"
        ]

    async def take_again(self, position: int, now: datetime) -> OutgoingEntry | None:
        message = self._messages.get(position)
        if message is None or message.state != "waiting" or message.claimed_by != self.worker:
            return None
        if self._is_behind_a_lost_one(message):
            _give_back(message)
            return None
        message.claimed_until = now + CLAIM_LEASE
        self._messages_in_hand.add(position)
        return message.entry()

    async def withdraw(self, positions: Sequence[int]) -> None:
        for position in positions:
            if position in self._messages and self._is_of_our_turn(self._messages[position].said):
                del self._messages[position]
        self._messages_in_hand.difference_update(positions)

    async def claim_outgoing(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[OutgoingEntry]:
        told = await self.time()
        claimable = [
            each
            for each in self._waiting()
            if each.position not in self._messages_in_hand
            and is_over(each.claimed_until, now, told)
            and each.said.thread not in without_threads
            and each.said.thread.page not in without_pages
            and not self._is_behind_another_worker(each, now, told)
            and not self._is_said_again(each.said)
        ]
        return self._claimed(claimable[:limit], now)

    async def look_up(self, thread: Thread, *, since: datetime) -> Lookup:
        of_thread = (each for each in self._rows.open_sessions() if each.thread == thread)
        sessions = [kept.session for kept in self._rows.sessions.values()]
        ended = [each for each in sessions if each.thread == thread]
        held = [
            each
            for each in self._messages.values()
            if each.state == "held" and each.said.thread == thread
        ]
        return Lookup(
            session=next(of_thread, None),
            ended=last_ended(ended, since=since),
            is_held=bool(held),
        )

    async def free_held(self, thread: Thread, now: datetime) -> list[OutgoingEntry]:
        held = [
            each
            for each in self._messages.values()
            if each.state == "held" and each.said.thread == thread
        ]
        return self._claimed(held, now)

    async def before_send(self, entry: OutgoingEntry) -> tuple[Standing | None, Session | None]:
        message = self._message(entry.position)
        if message is not None and message.state == "waiting":
            if message.claimed_by == self.worker and self._is_behind_a_lost_one(message):
                _give_back(message)
            message = message if message.claimed_by == self.worker else None
        standing = None if message is None else Standing(message.state)
        if standing is not Standing.WAITING:
            self._messages_in_hand.discard(entry.position)
        return standing, self._rows.open_session(entry.outgoing.thread)

    async def sent(self, position: int, mid: str, now: datetime) -> None:
        message = self._message(position)
        if message is not None:
            message.mid = mid or message.mid
            self._handle(message, "sent", now)
        self._messages_in_hand.discard(position)

    async def hold(self, position: int) -> None:
        message = self._message(position)
        for each in self._waiting():
            is_of_thread = message is not None and each.said.thread == message.said.thread
            if is_of_thread and each.position >= position:
                each.state, each.claimed_by, each.claimed_until = "held", None, FIRST_MOMENT
                self._messages_in_hand.discard(each.position)

    async def drop(self, entry: OutgoingEntry, now: datetime, *, rest: bool = False) -> None:
        for each in self._waiting():
            is_of_turn = (each.said.thread, each.said.turn) == (
                entry.outgoing.thread,
                entry.outgoing.turn,
            )
            if each.position == entry.position or (rest and is_of_turn):
                self._handle(each, "dropped", now)
        self._messages_in_hand.discard(entry.position)

    async def give_up(self, position: int, now: datetime, *, error: str) -> None:
        message = self._messages.get(position)
        if message is not None and message.state == "waiting":
            message.error = error
            self._handle(message, "dead", now)
        self._messages_in_hand.discard(position)

    async def answer_lost(self, position: int) -> int:
        message = self._message(position)
        if message is None:
            return 0
        message.failures += message.state == "waiting"
        return message.failures

    async def waits_outgoing(self, thread: Thread) -> bool:
        return any(each.said.thread == thread for each in self._waiting())

    async def outgoing_backlog(self) -> Backlog:
        said_at = [each.said.said_at for each in self._waiting()]
        held = sum(each.state == "held" for each in self._messages.values())
        return Backlog(
            waiting=len(said_at),
            oldest_at=min(said_at, default=None),
            dead=len(self._dead_messages()),
            held=held,
        )

    async def keep_echo(self, mark: str, now: datetime) -> None:
        for each in self._waiting():
            if each.said.mark == mark:
                self._handle(each, "sent", now)

    async def has_echo(self, mark: str) -> bool:
        handled = self._rows.handled_messages.values()
        return any(each.state == "sent" and each.said.mark == mark for each in handled)

    async def unconfirmed(self, thread: Thread) -> list[OutgoingEntry]:
        handled = [
            each
            for each in self._rows.handled_messages.values()
            if (each.state == "dropped" and each.failures)
            or (each.state == "sent" and not each.mid)
        ]
        first = [each for each in self._waiting() if each.said.thread == thread][:1]
        found = first + [each for each in handled if each.said.thread == thread]
        return [
            OutgoingEntry(position=each.position, outgoing=each.said)
            for each in sorted(found, key=lambda each: each.position)
        ]

    async def has_mid(self, mid: str) -> bool:
        return any(each.mid == mid for each in self._rows.handled_messages.values())

    def _dead_messages(self) -> list[Message]:
        return [each for each in self._rows.handled_messages.values() if each.state == "dead"]

    def _revive_messages(self, ids: Collection[DeadId] | None) -> int:
        revived = [each for each in self._dead_messages() if ids is None or each.dead().id in ids]
        for each in revived:
            each.state, each.handled_at, each.failures, each.attempts = "waiting", None, 0, 0
            each.claimed_by, each.claimed_until = REVIVED, FIRST_MOMENT
            self._messages[each.position] = self._rows.handled_messages.pop(each.position)
        self._rows.messages = dict(sorted(self._messages.items()))
        return len(revived)

    def _check_claims(self, said: Outgoing, *, in_turn: bool) -> None:
        if said.event_key is not None:
            entry = self._rows.entries.get(said.event_key)
            is_ours = entry is not None and entry.handled_at is None
            if not is_ours or entry is None or entry.claimed_by != self.worker:
                raise ClaimLost("Another worker has taken over the event")
        reserved = self._rows.turns.get(said.thread)
        if in_turn and (reserved is None or reserved.worker != self.worker):
            raise ClaimLost("Another worker has taken over the turn")

    def _message_held_until(self, position: int) -> datetime | None:
        message = self._messages.get(position)
        if message is None or message.state != "waiting" or message.claimed_by != self.worker:
            return None
        if self._is_behind_a_lost_one(message):
            return None
        return message.claimed_until

    def _drop_unsent(self, session: Session) -> None:
        """What is held, if an agent is about to talk; and what waits, if one talks already."""
        drops = {State.OPENING: ["held"], State.ACTIVE: ["held", "waiting"]}
        dropped = drops.get(session.state, [])
        for each in list(self._messages.values()):
            if each.said.thread == session.thread and each.state in dropped:
                self._handle(each, "dropped", session.opened_at)

    def _renew_messages(self, now: datetime) -> None:
        own = self._own()
        ours = [each for each in own if not self._is_behind_a_lost_one(each)]
        for each in ours:
            each.claimed_until = now + CLAIM_LEASE
        for each in own:
            if each not in ours:
                _give_back(each)
        self._messages_in_hand.intersection_update(each.position for each in ours)

    def _release_messages(self) -> None:
        for each in self._own():
            _give_back(each)
        self._messages_in_hand.clear()

    def _message(self, position: int) -> Message | None:
        return self._messages.get(position) or self._rows.handled_messages.get(position)

    def _handle(self, message: Message, state: str, now: datetime) -> None:
        message.state, message.handled_at = state, now
        self._messages.pop(message.position, None)
        self._rows.handled_messages[message.position] = message

    @property
    def _messages(self) -> dict[int, Message]:
        return self._rows.messages

    def _waiting(self) -> list[Message]:
        return [each for each in self._messages.values() if each.state == "waiting"]

    def _own(self) -> list[Message]:
        return [
            each
            for each in self._waiting()
            if each.position in self._messages_in_hand and each.claimed_by == self.worker
        ]

    def _is_behind_a_lost_one(self, message: Message) -> bool:
        return any(
            earlier.position < message.position
            and earlier.said.thread == message.said.thread
            and (earlier.claimed_until > FIRST_MOMENT or earlier.claimed_by == GIVEN_BACK)
            and earlier.claimed_by != self.worker
            for earlier in self._waiting()
        )

    def _is_behind_another_worker(
        self, message: Message, now: datetime, told: datetime | None
    ) -> bool:
        return any(
            earlier.position < message.position
            and earlier.said.thread == message.said.thread
            and not is_over(earlier.claimed_until, now, told)
            and earlier.claimed_by != self.worker
            for earlier in self._waiting()
        )

    def _is_of_our_turn(self, said: Outgoing) -> bool:
        if said.event_key is None:
            return True
        event = self._rows.entries.get(said.event_key)
        is_waiting = event is not None and event.handled_at is None
        return is_waiting and event is not None and event.claimed_by == self.worker

    def _is_said_again(self, said: Outgoing) -> bool:
        """Whether a crash has cut its turn short, so that it is taken again."""
        event = self._rows.entries.get(said.event_key or "")
        kept = self._rows.sessions.get(said.session_id or "")
        return (event is not None and event.handled_at is None) or (
            kept is not None and kept.session.state is State.ENDING
        )

    def _claimed(self, messages: list[Message], now: datetime) -> list[OutgoingEntry]:
        for each in messages:
            each.is_doubtful = each.claimed_by is not None
            each.was_lost = each.claimed_by not in NOT_LOST
            each.state, each.claimed_by = "waiting", self.worker
            each.claimed_until = now + CLAIM_LEASE
        return self._taken(
            [each for each in messages if each.position not in self._messages_in_hand]
        )

    def _taken(self, messages: list[Message]) -> list[OutgoingEntry]:
        self._messages_in_hand.update(each.position for each in messages)
        return [each.entry() for each in messages]


def _give_back(message: Message) -> None:
    message.claimed_by, message.claimed_until = GIVEN_BACK, FIRST_MOMENT
    message.attempts = 0
