"""The store in memory: the shortest code that does what a Store promises."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from channels.core.briefing.transcript import line_key, text_of
from channels.core.events import Edited, Event, TakenBack, Thread
from channels.core.records.amendments import (
    Amendment,
    amended,
    as_kept,
    forestalled,
    in_its_place,
    keys_of_message,
)
from channels.core.records.dead import Dead, DeadId, Part
from channels.core.records.inbox import InboxEntry, user_at, user_text
from channels.core.records.kept import Backlog, PersonalData
from channels.core.records.outgoing import OutgoingEntry
from channels.core.sessions.session import Session, State
from channels.store.protocol import CLAIM_LEASE, LONGEST_STEP, RECENT_EVENTS, WORKER_RETENTION, Held
from tests.fakes.store_outgoing import Message
from tests.fakes.store_rows import (
    FIRST_MOMENT,
    GIVEN_BACK,
    NOT_LOST,
    Entry,
    Reserved,
    Rows,
    is_over,
)
from tests.fakes.store_sessions import SessionsInMemory


class MemoryStore(SessionsInMemory):
    """The Store of one worker. To share another worker's data, give its store as `shared`."""

    is_alone = False

    def __init__(self, *, worker: str, shared: MemoryStore | None = None) -> None:
        super().__init__()
        self.worker = worker
        self._rows: Rows = Rows() if shared is None else shared._rows
        self._held: set[int] = set()

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def correct_dates(self, now: datetime) -> None:
        for kept in self._rows.sessions.values():
            is_under_way = kept.session.state in (State.OPENING, State.ENDING)
            if is_under_way and kept.wake_at is not None and kept.wake_at > now + LONGEST_STEP:
                kept.claimed_until, kept.is_due_at_once = FIRST_MOMENT, True

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        new = []
        known = {*self._rows.entries, *(event.key for event in events)}
        events = [in_its_place(event, known) for event in events]
        for event in events:
            if event.key not in self._rows.entries:
                self._rows.last_position += 1
                is_ours = claim and not self._rows.waits_elsewhere(event.thread, self.worker)
                entry = Entry(
                    position=self._rows.last_position,
                    event=as_kept(event),
                    recorded_at=now,
                    claimed_by=self.worker if is_ours else None,
                    claimed_until=now + CLAIM_LEASE if is_ours else FIRST_MOMENT,
                )
                self._rows.entries[event.key] = entry
                new += [entry] if is_ours else []
        for event in events:
            if isinstance(event, (TakenBack, Edited)):
                await self.amend(event, now)
        return self._hold(new)

    async def recorded(self, position: int) -> Event | None:
        entry = self._rows.entry(position)
        return None if entry is None else entry.event

    async def amend(self, amendment: Amendment, now: datetime) -> str:
        rows = self._rows
        found = [rows.entries[key] for key in keys_of_message(amendment) if key in rows.entries]
        changed = [(entry, amended(entry.event, amendment)) for entry in found]
        for entry, event in changed:
            entry.event = event or entry.event
        line = (amendment.thread, line_key(amendment.mid))
        if isinstance(amendment, TakenBack):
            for event in forestalled(amendment, rows.entries):
                self._rows.last_position += 1
                rows.entries[event.key] = Entry(
                    position=self._rows.last_position,
                    event=event,
                    recorded_at=now,
                    claimed_by=None,
                    claimed_until=FIRST_MOMENT,
                    handled_at=now,
                )
            rows.lines.pop(line, None)
            return ""
        texts = [text_of(entry.event) for entry in found]
        text = next(filter(None, texts), "") if found else amendment.text
        if line in rows.lines and text:
            said = rows.lines[line]
            rows.lines[line] = replace(said, line=replace(said.line, text=text))
        written = (user_text(entry.event) for entry in found)
        return next(filter(None, written), "") if found else amendment.text

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        told = await self.time()
        claimable = [
            entry
            for entry in self._rows.waiting()
            if entry.position not in self._held
            and self._is_claimable(entry, now, told)
            and entry.event.thread not in without_threads
            and entry.event.thread.page not in without_pages
        ]
        claimed = claimable[:limit]
        for entry in claimed:
            entry.is_repeated = entry.claimed_by is not None
            entry.was_lost = entry.claimed_by not in NOT_LOST
            entry.claimed_by = self.worker
            entry.claimed_until = now + CLAIM_LEASE
        return self._hold(claimed)

    async def release(self) -> None:
        self._give_back(self._held)
        self._held.clear()
        self._release_messages()
        for kept in self._rows.sessions.values():
            if kept.claimed_by == self.worker:
                kept.claimed_until = FIRST_MOMENT
        for thread in self._own_turns():
            del self._rows.turns[thread]
        self._rows.workers.pop(self.worker, None)

    async def backlog(self) -> Backlog:
        recorded = [entry.recorded_at for entry in self._rows.waiting()]
        dead = sum(entry.is_dead for entry in self._rows.entries.values())
        return Backlog(waiting=len(recorded), oldest_at=min(recorded, default=None), dead=dead)

    async def report(self, now: datetime) -> int:
        self._rows.workers[self.worker] = now
        return sum(seen_at > now - CLAIM_LEASE for seen_at in self._rows.workers.values())

    async def renew_claims(self, now: datetime) -> None:
        ours = [entry for entry in self._rows.waiting() if self._has(entry.position)]
        for entry in ours:
            entry.claimed_until = now + CLAIM_LEASE
        self._give_back(self._held - {entry.position for entry in ours})
        self._held.intersection_update(entry.position for entry in ours)
        self._renew_messages(now)
        for thread in self._own_turns():
            await self.reserve_turn(thread, now)

    def surely_holds(self, held: Held, now: datetime) -> bool:
        until = self._held_until(held)
        return until is not None and until > now

    async def holds(self, held: Held, now: datetime) -> bool:
        if isinstance(held, Session):
            return self.surely_holds(held, now) or await self.grip(held, now)
        is_ours = self._held_until(held) is not None
        if is_ours:
            await self.renew_claims(now)
        elif isinstance(held, InboxEntry):
            lost = {position for position in self._held if not self._has(position)}
            self._give_back(lost)
            self._held -= lost
        elif isinstance(held, OutgoingEntry):
            self._messages_in_hand.discard(held.position)
        return is_ours

    def _give_back(self, positions: Collection[int]) -> None:
        for entry in self._rows.waiting():
            if entry.position in positions and entry.claimed_by == self.worker:
                entry.claimed_by, entry.claimed_until = GIVEN_BACK, FIRST_MOMENT
                entry.attempts = 0

    def _has(self, position: int) -> bool:
        entry = self._rows.entry(position)
        if entry is None or entry.handled_at is not None or position not in self._held:
            return False
        is_behind = self._rows.is_behind_a_lost_one(entry, self.worker)
        return entry.claimed_by == self.worker and not is_behind

    def _held_until(self, held: Held) -> datetime | None:
        """The time until which it is this worker's; None if it is not."""
        if isinstance(held, InboxEntry):
            entry = self._rows.entry(held.position)
            return entry.claimed_until if entry is not None and self._has(held.position) else None
        if isinstance(held, OutgoingEntry):
            return self._message_held_until(held.position)
        if isinstance(held, Thread):
            reserved = self._rows.turns.get(held)
            return reserved.until if reserved and reserved.worker == self.worker else None
        kept = self._rows.sessions.get(held.id)
        return kept.claimed_until if kept and kept.claimed_by == self.worker else None

    async def reserve_turn(self, thread: Thread, now: datetime) -> bool:
        reserved = self._rows.turns.get(thread)
        if reserved and reserved.until > now and reserved.worker != self.worker:
            return False
        self._rows.turns[thread] = Reserved(worker=self.worker, until=now + CLAIM_LEASE)
        return True

    async def free_turn(self, thread: Thread) -> None:
        if thread in self._own_turns():
            del self._rows.turns[thread]

    async def done(self, position: int, now: datetime) -> None:
        entry = self._rows.entry(position)
        if entry is not None and entry.handled_at is None:
            entry.handled_at = now
        self._held.discard(position)

    async def failed(
        self, position: int, now: datetime, *, error: str = "", for_good: bool = False
    ) -> bool:
        entry = self._rows.entry(position)
        if entry is None:
            return False
        if entry.handled_at is None and entry.claimed_by == self.worker:
            entry.fail(now, error, for_good=for_good)
        if entry.is_dead:
            self._held.discard(position)
        return entry.is_dead

    async def export(self, thread: Thread) -> PersonalData:
        rows = self._rows
        handled = {**rows.handled_messages, **rows.messages}
        return PersonalData(
            events=[one.event for one in rows.entries.values() if one.event.thread == thread],
            sessions=[
                kept.session for kept in rows.sessions.values() if kept.session.thread == thread
            ],
            lines=sorted(
                (said.line for (of, _), said in rows.lines.items() if of == thread),
                key=lambda line: line.at,
            ),
            messages=[
                said for _, one in sorted(handled.items()) if (said := one.said).thread == thread
            ],
        )

    async def forget(self, thread: Thread) -> int | None:
        return self._rows.forget(thread)

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        events = [entry.event for entry in self._rows.entries.values()]
        texts = [user_text(event) for event in events if event.thread == thread]
        return [text for text in texts if text is not None][-limit:]

    async def last_user_at(self, thread: Thread) -> datetime | None:
        events = [entry.event for entry in self._rows.entries.values()]
        of_thread = [event for event in events if event.thread == thread]
        return user_at(of_thread[-RECENT_EVENTS:])

    async def attempt(self, id_: DeadId, times: int = 1) -> int:
        row: Entry | Message | None
        if id_.part is Part.MESSAGE:
            message = self._rows.messages.get(id_.position)
            row = message if message is not None and message.state == "waiting" else None
        else:
            entry = self._rows.entry(id_.position)
            row = entry if entry is not None and entry.handled_at is None else None
        if row is None:
            return 0
        row.attempts += times
        return row.attempts

    async def dead(self, *, limit: int) -> list[Dead]:
        entries = [entry.dead() for entry in self._rows.entries.values() if entry.is_dead]
        messages = [each.dead() for each in self._dead_messages()]
        by_death = sorted(entries + messages, key=lambda dead: (dead.died_at, dead.id.position))
        return by_death[::-1][:limit]

    async def retry_dead(self, ids: Collection[DeadId] | None = None) -> int:
        entries = [
            entry
            for entry in self._rows.entries.values()
            if entry.is_dead and (ids is None or entry.dead().id in ids)
        ]
        for entry in entries:
            entry.revive()
        return len(entries) + self._revive_messages(ids)

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        self._rows.prune(
            entries_before=now - inbox_retention,
            ended_before=now - session_retention,
            said_before=now - transcript_retention,
            seen_before=now - WORKER_RETENTION,
        )

    def _own_turns(self) -> list[Thread]:
        return [
            thread
            for thread, reserved in self._rows.turns.items()
            if reserved.worker == self.worker
        ]

    def _hold(self, entries: list[Entry]) -> list[InboxEntry]:
        self._held.update(entry.position for entry in entries)
        return [
            InboxEntry(
                position=entry.position,
                event=entry.event,
                failures=entry.failures,
                is_repeated=entry.is_repeated,
                was_lost=entry.was_lost,
                attempts=entry.attempts,
            )
            for entry in entries
        ]

    def _is_claimable(self, entry: Entry, now: datetime, told: datetime | None) -> bool:
        return is_over(entry.claimed_until, now, told) and not any(
            earlier.position < entry.position
            and earlier.event.thread == entry.event.thread
            and not is_over(earlier.claimed_until, now, told)
            and earlier.claimed_by != self.worker
            for earlier in self._rows.waiting()
        )
