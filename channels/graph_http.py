"""Meta's Graph API over HTTP: the real Graph.

Each verb is tried up to three times within half a minute (`graph_retry`). What a lost answer
leaves open is cleared up before it counts: for a send by its echo, for thread control by
`thread_owner`. Source: Messenger Platform, Conversation Routing and Send API.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from .clock import Clock
from .errors import GraphError, GraphRefused, GraphTimeout, GraphUnavailable, NotThreadOwner
from .events import Thread
from .graph import SenderAction
from .graph_answers import ACCEPTED, PAGE_IDENTITY, PAGE_STATUS, SENT, THREAD_OWNER
from .graph_connection import GraphConnection, GraphRequest
from .graph_retry import Tries
from .log_fields import thread_hash
from .routing import Owner, Routing

logger = logging.getLogger(__name__)

ECHO_WAIT = timedelta(seconds=4)  # how long a send that got no answer waits for its echo

_ANOTHER = (Owner.ANOTHER_APP, Owner.UNNAMED)
_T = TypeVar("_T")


class HttpGraph:
    """Meta's Graph API for one page and one app.

    `graph_url` has the API's version and no page: "https://graph.facebook.com/v25.0". The page
    is the one that the token is for. `request_timeout` is for one try. The connections are made
    at the first call, in the event loop that makes it.
    """

    def __init__(
        self,
        *,
        graph_url: str,
        page_access_token: str,
        app_id: str,
        app_secret: str,
        clock: Clock,
        request_timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        self._connection = GraphConnection(
            graph_url=graph_url, page_access_token=page_access_token, app_secret=app_secret
        )
        self._app_id = app_id
        self._clock = clock
        self._request_timeout = request_timeout
        self._echoes: dict[str, asyncio.Event] = {}
        self._page: str | None = None

    def __repr__(self) -> str:
        return (
            f"HttpGraph(graph_url={self._connection.graph_url!r}, app_id={self._app_id!r}, "
            "page_access_token='***', app_secret='***')"
        )

    async def close(self) -> None:
        await self._connection.close()

    async def send(self, thread: Thread, message: Mapping[str, Any]) -> str:
        metadata = message.get("metadata") or uuid.uuid4().hex
        sending = GraphRequest(
            path="/me/messages",
            body={
                "recipient": {"id": thread.user},
                "messaging_type": "RESPONSE",
                "message": {**message, "metadata": metadata},
            },
            thread=thread,
        )
        echo = self._echoes.setdefault(metadata, asyncio.Event())
        try:
            return await self._sent(sending, echo)
        finally:
            self._echoes.pop(metadata, None)

    def echo_heard(self, metadata: str) -> None:
        echo = self._echoes.get(metadata)
        if echo is not None:
            echo.set()

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        showing = GraphRequest(
            path="/me/messages",
            body={"recipient": {"id": thread.user}, "sender_action": action.value},
            thread=thread,
        )
        await self._connection.ask(showing, ACCEPTED, limit=self._request_timeout)

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        tries = self._tries()
        wish = {"target_app_id": app_id, "metadata": metadata}
        try:
            await self._change_control("/me/pass_thread_control", thread, wish, tries)
        except GraphUnavailable:
            raise
        except GraphError:
            # After a lost answer this may be good news: an earlier try has passed it already.
            if not tries.in_doubt or await self._owner(thread, tries) not in _ANOTHER:
                raise

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        tries = self._tries()
        wish = {"metadata": metadata}
        try:
            await self._change_control("/me/take_thread_control", thread, wish, tries)
        except (GraphRefused, NotThreadOwner):
            # Meta refuses to give us what we own, with an error 100 that says nothing more.
            if await self._owner(thread, tries) is not Owner.OURS:
                raise

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        tries = self._tries()
        wish = {"metadata": metadata}
        try:
            await self._change_control("/me/request_thread_control", thread, wish, tries)
        except GraphRefused:
            if await self._owner(thread, tries) is not Owner.OURS:
                raise

    async def owner(self, thread: Thread) -> Owner:
        return await self._owner(thread, self._tries())

    async def page(self) -> str:
        """Asked once; a token is for one page as long as it lives."""
        if self._page is None:
            asking = GraphRequest(path="/me", query={"fields": "id"})
            identity = await self._answered(asking, PAGE_IDENTITY, self._tries())
            self._page = str(identity.id)
        return self._page

    async def routing(self, page: str) -> Routing:
        asking = GraphRequest(path="/me", query={"fields": "messaging_feature_status"})
        status = await self._answered(asking, PAGE_STATUS, self._tries())
        return Routing.ON if status.routes(page) else Routing.OFF

    async def _owner(self, thread: Thread, earlier: Tries) -> Owner:
        """Ask who owns the thread, within the time that the earlier tries have left."""
        asking = GraphRequest(
            path="/me/thread_owner", query={"recipient": thread.user}, thread=thread
        )
        tries = Tries(started_at=earlier.started_at)
        answer = await self._answered(asking, THREAD_OWNER, tries)
        return answer.owner(us=self._app_id)

    async def _change_control(
        self, path: str, thread: Thread, wish: Mapping[str, str], tries: Tries
    ) -> None:
        body = {"recipient": {"id": thread.user}, **wish}
        changing = GraphRequest(path=path, body=body, thread=thread)
        answer = await self._answered(changing, ACCEPTED, tries)
        if not answer.success:
            raise GraphRefused(
                f"Graph answered {changing.name} with success: false",
                remedy="Meta gave no reason; check the Page's settings under Advanced messaging.",
            )

    async def _sent(self, sending: GraphRequest, echo: asyncio.Event) -> str:
        tries = self._tries()
        while True:
            try:
                return (await self._once(sending, SENT, tries)).message_id
            except GraphError as error:
                failure = error
            pause = self._pause_after(failure, tries)
            in_doubt = isinstance(failure, GraphTimeout)
            wait = ECHO_WAIT if in_doubt else pause or timedelta()
            if await self._heard_within(wait, echo):
                return ""
            if pause is None:
                raise failure
            # A message that arrived after all, and is sent again, shows twice.
            _log_retry(sending, failure, logging.WARNING if in_doubt else logging.INFO)

    async def _answered(
        self, request: GraphRequest, answer: msgspec.json.Decoder[_T], tries: Tries
    ) -> _T:
        while True:
            try:
                return await self._once(request, answer, tries)
            except GraphError as error:
                pause = self._pause_after(error, tries)
                if pause is None:
                    raise
                _log_retry(request, error)
            await self._clock.sleep(pause)

    async def _once(
        self, request: GraphRequest, answer: msgspec.json.Decoder[_T], tries: Tries
    ) -> _T:
        limit = min(self._request_timeout, tries.time_left(self._clock.now()))
        return await self._connection.ask(request, answer, limit=limit)

    def _tries(self) -> Tries:
        return Tries(started_at=self._clock.now())

    def _pause_after(self, error: GraphError, tries: Tries) -> timedelta | None:
        tries.failed(error)
        return tries.pause_after(error, self._clock.now())

    async def _heard_within(self, limit: timedelta, echo: asyncio.Event) -> bool:
        """Whether the echo has been heard by now, or is within the time limit."""
        hearing = asyncio.ensure_future(echo.wait())
        waiting = asyncio.ensure_future(self._clock.sleep(limit))
        try:
            await asyncio.wait({hearing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hearing.cancel()
            waiting.cancel()
        return echo.is_set()


def _log_retry(request: GraphRequest, error: GraphError, level: int = logging.INFO) -> None:
    fields = {"call": request.name}
    if request.thread is not None:
        fields["thread_hash"] = thread_hash(request.thread)
    logger.log(level, "A Graph call is tried again: %s", error, extra=fields)
