"""The calls for one page: each goes out when it may, and Meta's answers close or open the page.

`retry` says how often a call is tried, and `pace` how fast messages go out.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta, timezone
from typing import TypeVar

import msgspec

from ..core.errors import TRY_LATER, GraphError, GraphThrottled, GraphUnavailable
from ..core.meta.metas_clock import metas_time, skew_by
from ..instruments.clock import Clock
from ..instruments.leases import still_ours
from ..instruments.log_fields import thread_hash
from .answers import PAGE_IDENTITY
from .closing import PageClosing, concerns_all
from .connection import GraphConnection, GraphRequest
from .pace import LONGEST_QUEUE, Pace
from .protocol import ClosedPage, Obstacle
from .refusals.error_codes import APP_LIMITS
from .retry import LONGEST_THROTTLE, Tries

logger = logging.getLogger(__name__)

_PROBE = GraphRequest(path="/me", query={"fields": "id"})
_NEWS = {
    Obstacle.THROTTLED: "Meta's rate limit is reached, so %s waits: %s",
    Obstacle.UNAUTHORISED: "Meta refuses the token of %s; what users write waits: %s",
    Obstacle.UNREACHABLE: "Meta answers no call of %s; what users write waits: %s",
}
_NEVER = datetime.min.replace(tzinfo=timezone.utc)
_T = TypeVar("_T")


class GraphCalls:
    """One page's calls to Meta; none go out while the page, or the whole app, is closed."""

    def __init__(
        self,
        connection: GraphConnection,
        *,
        closing: PageClosing,
        app_closing: PageClosing,
        clock: Clock,
        request_timeout: timedelta,
    ) -> None:
        self._connection = connection
        self._closing = closing
        self._app_closing = app_closing
        self._clock = clock
        self._request_timeout = request_timeout
        self._probing = asyncio.Lock()
        self._answered_at: dict[str, datetime] = {}
        self._skew: timedelta | None = None

    def skew(self) -> timedelta | None:
        return self._skew

    def closed_page(self) -> ClosedPage | None:
        """Why no call may go out now, and the earliest time that may change; None if calls may."""
        now = self._clock.now()
        of_page, of_app = self._closing.closed_page(now), self._app_closing.closed_page(now)
        if of_page is None or of_app is None:
            return of_page or of_app
        return max(of_page, of_app, key=lambda closed: closed.until)

    async def probe(self) -> None:
        """Ask Meta whether calls may go out again, if it is time to. Raises the error if not.

        Does nothing for a page that is open.
        """
        async with self._probing:
            closed = self.closed_page()
            if closed is not None and closed.until <= self._clock.now():
                await self._ask()
        for closing in (self._app_closing, self._closing):
            closing.check(self._clock.now())

    async def check(self) -> None:
        """Ask Meta whether calls may go out, unless it is known that they may not for a while."""
        async with self._probing:
            closed = self.closed_page()
            if closed is None or closed.until <= self._clock.now():
                await self._ask()

    async def answered(
        self, request: GraphRequest, answer: msgspec.json.Decoder[_T], tries: Tries
    ) -> _T:
        """The answer to a request that may be tried again.

        Raises ClaimLost if it would change something that belongs to another worker by now.
        """
        while True:
            await self._opened()
            if request.body is not None:
                await still_ours()
            try:
                return await self.once(request, answer, tries)
            except GraphError as error:
                pause = await self.pause_after(error, request, tries)
                if pause is None:
                    raise
                log_retry(request, error)
            await self._clock.sleep(pause)

    async def in_passing(self, request: GraphRequest, answer: msgspec.json.Decoder[_T]) -> _T:
        """The answer to a request on which nothing depends: tried once, and a failure closes
        nothing.

        Raises what keeps the page closed.
        """
        for closing in (self._app_closing, self._closing):
            closing.check(self._clock.now())
        return await self._connection.ask(request, answer, limit=self._request_timeout)

    async def admitted(self, pace: Pace) -> None:
        """Return once a message may go out. If the page stays closed for long, raises the error
        that closed it.
        """
        await self._opened()
        wait = pace.wait(self._clock.now())
        if wait > LONGEST_QUEUE:
            raise GraphThrottled(
                "More calls are waiting for the page than it may make now", retry_after=wait
            )
        if pace.take(self._clock.now()):
            await self._clock.sleep(wait)
            await self._opened()

    async def once(
        self, request: GraphRequest, answer: msgspec.json.Decoder[_T], tries: Tries
    ) -> _T:
        """One try of a request that has been admitted."""
        asked_at = self._clock.now()
        limit = min(self._request_timeout, tries.time_left(asked_at))
        try:
            answered = await self._connection.ask(request, answer, limit=limit)
        except GraphUnavailable:
            raise
        except GraphError as error:
            self._note_answer(request, asked_at)
            if concerns_all(error):
                self._close(error)
            raise
        self._note_answer(request, asked_at)
        return answered

    async def pause_after(
        self, error: GraphError, request: GraphRequest, tries: Tries
    ) -> timedelta | None:
        """How long to pause before the next try; None if there is none.

        If Meta does not answer anything else either by then, it is an outage.
        """
        tries.failed(error)
        pause = tries.pause_after(error, self._clock.now())
        if pause is None and isinstance(error, GraphUnavailable):
            error.others_answered = self._has_answered(tries, request.path)
            async with self._probing:
                if self.closed_page() is None and not self._has_answered(tries, *self._answered_at):
                    await self._ask()
        return pause

    async def _opened(self) -> None:
        """Return once calls may go out; raises what keeps the page closed for longer."""
        closed = self.closed_page()
        if closed is None:
            return
        left = closed.until - self._clock.now()
        if closed.obstacle is Obstacle.THROTTLED and left <= LONGEST_THROTTLE:
            await self._clock.sleep(left)
        await self.probe()

    async def _ask(self) -> None:
        asked_at = self._clock.now()
        try:
            await self._connection.ask(_PROBE, PAGE_IDENTITY, limit=self._request_timeout)
        except TRY_LATER as error:
            self._close(error)
            return
        except GraphError as error:
            logger.error("Meta refuses the calls of %s: %s", self._closing.page, error)
        self._note_answer(_PROBE, asked_at)
        self._open()

    def _has_answered(self, tries: Tries, *paths: str) -> bool:
        """Whether Meta has answered a call of one of these paths since the tries began."""
        answered = (self._answered_at.get(path, _NEVER) for path in paths)
        return any(at > tries.started_at for at in answered)

    def _note_answer(self, request: GraphRequest, asked_at: datetime) -> None:
        now = self._clock.now()
        self._answered_at[request.path] = now
        told = metas_time(self._connection.date)
        if told is not None:
            self._skew = skew_by(told, after=asked_at, before=now, known=self._skew)
        closed = self._closing.closed_page(self._clock.now())
        if closed is not None and closed.obstacle is Obstacle.UNREACHABLE:
            self._open()

    def _open(self) -> None:
        if self._closing.closed_page(self._clock.now()) is not None:
            logger.warning("Meta takes the calls of %s again.", self._closing.page)
        self._closing.open()

    def _close(self, error: GraphError) -> None:
        closing = self._app_closing if error.code in APP_LIMITS else self._closing
        news = closing.close(error, self._clock.now())
        if news is not None:
            level = logging.WARNING if news is Obstacle.THROTTLED else logging.ERROR
            logger.log(level, _NEWS[news], closing.page, error)


def log_retry(request: GraphRequest, error: GraphError) -> None:
    fields = {"call": request.name}
    if request.thread is not None:
        fields["thread_hash"] = thread_hash(request.thread)
    logger.info("A Graph call is tried again: %s", error, extra=fields)
