"""Changing stored sessions by compare-and-set, so that if two changes race, one wins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial

from ..core.errors import (
    ClaimLost,
    GraphThrottled,
    GraphUnavailable,
    HandoverError,
    ProcessDied,
    StoreError,
)
from ..core.notices import Addressed, NoticeKind, addressed
from ..core.sessions import transitions
from ..core.sessions.notices import telling
from ..core.sessions.session import Session, State
from ..instruments.clock import Clock
from ..instruments.leases import still_ours, working_on
from ..instruments.log_fields import session_fields
from ..instruments.suspects import MOST_DEATHS, Suspects
from ..store.protocol import CLAIM_LEASE, Store

logger = logging.getLogger(__name__)

LONGEST_GIVING_UP = timedelta(seconds=1)  # during a stop, when the store may be unavailable
TURN_INTERVAL = timedelta(milliseconds=100)  # between checks whether another worker's turn is over


class Ledger:
    """The sessions in the store, as one worker changes them.

    Notices to operators about a change are stored with it, for each of the `targets` that wants
    them: a target is its name and its kinds of notices.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        suspects: Suspects,
        targets: Collection[tuple[str, frozenset[NoticeKind]]] = (),
    ) -> None:
        self._store = store
        self.clock = clock
        self._suspects = suspects
        self._targets = targets

    def claim(self) -> datetime:
        """The time until which no other worker gets a session that is stored now."""
        return self.clock.now() + CLAIM_LEASE

    async def pause(self) -> None:
        """Wait a moment for another worker, or for another task of this one."""
        await self.clock.sleep(TURN_INTERVAL)

    async def add(self, session: Session, *, claimed: bool) -> Session | None:
        """Store a new session; None if the thread has an open one, or the id is known."""
        await still_ours()
        session, notices = self._telling(session)
        claim_until = self.claim() if claimed else None
        if await self._store.add_session(session, claim_until=claim_until, notices=notices):
            return session
        return None

    async def keep(self, session: Session, claim_until: datetime | None = None) -> Session:
        """Store the next version; returns it, or what another, faster worker has stored."""
        await still_ours()
        session, notices = self._telling(session)
        if await self._store.save_session(session, claim_until=claim_until, notices=notices):
            return session
        return await self.reload(session)

    async def change(
        self,
        session: Session,
        step: Callable[[Session], Session],
        *,
        only_while: State,
        claimed: bool = False,
        tells: Collection[NoticeKind] = (),
    ) -> Session | None:
        """Apply the step to whatever version is stored; None if it is no longer in that state.

        `tells`: notices to operators besides those that the session's state calls for.
        """
        while session.state is only_while:
            changed = step(session)
            if changed is session:
                return session
            await still_ours()
            changed, notices = self._telling(changed, also=tells)
            claim_until = self.claim() if claimed else None
            if await self._store.save_session(changed, claim_until=claim_until, notices=notices):
                return changed
            session = await self.reload(session)
        return None

    async def follow(
        self, ended: Session, following: Session, *, claimed: bool
    ) -> tuple[Session, Session] | None:
        """Store a session's last version and the thread's next session; None if neither is."""
        await still_ours()
        ended, notices = self._telling(ended)
        following, more = self._telling(following)
        is_stored = await self._store.follow_session(
            ended,
            following,
            claim_until=self.claim() if claimed else None,
            notices=[*notices, *more],
        )
        return (ended, following) if is_stored else None

    async def conclude(
        self, session: Session, next_of: Callable[[Session], Session | None]
    ) -> tuple[Session, Session | None] | None:
        """End a session and store the one that `next_of` has follow it, in one step.

        Returns both, the next one claimed; None if the session has ended before.
        """
        while session.state is State.ENDING:
            ended = transitions.ended(session)
            following = next_of(ended)
            if following is not None:
                stored = await self.follow(ended, following, claimed=True)
                if stored is not None:
                    return stored
            else:
                await still_ours()
                ended, notices = self._telling(ended)
                if await self._store.save_session(ended, notices=notices):
                    return ended, None
            session = await self.reload(session)
        return None

    @asynccontextmanager
    async def turn(self, session: Session) -> AsyncIterator[None]:
        """Be the only worker that tells Rasa of the session; waits while another one does.

        Rasa's lock store can't be relied on for that: if two processes ask at the same moment,
        Rasa 3.6 gives both of them the first ticket.
        """
        if self._store.is_alone:
            yield
            return
        thread = session.thread
        while not await self._store.reserve_turn(thread, self.clock.now()):
            await self.pause()
        try:
            with working_on(thread, store=self._store, clock=self.clock):
                yield
        finally:
            try:
                await self._store.free_turn(thread)
            except StoreError as error:
                logger.warning("Another worker waits until this one's turn has lapsed: %s", error)

    @asynccontextmanager
    async def step(self, session: Session) -> AsyncIterator[Session]:
        """Be the only one with the session for a step that can't be undone; yields it as stored.

        Raises ClaimLost, ProcessDied if the step has ended too many processes, and GraphUnavailable
        for an error that nobody has foreseen: the step is tried again for as long as any other.
        """
        died = sum(name != self._store.worker for name in session.begun_by)
        if died >= MOST_DEATHS:
            raise ProcessDied(
                f"it has ended the process {MOST_DEATHS} times. Look at its log, and the kernel's "
                "(out of memory), for why"
            )
        # The first two processes may have died of something else, as others did.
        async with self._suspects.alone_at_first() if died > 1 else nullcontext():
            begun = transitions.begun(session, self._store.worker)
            try:
                if not await self._store.grip(session, self.clock.now(), begun=begun):
                    raise ClaimLost("Another worker is handling this session, or it has changed.")
                with working_on(begun, store=self._store, clock=self.clock):
                    yield begun
            except asyncio.CancelledError:  # by a stop
                await self.give_up(begun, partial(transitions.given_up, worker=self._store.worker))
                raise
            except HandoverError:
                raise
            except Exception as error:
                logger.exception(
                    "A step of a handover has failed in a way that nobody has foreseen, and is "
                    "tried again. Please report the lines below to whoever maintains this plugin.",
                    extra=session_fields(begun),
                )
                raise GraphUnavailable(f"It failed with {type(error).__name__}") from error

    async def give_up(self, session: Session, step: Callable[[Session], Session]) -> None:
        """While stopping, store that another worker should go on; no stop waits long for this."""
        giving_up = self.change(session, step, only_while=session.state)
        try:
            await asyncio.wait_for(giving_up, LONGEST_GIVING_UP.total_seconds())
        except (asyncio.TimeoutError, ClaimLost, StoreError):  # the stop goes on all the same
            logger.warning(
                "A stop cut off a step of a handover, and the store could not be told: after the "
                "next start it counts as one that has ended the process.",
                extra=session_fields(session),
            )

    async def postpone(
        self, session: Session, error: Exception, *, before: datetime | None = None
    ) -> Session:
        """Try the step again later: once a rate limit is over, but no later than `before`."""
        now = self.clock.now()
        allowed_at = now + error.retry_after if isinstance(error, GraphThrottled) else None
        if before is not None and allowed_at is not None:
            allowed_at = max(min(allowed_at, before), now)
        return await self.keep(transitions.postponed(session, now, before=before), allowed_at)

    def _telling(
        self, session: Session, *, also: Collection[NoticeKind] = ()
    ) -> tuple[Session, Sequence[Addressed]]:
        """The session as it is to be stored, and the notices to store with it."""
        if not self._targets:
            return session, ()
        session, notices = telling(session, self.clock.now(), also=also)
        return session, addressed(notices, self._targets)

    async def reload(self, session: Session) -> Session:
        """The session as it is stored; if it no longer is, as ended."""
        stored = await self._store.session(session.id)
        return stored if stored is not None else transitions.ended(session)
