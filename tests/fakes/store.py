"""The store in memory: it says what a Store means in the fewest words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from channels.core.briefing.transcript import Line, line_key, text_of
from channels.core.events import Edited, Event, TakenBack, Thread
from channels.core.notices import Addressed
from channels.core.records.amendments import (
    Amendment,
    amended,
    as_kept,
    forestalled,
    in_its_place,
    keys_of_message,
)
from channels.core.records.dead import Dead, DeadId, Part
from channels.core.records.outgoing import OutgoingEntry
from channels.core.sessions.search import Found, Need, Search, need_of
from channels.core.sessions.session import Session, State
from channels.store.protocol import (
    CLAIM_LEASE,
    LONGEST_STEP,
    RECENT_EVENTS,
    WORKER_RETENTION,
    Backlog,
    Held,
    InboxEntry,
    PersonalData,
    Scope,
    Waits,
    user_at,
    user_text,
)
from channels.store.sessions.waits import ANSWERS_COUNTED, ANSWERS_SINCE, OPERATOR_SINCE
from tests.fakes.store_notices import NoticesInMemory
from tests.fakes.store_outgoing import Message, OutgoingInMemory
from tests.fakes.store_rows import (
    FIRST_MOMENT,
    GIVEN_BACK,
    Entry,
    Kept,
    Reserved,
    Rows,
    Said,
    is_over,
)


class MemoryStore(OutgoingInMemory, NoticesInMemory):
    """The Store of one worker. Give `shared` another worker's to work on the same data."""

    def __init__(self, *, worker: str, shared: MemoryStore | None = None) -> None:
        super().__init__()
        self._worker = worker
        self._rows: Rows = Rows() if shared is None else shared._rows
        self._held: set[int] = set()

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def time(self) -> datetime | None:
        return None

    async def mend_dates(self, now: datetime) -> None:
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
                is_ours = claim and not self._rows.waits_elsewhere(event.thread, self._worker)
                entry = Entry(
                    position=self._rows.last_position,
                    event=as_kept(event),
                    recorded_at=now,
                    claimed_by=self._worker if is_ours else None,
                    claimed_until=now + CLAIM_LEASE if is_ours else FIRST_MOMENT,
                )
                self._rows.entries[event.key] = entry
                new += [entry] if is_ours else []
        held = self._hold(new)
        for event in events:
            if isinstance(event, (TakenBack, Edited)):
                await self.amend(event, now)
        return held

    async def recorded(self, position: int) -> Event | None:
        entry = self._rows.entry(position)
        return None if entry is None else entry.event

    async def amend(self, amendment: Amendment, now: datetime) -> None:
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
            return
        texts = [text_of(entry.event) for entry in found]
        text = next(filter(None, texts), "") if found else amendment.text
        if line in rows.lines and text:
            said = rows.lines[line]
            rows.lines[line] = replace(said, line=msgspec.structs.replace(said.line, text=text))

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        claimable = [
            entry
            for entry in self._rows.waiting()
            if entry.position not in self._held
            and self._is_claimable(entry, now)
            and entry.event.thread not in without_threads
            and entry.event.thread.page not in without_pages
        ]
        claimed = claimable[:limit]
        for entry in claimed:
            entry.is_repeated = entry.claimed_by is not None
            entry.was_lost = entry.claimed_by not in (None, GIVEN_BACK)
            entry.claimed_by = self._worker
            entry.claimed_until = now + CLAIM_LEASE
        return self._hold(claimed)

    async def release(self) -> None:
        for entry in self._rows.waiting():
            if entry.position in self._held and entry.claimed_by == self._worker:
                entry.claimed_by, entry.claimed_until = GIVEN_BACK, FIRST_MOMENT
                entry.attempts = 0
        self._held.clear()
        self._release_messages()
        for kept in self._rows.sessions.values():
            if kept.claimed_by == self._worker:
                kept.claimed_until = FIRST_MOMENT
        for thread in self._own_turns():
            del self._rows.turns[thread]
        self._rows.workers.pop(self._worker, None)

    async def backlog(self) -> Backlog:
        recorded = [entry.recorded_at for entry in self._rows.waiting()]
        dead = sum(entry.is_dead for entry in self._rows.entries.values())
        return Backlog(waiting=len(recorded), oldest_at=min(recorded, default=None), dead=dead)

    async def report(self, now: datetime) -> int:
        self._rows.workers[self._worker] = now
        return sum(seen_at > now - CLAIM_LEASE for seen_at in self._rows.workers.values())

    async def renew_claims(self, now: datetime) -> None:
        for entry in self._rows.waiting():
            if self._has(entry.position):
                entry.claimed_until = now + CLAIM_LEASE
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
            self._held -= {position for position in self._held if not self._has(position)}
        elif isinstance(held, OutgoingEntry):
            self._messages_in_hand.discard(held.position)
        return is_ours

    async def grip(self, session: Session, now: datetime) -> bool:
        kept = self._rows.sessions.get(session.id)
        if kept is None or kept.session.version != session.version:
            return False
        if not is_over(kept.claimed_until, now) and kept.claimed_by != self._worker:
            return False
        kept.claimed_by, kept.claimed_until = self._worker, now + CLAIM_LEASE
        return True

    def _has(self, position: int) -> bool:
        entry = self._rows.entry(position)
        if entry is None or entry.handled_at is not None or position not in self._held:
            return False
        is_behind = self._rows.is_behind_a_lost_one(entry, self._worker)
        return entry.claimed_by == self._worker and not is_behind

    def _held_until(self, held: Held) -> datetime | None:
        """Until when it is this worker's; None if it is not."""
        if isinstance(held, InboxEntry):
            entry = self._rows.entry(held.position)
            return entry.claimed_until if entry is not None and self._has(held.position) else None
        if isinstance(held, OutgoingEntry):
            return self._message_held_until(held.position)
        if isinstance(held, Thread):
            reserved = self._rows.turns.get(held)
            return reserved.until if reserved and reserved.worker == self._worker else None
        kept = self._rows.sessions.get(held.id)
        return kept.claimed_until if kept and kept.claimed_by == self._worker else None

    async def reserve_turn(self, thread: Thread, now: datetime) -> bool:
        reserved = self._rows.turns.get(thread)
        if reserved and reserved.until > now and reserved.worker != self._worker:
            return False
        self._rows.turns[thread] = Reserved(worker=self._worker, until=now + CLAIM_LEASE)
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
        if entry.handled_at is None and entry.claimed_by == self._worker:
            entry.fail(now, error, for_good=for_good)
        if entry.is_dead:
            self._held.discard(position)
        return entry.is_dead

    async def add_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        if session.id in self._rows.sessions or await self.open_session(session.thread):
            return False
        self._keep(session, claim_until)
        self._drop_unsent(session)
        self._tell(notices)
        return True

    async def save_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        stored = await self.session(session.id)
        if stored is None or stored.version != session.version - 1:
            return False
        self._keep(session, claim_until)
        self._tell(notices)
        return True

    async def follow_session(
        self,
        ended: Session,
        following: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        is_saved = await self.save_session(ended, notices=notices)
        return is_saved and await self.add_session(following, claim_until=claim_until)

    async def session(self, session_id: str) -> Session | None:
        kept = self._rows.sessions.get(session_id)
        return None if kept is None else kept.session

    async def open_session(self, thread: Thread) -> Session | None:
        of_thread = (session for session in self._rows.open_sessions() if session.thread == thread)
        return next(of_thread, None)

    async def recent_sessions(self, thread: Thread, *, limit: int) -> list[Session]:
        kept = (one.session for one in self._rows.sessions.values())
        of_thread = [session for session in kept if session.thread == thread]
        of_thread.sort(key=lambda session: session.opened_at, reverse=True)
        return of_thread[:limit]

    async def open_sessions(self, *, limit: int) -> list[Session]:
        oldest_first = sorted(
            self._rows.open_sessions(), key=lambda session: (session.opened_at, session.id)
        )
        return oldest_first[:limit]

    async def find_open(self, wanted: Search, *, skip: int, limit: int) -> Found:
        open_ones = self._rows.open_sessions()
        needs = {
            one.id: need_of(one.state, is_answered=one.first_answer_at is not None)
            for one in open_ones
        }
        unanswered = [one for one in open_ones if needs[one.id] < Need.NOTHING]
        found = [
            one
            for one in (unanswered if wanted.is_unanswered else open_ones)
            if wanted.plan in ("", one.plan.name)
            and wanted.page in ("", one.thread.page)
            and (
                wanted.words in one.thread.user
                or wanted.words in one.plan.name.lower()
                or one.thread in wanted.threads
                or (one.owner_app or one.target_app_id) in wanted.apps
            )
        ]
        found.sort(key=lambda one: (wanted.by_need and needs[one.id], one.opened_at, one.id))
        return Found(
            sessions=found[skip : skip + limit],
            found=len(found),
            total=len(open_ones),
            unanswered=len(unanswered),
            plans=sorted({one.plan.name for one in open_ones}),
            pages=sorted({one.thread.page for one in open_ones}),
        )

    async def waits(self, scope: Scope, now: datetime) -> Waits:
        sessions = [kept.session for kept in self._rows.sessions.values()]
        own = [
            session
            for session in sessions
            if session.plan.name == scope.plan
            and (not scope.pages or session.thread.page in scope.pages)
            and session.thread.page not in scope.without_pages
        ]
        waiting = [one for one in own if one.is_open and one.first_answer_at is None]
        answered = [
            (one.first_answer_at, one.first_answer_at - one.opened_at)
            for one in own
            if one.first_answer_at is not None and one.first_answer_at > now - ANSWERS_SINCE
        ]
        heard = [
            one.last_operator_at
            for one in sessions
            if one.last_operator_at is not None
            and one.last_operator_at > now - OPERATOR_SINCE
            and (one.owner_app or one.target_app_id) in scope.apps
        ]
        newest = [wait for _, wait in sorted(answered, reverse=True)]
        return Waits(
            waiting=sum(one.state is not State.ENDING for one in waiting),
            for_hours=sum(one.is_waiting for one in waiting),
            first_answers=newest[:ANSWERS_COUNTED],
            operator_at=max(heard, default=None),
        )

    async def count_open(self) -> int:
        return len(self._rows.open_sessions())

    async def claim_due(
        self, now: datetime, *, limit: int, without_pages: Collection[str] = ()
    ) -> list[Session]:
        due = [
            (wake_at, kept)
            for kept in self._rows.sessions.values()
            if (wake_at := kept.wake_at) is not None
            and wake_at <= now
            and kept.session.thread.page not in without_pages
            and not self._rows.is_with_another(kept.session.thread, self._worker)
        ]
        claimed = [kept for _, kept in sorted(due, key=lambda pair: pair[0])[:limit]]
        for kept in claimed:
            kept.claimed_by, kept.claimed_until = self._worker, now + CLAIM_LEASE
        return [kept.session for kept in claimed]

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        ended = [
            (kept.session.ended_at, kept.session.id, kept.session)
            for kept in self._rows.sessions.values()
            if not kept.session.is_open and kept.session.ended_at is not None
        ]
        last_first = sorted(ended, key=lambda row: row[:2], reverse=True)
        return [session for ended_at, _, session in last_first if ended_at >= since][:limit]

    async def last_ended(self, thread: Thread) -> Session | None:
        since = FIRST_MOMENT
        ended = await self.ended_sessions(since=since, limit=len(self._rows.sessions))
        return next((session for session in ended if session.thread == thread), None)

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

    async def add_line(self, session: Session, line: Line) -> None:
        said = Said(session_id=session.id, line=line)
        self._rows.lines.setdefault((session.thread, line.key), said)

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        of_session = [
            said.line for said in self._rows.lines.values() if said.session_id == session_id
        ]
        return sorted(of_session, key=lambda line: line.at)[-limit:]

    async def attempt(self, id_: DeadId, times: int = 1) -> int:
        row: Entry | Message | None
        if id_.part is Part.MESSAGE:
            row = self._rows.messages.get(id_.position)
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
            if reserved.worker == self._worker
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

    def _is_claimable(self, entry: Entry, now: datetime) -> bool:
        return is_over(entry.claimed_until, now) and not any(
            earlier.position < entry.position
            and earlier.event.thread == entry.event.thread
            and not is_over(earlier.claimed_until, now)
            and earlier.claimed_by != self._worker
            for earlier in self._rows.waiting()
        )

    def _keep(self, session: Session, claim_until: datetime | None) -> None:
        self._rows.sessions[session.id] = Kept(
            session=session,
            claimed_by=self._worker,
            claimed_until=claim_until or FIRST_MOMENT,
        )
