"""The store seam: what the engine keeps, and what it may ask for.

`SqlStore` implements it on SQLite and PostgreSQL. One suite of contract tests holds both it and the
tests' in-memory store to what is written here.
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
from ..core.records.kept import Backlog, Lookup, PersonalData, Scope, Waits
from ..core.records.outgoing import Outgoing, OutgoingEntry, Said, Standing
from ..core.sessions.search import Found, Search
from ..core.sessions.session import Session

DEAD_AFTER_FAILURES = 3
CLAIM_LEASE = timedelta(seconds=60)  # how long a claim holds unless it is renewed
LEASE_MARGIN = timedelta(seconds=10)  # before its end, in which nobody relies on it without asking
WORKER_RETENTION = timedelta(minutes=10)
LONGEST_STEP = timedelta(minutes=10)  # between two tries of an opening, or of an end
RECENT_EVENTS = 100  # of a thread, in which the user's last one is looked for


Held = InboxEntry | OutgoingEntry | Thread | Session
"""What a worker may have claimed: an event, a message, a thread's turn, a step of a session."""


class Store(Protocol):
    """What all workers keep and share: it outlasts each of them.

    Each method except `prune` and `ended_sessions` is one atomic step. Each raises StoreUnavailable
    if the database does not answer; what was asked for may then have been done nonetheless.
    Cancelling a call does not undo it.

    A claim keeps an entry or a session from the other workers until it expires; they then take over
    what a dead worker leaves. A claim that would last longer than a CLAIM_LEASE is ignored: a clock
    was ahead. All claimed entries of a thread belong to one worker, and come before those that are
    not claimed, so that each worker handles a thread's events in order.
    """

    is_alone: bool
    """Whether, once it is open, no other worker can open it: then nothing is ever taken over."""

    worker: str
    """A name that no other worker has, not even this one's predecessor."""

    async def open(self) -> None:
        """Connect, and create the tables, or upgrade those of an older release.

        A store that only one worker can open voids all claims: the worker that made them is gone.

        Raises StoreVersionError if a newer release made the tables.
        """

    async def close(self) -> None:
        """Finish what was begun and close the database; claims stay until they expire."""

    async def time(self) -> datetime | None:
        """The time by the database's own clock; None if the store `is_alone`."""

    async def correct_dates(self, now: datetime) -> None:
        """Make due the sessions that are opening or ending, and that a clock that was ahead has put
        off for longer than a LONGEST_STEP.
        """

    async def record(
        self, events: Sequence[Event], now: datetime, *, claim: bool = True
    ) -> list[InboxEntry]:
        """Record the events that are new; those whose key is known are left out.

        This worker has claimed the entries that are returned, with each event as it is now stored,
        and holds them until they are done or dead. The rest waits for `claim_inbox`: everything, if
        `claim` is false; otherwise, each event whose thread has an earlier entry that is waiting
        and that this worker does not hold.

        An event that says that a message was taken back or edited is also applied at once, as
        `amend` does. It may come before its message: after a message was taken back, its own event
        is left out as known, and a user's edit is recorded as the message itself.
        """

    async def recorded(self, position: int, /) -> Event | None:
        """The event of an entry as it is now, perhaps amended; None if it is gone."""

    async def amend(self, amendment: Amendment, now: datetime) -> str:
        """Change the events and the transcript as the author of a message has changed it.

        Returns what the user has written in it, as it is now; empty if that is no longer known.
        """

    async def claim_inbox(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[InboxEntry]:
        """Take the oldest unhandled entries that nobody has, or whose claim has expired, in order.

        From then on this worker holds them. What it holds already is left out, and so is an entry
        behind an earlier one of its thread that another worker has claimed. May return fewer
        entries than there are, or none, while another worker is claiming.
        """

    async def release(self) -> None:
        """Give back everything that this worker holds, so that nobody waits for claims to expire.

        The worker no longer counts as alive until its next `report`.
        """

    async def backlog(self) -> Backlog:
        """What waits in the inbox, no matter which worker holds it; and what is dead."""

    async def report(self, now: datetime) -> int:
        """Say that this worker is alive; returns how many have said so within a CLAIM_LEASE."""

    async def renew_claims(self, now: datetime) -> None:
        """Claim the events, messages and turns that this worker holds for another CLAIM_LEASE.

        Sessions are not renewed: see `grip`. What another worker has taken over in the meantime
        stays that worker's, and what comes after it in its thread is given back.
        """

    def surely_holds(self, held: Held, now: datetime) -> bool:
        """Whether no other worker can have taken it over yet; does not ask the database."""

    async def holds(self, held: Held, now: datetime) -> bool:
        """Whether it is still this worker's; if so, it is claimed for another CLAIM_LEASE.

        False, and this worker forgets it, once it is done, or once another worker has taken over
        either it or something before it in its thread. A store that `is_alone` says True without
        looking.
        """

    async def grip(self, session: Session, now: datetime, *, begun: Session | None = None) -> bool:
        """Claim a session for its next step; False if it has changed, or another worker has it.

        `begun` is the version to store with the claim.
        """

    async def reserve_turn(self, thread: Thread, now: datetime) -> bool:
        """Become the worker that tells Rasa of the thread's session; False while another one is.

        The turn is reserved for a CLAIM_LEASE, unless it is freed, released or renewed.
        """

    async def free_turn(self, thread: Thread) -> None:
        """Let other workers have the thread's turn, if it is this worker's."""

    async def done(self, position: int, now: datetime) -> None:
        """The entry has been handled; until it is pruned, its event counts as known."""

    async def failed(
        self, position: int, now: datetime, *, error: str = "", for_good: bool = False
    ) -> bool:
        """Handling the entry failed with an `error` of this class; True once it is dead.

        It is dead after DEAD_AFTER_FAILURES, or at once if it failed `for_good`: then it is never
        tried again, unless somebody asks for that (`retry_dead`). Until then this worker holds it,
        and is the one to try it again.
        """

    async def add_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        """Store a new session; False if the thread has an open one already.

        If it is ACTIVE, the messages that wait to be sent in its thread, and those held for its
        user, are dropped: somebody else talks now. If it is OPENING, only the held ones are.

        `claim_until`: `claim_due` gives it to nobody before then, because the caller is working on
        it. `notices` are stored only if the session is.
        """

    async def save_session(
        self,
        session: Session,
        *,
        claim_until: datetime | None = None,
        notices: Sequence[Addressed] = (),
    ) -> bool:
        """Store the next version; False unless the version before it is the stored one.

        `claim_until` replaces the session's claim; it and `notices` are as in `add_session`.
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

        False unless the version before `ended` is the stored one. `claim_until` is the claim on
        `following`, and `notices` are those of `ended`, both as in `add_session`.
        """

    async def claim_notice(self, target: str, now: datetime) -> NoticeEntry | None:
        """Take the first due notice for a target; None if none is due, or while one is in hand.

        A session's notices are taken in order, each once the one before it has been delivered or is
        dead. Nobody gets this one again for a CLAIM_LEASE.
        """

    async def notice_told(self, position: int) -> None:
        """The target has accepted the notice."""

    async def notice_failed(
        self, position: int, now: datetime, *, again_at: datetime | None
    ) -> None:
        """The target has not accepted the notice: it is due again at `again_at`; if None, dead."""

    async def notices_backlog(self) -> Backlog:
        """The notices that still wait, no matter which worker has them in hand; and the dead."""

    async def session(self, session_id: str) -> Session | None:
        """The session with that id, open or ended."""

    async def open_session(self, thread: Thread, /) -> Session | None:
        """The thread's one session that has not ended."""

    async def look_up(self, thread: Thread, *, since: datetime) -> Lookup:
        """How the thread stands; `ended` is its last session to end, if that was `since` then."""

    async def recent_sessions(self, thread: Thread, *, limit: int) -> list[Session]:
        """The thread's sessions, open or ended, the most recently opened first."""

    async def open_sessions(self, *, limit: int) -> list[Session]:
        """Open sessions, the oldest first."""

    async def find_open(self, wanted: Search, *, skip: int, limit: int) -> Found:
        """Of the open sessions that the search finds, `limit` after the first `skip`."""

    async def count_open(self) -> int:
        """How many sessions are open."""

    async def waits(self, scope: Scope, now: datetime) -> Waits:
        """How long the users of a plan wait; if very many do, some are not counted."""

    async def ended_sessions(self, *, since: datetime, limit: int) -> list[Session]:
        """The sessions that have ended since then, the most recently ended first.

        It reads in small steps, each of them atomic, so that nothing waits long for it.
        """

    async def last_ended(self, thread: Thread) -> Session | None:
        """The thread's session that ended last."""

    async def export(self, thread: Thread) -> PersonalData:
        """The events, sessions, lines and messages of a person's thread, each kind in order."""

    async def forget(self, thread: Thread) -> int | None:
        """Erase everything that is kept about a person; returns how many rows.

        None, and nothing is erased, while a session of theirs is open or an event of theirs waits.
        """

    async def claim_due(
        self, now: datetime, *, limit: int, without_pages: Collection[str] = ()
    ) -> list[Session]:
        """Sessions whose `due_at` has come, as stored, those that have waited longest first.

        A session is left out if its thread has events waiting and this worker has none of them:
        what they say comes first. No worker gets a session again for a CLAIM_LEASE, unless it is
        saved or released before. The claim changes neither `due_at` nor `version`.
        """

    async def last_user_texts(self, thread: Thread, *, limit: int) -> list[str]:
        """The last texts of the user's (`user_text`) in recorded events, the oldest first."""

    async def last_user_at(self, thread: Thread) -> datetime | None:
        """When the user last wrote or tapped, by Meta's clock; None if no recorded event shows it.

        Only the thread's last RECENT_EVENTS are looked at.
        """

    async def add_line(self, session: Session, line: Line) -> None:
        """Keep what was said in a session; a line whose key the thread already has is left out."""

    async def transcript(self, session_id: str, *, limit: int) -> list[Line]:
        """The newest lines of a session, in the order in which they were said."""

    async def say(
        self, said: Outgoing, *, in_hand: bool = True, held: bool = False, in_turn: bool = False
    ) -> OutgoingEntry | None:
        """Store a message of the bot's after the thread's others; the entry, if it is in our hand.

        It is not, and waits for `claim_outgoing`, if the worker does not want it `in_hand` or if an
        earlier message of the thread waits elsewhere. A `held` message, and whatever is said after
        it, waits for `free_held`. The message's `mark` must be unique.

        Nothing is stored if this raises: ClaimLost, if another worker has taken over the event that
        its turn answers, or, with `in_turn`, the thread's turn; BotSilenced, if the thread has a
        session that silences the bot and that the message's cause has not led to.
        """

    async def said(self, thread: Thread, turn: str) -> list[Said]:
        """What attempts at a turn have said, in order, except what was dropped."""

    async def take_again(self, position: int, now: datetime) -> OutgoingEntry | None:
        """Take in hand a message that this worker has claimed; None if it no longer waits, or is
        not this worker's.

        The claim, which may have expired unnoticed, begins anew: otherwise another worker might
        take the message over, and later ones would be sent here first. The entry `is_doubtful` if
        another worker may have had the message.
        """

    async def withdraw(self, positions: Sequence[int]) -> None:
        """Delete those of these messages that are not sent yet and whose turn is still ours."""

    async def claim_outgoing(
        self,
        now: datetime,
        *,
        limit: int,
        without_threads: Collection[Thread] = (),
        without_pages: Collection[str] = (),
    ) -> list[OutgoingEntry]:
        """Take the oldest messages that nobody has, or whose claim has expired, in order.

        The same holds as for `claim_inbox`. Besides, if a turn has to be taken again, what it has
        said is left out until then.
        """

    async def free_held(self, thread: Thread, now: datetime) -> list[OutgoingEntry]:
        """Take in hand what is held for the thread's user, who has written."""

    async def before_send(self, entry: OutgoingEntry) -> tuple[Standing | None, Session | None]:
        """The message's status, and the thread's open session.

        The status is None if the message was withdrawn, or if it, or an earlier one of the thread,
        waits in another worker's hand. Unless it is WAITING, this worker forgets the message.
        """

    async def sent(self, position: int, mid: str, now: datetime) -> None:
        """Meta has accepted the message; `mid` is its id, or "" if only an echo has shown this."""

    async def hold(self, position: int) -> None:
        """The message, and those behind it in its thread, wait until the user has written."""

    async def drop(self, entry: OutgoingEntry, now: datetime, *, rest: bool = False) -> None:
        """The message is not sent; nor, with `rest`, is anything else of its turn that waits."""

    async def give_up(self, position: int, now: datetime, *, error: str) -> None:
        """The message is dead: it can't be sent, because of an `error` of this class."""

    async def answer_lost(self, position: int) -> int:
        """A send of the message got no answer; returns how many sends of it have got none."""

    async def waits_outgoing(self, thread: Thread) -> bool:
        """Whether a message of the thread waits to be sent by any worker; held ones do not."""

    async def outgoing_backlog(self) -> Backlog:
        """The messages that still wait to be sent, are held, or are dead."""

    async def keep_echo(self, mark: str, now: datetime) -> None:
        """An echo has shown that Meta has the message with this mark, whichever worker sent it."""

    async def has_echo(self, mark: str) -> bool:
        """Whether Meta is known to have the message with this mark."""

    async def unconfirmed(self, thread: Thread) -> list[OutgoingEntry]:
        """The thread's messages that Meta may have without our knowing their ids, in order.

        They are the first one that waits to be sent, those that were dropped after an answer was
        lost, and those that were sent without an id. This takes none of them in hand.
        """

    async def has_mid(self, mid: str) -> bool:
        """Whether Meta has given this id to a message that the store still has."""

    async def attempt(self, id_: DeadId, times: int = 1) -> int:
        """Add to the attempts of an event or a message that waits; returns how many there are."""

    async def dead(self, *, limit: int) -> list[Dead]:
        """Events and messages that are dead, those that died last first."""

    async def retry_dead(self, ids: Collection[DeadId] | None = None) -> int:
        """Let the dead ones among these, or all that are dead, wait again as new; how many do."""

    async def prune(
        self,
        now: datetime,
        *,
        inbox_retention: timedelta,
        session_retention: timedelta,
        transcript_retention: timedelta,
    ) -> None:
        """Delete what nobody needs any more.

        After `inbox_retention`: what was handled, sent or dropped, except for signs of life: they
        show what users have taken back. After the longer of the two: these, too. After
        `session_retention`: sessions that have ended, with their lines; events, messages and
        notices that are dead; messages that are still held, and notices that still wait. After
        `transcript_retention`: lines. After WORKER_RETENTION: workers that have not reported, and
        turns that were not renewed.

        It does so in small steps, each of them atomic, so that nothing waits long for it.
        """
