"""How a session ends: the thread is taken back, then Rasa is told."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from ..core.briefing.pass_metadata import return_metadata
from ..core.errors import (
    TRY_LATER,
    GraphError,
    HandoverError,
    PageRestricted,
    ProcessDied,
    RoutingIsOff,
    UserUnreachable,
)
from ..core.meta.ownership import OURS_OR_NOBODYS
from ..core.sessions import transitions
from ..core.sessions.session import EndReason, Session, State, ends_in_silence
from ..graph.protocol import Graph
from ..instruments.log_fields import session_fields
from ..instruments.metrics import Metrics
from .ledger import Ledger
from .opening import Openings
from .protocol import TellsRasa
from .telling_attempts import TellingAttempts

logger = logging.getLogger(__name__)

_TAKE_LATER = (*TRY_LATER, PageRestricted)


class Endings:
    """Ends sessions, each by the first reason that is stored."""

    def __init__(
        self,
        *,
        graph: Graph,
        ledger: Ledger,
        metrics: Metrics,
        rasa: TellsRasa,
        openings: Openings,
        tellings: TellingAttempts,
    ) -> None:
        self._graph = graph
        self._ledger = ledger
        self._metrics = metrics
        self._rasa = rasa
        self._openings = openings
        self._tellings = tellings

    async def end(
        self,
        session: Session,
        reason: EndReason,
        *,
        user_at: datetime | None = None,
        returned_with: str | None = None,
        ended_by: str | None = None,
        claimed: bool = True,
    ) -> Session | None:
        """Begin to end an active session for `reason`; None if another reason was faster.

        The session is then ENDING: `carry_through` completes the end, in this worker if it is
        `claimed`, otherwise in whichever worker finds it due. `user_at` is when the user wrote the
        message that ended it, `returned_with` the metadata of the pass that did, and `ended_by` the
        mark of the user's wish for the bot.
        """

        def step(active: Session) -> Session:
            ending = transitions.ending(active, reason, self._ledger.clock.now(), user_at=user_at)
            return replace(ending, returned_with=returned_with, ended_by=ended_by)

        ending = await self._ledger.change(session, step, only_while=State.ACTIVE, claimed=claimed)
        if ending is not None:
            logger.info("A handover ends: %s.", reason.value, extra=session_fields(ending))
        return ending

    async def regain(
        self,
        session: Session,
        *,
        user_at: datetime | None = None,
        returned_with: str | None = None,
    ) -> Session | None:
        """Note that an ending session's thread is ours again; None if it is no longer ending.

        `user_at` is when the user wrote, if that has shown it: then what Rasa says of the end need
        not wait until the user writes. `returned_with` is the metadata of the pass, if one has
        shown it.
        """

        def step(ending: Session) -> Session:
            if ending.regained and user_at is None:
                return ending
            regained = transitions.regained(ending, self._ledger.clock.now(), user_at=user_at)
            if returned_with is None:
                return regained
            return replace(regained, returned_with=returned_with)

        return await self._ledger.change(session, step, only_while=State.ENDING, claimed=True)

    async def carry_through(self, session: Session) -> Session | None:
        """Take the thread back if need be, and tell Rasa of the end.

        Returns the session that follows, if Rasa has asked for one: it is stored, and claimed.
        """
        if session.state is not State.ENDING:
            return None
        # First get a place for telling Rasa, then the thread: until then the user has somebody.
        async with self._rasa.hearing(session.thread):
            return await self._carry_through(await self._ledger.reload(session))

    async def _carry_through(self, session: Session) -> Session | None:
        in_silence = ends_in_silence(session)
        is_left = in_silence and session.reason is not EndReason.FAILED
        if session.state is State.ENDING and not session.regained and not is_left:
            session = await self._take_back(session)
        if session.state is State.ENDING and (session.regained or is_left):
            return await self._tell(session, in_silence=in_silence)
        return None

    async def overtaken(self, session: Session) -> None:
        """Somebody has the thread again before Rasa has heard of the end: tell Rasa in silence."""
        logger.info("A thread is taken before its follow-up.", extra=session_fields(session))
        async with self._rasa.hearing(session.thread):
            await self._tell(session, in_silence=True)

    async def _take_back(self, session: Session) -> Session:
        try:
            async with self._ledger.step(session) as session:
                has_it = await self._take(session)
        except _TAKE_LATER as error:
            logger.warning(
                "A thread can't be taken back yet: %s", error, extra=session_fields(session)
            )
            return await self._ledger.postpone(session, error)
        except UserUnreachable:
            logger.info("The user is gone; the session ends.", extra=session_fields(session))
            await self._tell(session, in_silence=True)
            return await self._ledger.reload(session)
        except (GraphError, ProcessDied) as error:
            return await self._leave(session, error)
        if not has_it:
            return await self._ledger.keep(transitions.asked(session, self._ledger.clock.now()))
        return await self.regain(session) or await self._ledger.reload(session)

    async def _take(self, session: Session) -> bool:
        """Take the thread, or ask for it once if we can't; False if it was asked for.

        A refusal from Meta does no harm if nobody else has the thread. With Conversation Routing
        taking is the way back, and a request is refused; with the older roles, or with routing off,
        a request is the only way.
        """
        metadata = return_metadata(session)
        try:
            await self._graph.take_control(session.thread, metadata=metadata)
        except _TAKE_LATER:
            raise
        except GraphError as error:
            if await self._graph.owner(session.thread) in OURS_OR_NOBODYS:
                return True
            if session.asked_at is not None:
                raise RoutingIsOff(
                    "The thread's owner was asked for it and did not pass it",
                    remedy="Switch on Conversation Routing, so that the bot may take threads back.",
                ) from error
            try:
                await self._graph.request_control(session.thread, metadata=metadata)
            except _TAKE_LATER:
                raise
            except GraphError:
                raise error from None
            return False
        return True

    async def _leave(self, session: Session, error: HandoverError) -> Session:
        self._metrics.stuck.inc()
        logger.error(
            "A thread can't be taken back, so the user stays with the agent: %s",
            error,
            extra=session_fields(session),
        )
        return await self._ledger.keep(transitions.left_with_agent(session))

    async def _tell(self, session: Session, *, in_silence: bool = False) -> Session | None:
        """Tell Rasa of the end, and store that it has been told; returns the session that follows.

        In silence, nothing that Rasa says then is sent, and nothing that it asks for is done.
        """
        async with self._ledger.turn(session):
            tell = partial(self._rasa.tell_ended, in_silence=in_silence)
            told = await self._tellings.tell(session, tell, what="end")
            if told is None:
                told = await self._ledger.change(
                    session, transitions.untold, only_while=State.ENDING, claimed=True
                )
            concluded = await self._ledger.conclude(
                told or session, _none if in_silence else self._openings.next_of
            )
        if concluded is None:
            return None
        ended, following = concluded
        if ended.reason is not None:
            self._metrics.ended.labels(ended.reason.value).inc()
        if ended.next_wishes is not None and following is None:
            logger.info(
                "The next handover is not made: somebody has the thread, or nobody can be reached.",
                extra=session_fields(ended),
            )
        return following


def _none(_: Session) -> None:
    return None
