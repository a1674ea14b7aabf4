"""The store seam: what the engine keeps, and what it may ask for.

`SqlStore` does it on SQLite and PostgreSQL. One contract test holds it, and the store in memory
that the tests use, to what is written here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ..core.briefing.transcript import Line
from ..core.events import Event, Thread
from ..core.notices import Addressed, NoticeEntry
from ..core.records.amendments import Amendment
from ..core.records.dead import Dead, DeadId
from ..core.records.inbox import InboxEntry
from ..core.records.kept import Backlog, PersonalData, Scope, Waits
from ..core.records.outgoing import Outgoing, OutgoingEntry, Said, Standing
from ..core.sessions.search import Found, Search
from ..core.sessions.session import Session

DEAD_AFTER_FAILURES = 3
CLAIM_LEASE = timedelta(seconds=60)  # how long a claim holds unless it is renewed
LEASE_MARGIN = timedelta(seconds=10)  # of it, on which nobody relies without asking
WORKER_RETENTION = timedelta(minutes=10)
LONGEST_STEP = timedelta(minutes=10)  # between two tries of an opening, or of an end
RECENT_EVENTS = 100  # of a thread, among which the user's last one is looked for


Held = InboxEntry | OutgoingEntry | Thread | Session
"""What a worker may have for itself: an event, a message, a thread's turn, a step of a session."""


class Store(Protocol):
    """What all workers keep and share: it outlasts each of them.

    Each method but `prune` and `ended_sessions` is one atomic step. Each raises StoreUnavailable
    where the database does not answer; what was asked may then have been done all the same.
    Cancelling a call does not undo it.

    A claim keeps an entry or a session from the other workers until it expires, so that they
    take over what a dead worker leaves. One that would last for longer than a CLAIM_LEASE counts
    for nothing: a clock was ahead. All of a thread's entries that are claimed are one
    worker's, and come before those that are not, so that each worker handles a thread's events in
    their order.
    """

    is_alone: bool
    """Whether no other worker can have it open, once it is: nothing is taken over then."""

    worker: str
    """A name that no other worker has, not even this one's predecessor."""

    async def open(self) -> None:
        """Connect, and create the tables or check their version (StoreVersionError).

        A store that only one worker can have open voids all claims: whoever made them is gone.
        """

    async def close(self) -> None:
        """Finish what was begun and let go of the database; claims stay until they expire."""

    async def time(self) -> datetime | None:
        """The database's own time, where workers on several machines share it; else None."""

    async def correct_dates(self, now: datetime) -> None:
        """Make due what a clock that was ahead has put off beyond all that a step waits for."""

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        """Record the events that are new; those whose key is known are left out.

        This worker has claimed what it returns, each event as it is stored then, and holds it
        until it is done or dead. The rest waits for `claim_inbox`: all of it, unless it is to
        `claim`; and an event whose thread has an earlier entry that waits and that this worker
        does not hold.

        With what says that a message was taken back or edited, it does at once what `amend` does,
        and whichever of the two comes first: a message that was taken back before is known, and an
        edit whose message is not known is recorded as the message itself.
        """

    async def recorded(self, position: int, /) -> Event | None:
        """The event of an entry as it is now, which may have been amended; None if it is gone."""

    async def amend(self, amendment: Amendment, now: datetime) -> None:
        """Let events and transcript follow what the author of a message has done to it."""

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        """Take the oldest unhandled entries that nobody has, or whose claim has expired, in order.

        This worker holds them then; what it holds already is left out. So is an entry behind an
        earlier one of its thread that another worker has claimed. May return less than there is,
        even nothing, while another worker is claiming.
        """

    async def release(self) -> None:
        """Give back what this worker holds, so that nobody waits for claims to expire."""

    async def backlog(self) -> Backlog:
        """What waits in the inbox, whoever holds it."""

    async def report(self, now: datetime) -> int:
        """Say that this worker is alive; returns how many workers have said so lately.

        Lately: within a CLAIM_LEASE. A worker that has given back what it holds no longer counts.
        """

    async def renew_claims(self, now: datetime) -> None:
        """Claim for another CLAIM_LEASE what this worker holds, reserved turns included.

        What another worker has taken over meanwhile stays that worker's.
        """

    def surely_holds(self, held: Held, now: datetime) -> bool:
        """Whether no other worker can have it yet; asks nobody."""

    async def holds(self, held: Held, now: datetime) -> bool:
        """Whether it is still this worker's, and then for another CLAIM_LEASE.

        False once another worker has taken it over, or what comes before it in its thread, or once
        it is done; this worker forgets it.
        """

    async def grip(self, session: Session, now: datetime, *, begun: Session | None = None) -> bool:
        """Claim a session for its next step; False if it has changed, or another worker has it.

        `begun` is the version to be stored with that.
        """

    async def reserve_turn(self, thread: Thread, now: datetime) -> bool:
        """Be the worker that lets Rasa hear of the thread's session; False while another one is.

        It lasts until it is freed or released, or for a CLAIM_LEASE.
        """

    async def free_turn(self, thread: Thread) -> None:
        """Let other workers have the thread's turn, if it is this worker's."""

    async def done(self, position: int, now: datetime) -> None:
        """The entry has been handled; it is kept (for duplicates) until it is pruned."""

    async def failed(
        self, position: int, now: datetime, *, error: str = "", for_good: bool = False
    ) -> bool:
        """Handling the entry failed with an `error` of this class; True once it is dead.

        It is dead after DEAD_AFTER_FAILURES, or at once if it failed `for_good`: never tried
        again, unless somebody asks for it (`retry_dead`). Until then this worker holds it, and is
        the one to try it again.
        """

    async def add_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        """Store a new session; False if the thread has an open one already.

        If it is ACTIVE, what is held for the thread's user is dropped, and what waits to be sent:
        somebody else talks now. If it is OPENING, only what is held is.

        `claim_until`: `claim_due` gives it to nobody before then, because the caller is at it.
        `notices` are stored with it, or not at all.
        """

    async def save_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        """Store the next version; False unless the version before it is what is stored.

        It replaces the session's claim by `claim_until`; that and `notices` are as with
        `add_session`.
        """

    async def follow_session(
        self,
        ended: Session,
        following: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        """Store a session's last version and the thread's next session: both, or neither.

        False unless the version before `ended` is what is stored; `claim_until` and `notices` are
        as with `add_session`.
        """

    async def claim_notice(self, target: str, now: datetime) -> NoticeEntry | None:
        """Take the first notice for a target that is due; None while one is in hand already.

        A session's notices are taken in order, each once the one before it was told, or is dead.
        Nobody gets it again for a CLAIM_LEASE.
        """

    async def notice_told(self, position: int) -> None:
        """The target has taken the notice."""

    async def notice_failed(
        self, position: int, now: datetime, *, again_at: datetime | None
    ) -> None:
        """The target has not taken the notice: it is due again then, or else dead."""

    async def notices_backlog(self) -> Backlog:
        """What is still to be told to operators, whoever has it in hand; and what is dead."""

    async def session(self, session_id: str) -> Session | None:
        """The session of that id, open or ended."""

    async def open_session(self, thread: Thread, /) -> Session | None:
        """The thread's one session that has not ended."""

    async def look_up(self, thread: Thread) -> tuple[Session | None, bool]:
        """The same, and whether a message is held until the thread's user has written."""

    async def recent_sessions(self, thread: Thread, *, limit: int) -> list[Session]:
        """The thread's sessions, open or ended, those that were opened last first."""

    async def open_sessions(self, *, limit: int) -> list[Session]:
        """Open sessions, the oldest first."""

    async def find_open(self, wanted: Search, *, skip: int, limit: int) -> Found:
        """Of the open sessions that are wanted, `limit` after the first `skip`."""

    async def count_open(self) -> int:
        """How many sessions are open."""

    async def waits(self, scope: Scope, now: datetime) -> Waits:
        """How long the users of a plan wait; of very many that do, some are not counted."""

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        """The sessions that have ended since then, those that ended last first.

        It reads in small steps, each of them atomic, so that nothing waits long for it.
        """

    async def last_ended(self, thread: Thread) -> Session | None:
        """The thread's session that ended last."""

    async def export(self, thread: Thread) -> PersonalData:
        """All that is kept of a person, each kind in its order."""

    async def forget(self, thread: Thread) -> int | None:
        """Erase all that is kept of a person: events, sessions, what was said. How many rows.

        None, and nothing is erased, while a session of theirs is open or an event waits.
        """

    async def claim_due(
        self, now: datetime, *, limit: int, without_pages: Collection[str] = ()
    ) -> list[Session]:
        """Sessions whose `due_at` has come, as stored, those that wait longest first.

        A session whose thread has events that wait elsewhere is left out: what they say comes
        first. No worker gets them again for CLAIM_LEASE, unless they are saved or released before.
        The claim is a column of its own: it changes neither `due_at` nor `version`.
        """

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        """The last `user_text` of the thread's recorded events that have one, the oldest first."""

    async def last_user_at(self, thread: Thread) -> datetime | None:
        """When the user last wrote or tapped, by Meta's clock; None if no recorded event tells.

        Only the thread's last RECENT_EVENTS are looked at.
        """

    async def add_line(self, session: Session, line: Line) -> None:
        """Keep what was said in a session; a line whose key the thread has already is left out."""

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        """The newest lines of a session, in the order of saying."""

    async def say(
        self, said: Outgoing, *, in_hand: bool = True, held: bool = False, in_turn: bool = False
    ) -> OutgoingEntry | None:
        """Store a message of the bot's after the thread's others; the entry, if it is in our hand.

        What is not waits for `claim_outgoing`: if the worker wants nothing `in_hand`, or an
        earlier message of the thread waits elsewhere. What is `held` waits for `free_held`, and so
        does all that is said behind it. Its `mark` has to be its own.

        Stores nothing, and raises ClaimLost, where another worker has taken over the event that
        its turn answers, or, `in_turn`, the thread's turn; BotSilenced, where the thread's session
        silences what has not led to it.
        """

    async def said(self, thread: Thread, turn: str) -> list[Said]:
        """What attempts at a turn have said, in order, except what was dropped."""

    async def take_again(self, position: int, now: datetime) -> OutgoingEntry | None:
        """Take in hand a message that this worker has claimed; None if it is not, or is sent.

        The claim, which may have expired unnoticed, begins anew: or another worker might take the
        message over, and what comes after it here be sent first. It is in doubt, as with
        `claim_outgoing`, if another worker may have had it before.
        """

    async def withdraw(self, positions: Sequence[int]) -> None:
        """Take back those of these messages that are not sent yet and whose turn is still ours."""

    async def claim_outgoing(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[OutgoingEntry]:
        """Take the oldest messages that nobody has, or whose claim has expired, in order.

        As with `claim_inbox`. What a turn has said that is to be taken again is left out, until
        it has been.
        """

    async def free_held(self, thread: Thread, now: datetime) -> list[OutgoingEntry]:
        """Take in hand what is held for the thread's user, who has written."""

    async def before_send(self, entry: OutgoingEntry) -> tuple[Standing | None, Session | None]:
        """How the message stands, and the thread's open session.

        None if it was withdrawn, or if it, or an earlier one of the thread, is waiting in another
        worker's hand. This worker forgets what is not waiting in its own.
        """

    async def sent(self, position: int, mid: str, now: datetime) -> None:
        """Meta has taken the message; `mid` is its id, or "" where only its echo has told."""

    async def hold(self, position: int) -> None:
        """The message waits until its user has written, and so do those of its thread behind it."""

    async def drop(self, entry: OutgoingEntry, now: datetime, *, rest: bool = False) -> None:
        """The message is not sent; nor is, with `rest`, what its turn says after it."""

    async def give_up(self, position: int, now: datetime, *, error: str) -> None:
        """The message is dead: Meta refuses it for good with an `error` of this class."""

    async def answer_lost(self, position: int) -> int:
        """A send of the message got no answer; returns how many sends of it have got none."""

    async def waits_outgoing(self, thread: Thread) -> bool:
        """Whether a message of the thread is still to be sent, by whatever worker."""

    async def outgoing_backlog(self) -> Backlog:
        """What is still to be sent."""

    async def keep_echo(self, mark: str, now: datetime) -> None:
        """A webhook has reported the message with this mark: Meta has it, whoever sent it."""

    async def has_echo(self, mark: str) -> bool:
        """Whether Meta has the message with this mark, as far as is known."""

    async def unconfirmed(self, thread: Thread) -> list[OutgoingEntry]:
        """The thread's messages that Meta may have without our knowing their ids, in order.

        They are the first of those that are still to be sent, those that were given up because
        answers were lost, and those that were sent without an id. This takes none of them in hand.
        """

    async def has_mid(self, mid: str) -> bool:
        """Whether Meta has given this id to a message that the store still knows."""

    async def attempt(self, id_: DeadId, times: int = 1) -> int:
        """Add to the attempts of an event or a message that waits; returns how many there are."""

    async def dead(self, *, limit: int) -> list[Dead]:
        """Events and messages that are dead, those that died last first."""

    async def retry_dead(self, ids: Collection[DeadId] | None = None) -> int:
        """Let those of these that are dead wait again, as new; or all. Returns how many do."""

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        """Delete what is older than anybody needs it.

        What was handled, sent or dropped goes after `inbox_retention`; sessions that ended,
        events, messages and notices that died and what is still held after `session_retention`. A
        session takes its lines with it; what was said longer ago than `transcript_retention` goes
        before that. Workers that were not heard of go after WORKER_RETENTION.

        It does so in small steps, each of them atomic, so that nothing waits long for it.
        """
