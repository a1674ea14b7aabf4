"""Meta's Graph API over HTTP: the real Graph.

Each verb is tried up to three times within half a minute (`retry`), and goes out when the
page's limits allow it (`calls`, `pace`). What a lost answer leaves open is cleared up before the
call fails: for a send by its echo, for thread control by `thread_owner`. Source: Messenger
Platform, Conversation Routing, Send API and Rate Limiting.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ..core.errors import (
    TRY_LATER,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
    TokenRefused,
)
from ..core.events import Platform, Thread
from ..core.meta.app_secret import marked
from ..core.meta.limits import MEDIA_SENDS_A_SECOND, SENDS_A_SECOND
from ..core.meta.ownership import TOLD_ANOTHER, Owner, Routing
from ..core.records.outgoing import PERSONA
from ..instruments.clock import Clock
from ..instruments.leases import still_ours
from ..instruments.rare_lines import RareLine
from .answers import (
    ACCEPTED,
    INSTALLED_APPS,
    LINKED_ACCOUNT,
    NAMED_PAGE,
    PAGE_IDENTITY,
    PAGE_STATUS,
    PROFILE,
    SENT,
    THREAD_OWNER,
    owner_in,
)
from .calls import GraphCalls, log_retry
from .closing import PageClosing
from .connection import PERSON, GraphConnection, GraphRequest
from .echoes import Echoes, HeardElsewhere
from .pace import Pace, is_slow
from .protocol import ClosedPage, SenderAction
from .refusals.refusals import owner_by
from .retry import Tries, may_have_worked

logger = logging.getLogger(__name__)

LOG_INTERVAL = timedelta(hours=1)
LOOKS_A_SECOND = 20  # at threads' owners: Meta counts every call that an app makes
ECHO_WAIT = timedelta(seconds=4)  # how long a send that got no usable answer waits for its echo
_SUBSCRIBED = GraphRequest(path="/me/subscribed_apps")


class HttpGraph:
    """Meta's Graph API for one page and one app.

    `graph_url` has the API's version and no page: "https://graph.facebook.com/v25.0". The page
    is the one that the token is for, and `page_name` what the log calls it. `request_timeout` is
    for one try. The connections are made at the first call, in the event loop that makes it.

    The Graphs of one app's pages share an `app_closing`. `sends_a_second` and
    `media_sends_a_second` are Meta's limits for a page. `heard_elsewhere` says whether another
    worker has heard the echo with a given mark; it is asked only while there are other workers.
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
        page_name: str = "the page",
        app_closing: PageClosing | None = None,
        sends_a_second: int = SENDS_A_SECOND,
        media_sends_a_second: int = MEDIA_SENDS_A_SECOND,
        heard_elsewhere: HeardElsewhere | None = None,
    ) -> None:
        self._connection = GraphConnection(
            graph_url=graph_url, page_access_token=page_access_token, app_secret=app_secret
        )
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock
        self._calls = GraphCalls(
            self._connection,
            closing=PageClosing(page_name),
            app_closing=app_closing or PageClosing("every page of the app"),
            clock=clock,
            request_timeout=request_timeout,
        )
        self._pace, self._slow_pace = Pace(sends_a_second), Pace(media_sends_a_second)
        self._look_pace = Pace(LOOKS_A_SECOND)
        self._echoes = Echoes(clock, heard_elsewhere)
        self._page: str | None = None
        self._name = page_name
        self._is_left_out = False
        self._untold = RareLine(LOG_INTERVAL)

    def __repr__(self) -> str:
        return (
            f"HttpGraph(graph_url={self._connection.graph_url!r}, app_id={self._app_id!r}, "
            "page_access_token='***', app_secret='***')"
        )

    async def close(self) -> None:
        await self._connection.close()

    def closed_page(self, _page: str, /) -> ClosedPage | None:
        return self._calls.closed_page()

    def closed_pages(self) -> list[ClosedPage]:
        closed = self._calls.closed_page()
        return [] if closed is None else [closed]

    def skew(self) -> timedelta | None:
        return self._calls.skew()

    async def probe(self, _page: str, /) -> None:
        await self._calls.probe()

    async def check(self) -> None:
        await self._calls.check()

    async def unsubscribed(self) -> list[str]:
        try:
            installed = await self._calls.answered(_SUBSCRIBED, INSTALLED_APPS, self._tries())
        except GraphError as error:
            logger.info("Meta does not tell which apps get events of %s: %s", self._name, error)
        else:
            self._is_left_out = installed.leave_out(self._app_id)
        return [self._name] if self._is_left_out else []

    def share_among(self, workers: int) -> None:
        self._pace.share_among(workers)
        self._slow_pace.share_among(workers)
        self._look_pace.share_among(workers)
        self._echoes.share_among(workers)

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        mark = mark or marked(uuid.uuid4().hex, self._app_secret)
        own, persona = message.get("metadata"), message.get(PERSONA)
        spoken = {key: value for key, value in message.items() if key != PERSONA}
        sending = GraphRequest(
            path="/me/messages",
            body={
                "recipient": {"id": thread.user},
                "messaging_type": "RESPONSE",
                "message": {**spoken, "metadata": f"{mark} {own}" if own else mark},
                **({PERSONA: persona} if persona else {}),
            },
            thread=thread,
        )
        with self._echoes.awaited(mark):
            return await self._sent(sending, mark, self._pace_of(message))

    def echo_heard(self, mark: str) -> None:
        self._echoes.heard(mark)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        showing = GraphRequest(
            path="/me/messages",
            body={"recipient": {"id": thread.user}, "sender_action": action.value},
            thread=thread,
        )
        is_open = self._calls.closed_page() is None
        if is_open and self._pace.take_spare(self._clock.now()):
            await self._calls.once(showing, ACCEPTED, self._tries())

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        tries = self._tries()
        parameters = {"target_app_id": app_id, "metadata": metadata}
        try:
            await self._change_control("/me/pass_thread_control", thread, parameters, tries)
        except GraphUnavailable:
            raise
        except GraphError:
            # After a lost answer this may be good news: an earlier try has passed it already.
            if not tries.in_doubt or not await self._has_been_passed(thread, tries):
                raise

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        tries = self._tries()
        parameters = {"metadata": metadata}
        try:
            await self._change_control("/me/take_thread_control", thread, parameters, tries)
        except (GraphRefused, NotThreadOwner, GraphUnavailable):
            # Meta refuses to give us what we own, with an error 100 that says nothing more; and
            # where each answer was lost, it may have given it.
            if await self._owner(thread, tries) is not Owner.OURS:
                raise

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        tries = self._tries()
        parameters = {"metadata": metadata}
        try:
            await self._change_control("/me/request_thread_control", thread, parameters, tries)
        except GraphRefused:
            if await self._owner(thread, tries) is not Owner.OURS:
                raise

    async def owner(self, thread: Thread) -> Owner:
        await self._calls.admitted(self._look_pace)
        return await self._owner(thread, self._tries())

    async def page(self) -> str:
        """Asked only once: a token is for one page as long as it lives."""
        if self._page is None:
            asking = GraphRequest(path="/me", query={"fields": "id"})
            identity = await self._calls.answered(asking, PAGE_IDENTITY, self._tries())
            self._page = str(identity.id)
        return self._page

    async def instagram_account(self) -> str | None:
        asking = GraphRequest(path="/me", query={"fields": "instagram_business_account"})
        linked = await self._calls.answered(asking, LINKED_ACCOUNT, self._tries())
        account = linked.instagram_business_account
        return None if account is None else str(account.id)

    async def user_name(self, thread: Thread) -> str | None:
        is_instagram = thread.platform is Platform.INSTAGRAM
        fields = "name,username" if is_instagram else "first_name,last_name"
        asking = GraphRequest(path=PERSON, query={"fields": fields}, thread=thread)
        return (await self._calls.in_passing(asking, PROFILE)).told()

    async def names(self, _page: str, /) -> dict[str, str]:
        asking = GraphRequest(path="/me", query={"fields": "id,name"})
        own = await self._calls.in_passing(asking, NAMED_PAGE)
        apps = await self._calls.in_passing(_SUBSCRIBED, INSTALLED_APPS)
        return apps.names() | ({str(own.id): own.name} if own.name else {})

    async def routing(self, page: str) -> Routing:
        asking = GraphRequest(path="/me", query={"fields": "messaging_feature_status"})
        status = await self._calls.answered(asking, PAGE_STATUS, self._tries())
        return Routing.ON if status.routes(page) else Routing.OFF

    async def _has_been_passed(self, thread: Thread, tries: Tries) -> bool:
        try:
            return await self._owner(thread, tries) in TOLD_ANOTHER
        except (GraphThrottled, TokenRefused) as error:
            raise GraphTimeout(
                "Control may have been passed, and Meta can't be asked now", remedy=str(error)
            ) from error

    async def _owner(self, thread: Thread, earlier: Tries) -> Owner:
        """Ask who owns the thread, in the time that the earlier tries have left over."""
        asking = GraphRequest(
            path="/me/thread_owner", query={"recipient": thread.user}, thread=thread
        )
        tries = Tries(started_at=earlier.started_at)
        try:
            answer = await self._calls.answered(asking, THREAD_OWNER, tries)
        except TRY_LATER as error:
            # Only this answer is unreadable: that is no outage, and waiting does not help.
            is_unreadable = isinstance(error, GraphTimeout) and error.is_unreadable
            if not is_unreadable or self._calls.closed_page() is not None:
                raise
            owner, why = Owner.UNKNOWN, str(error)
        except GraphError as error:
            owner, why = owner_by(error), str(error)
        else:
            owner, why = owner_in(answer, us=self._app_id), "It answers nothing that says so."
        if owner is Owner.UNKNOWN and self._untold.times(self._clock.now()):
            logger.warning("Meta does not tell whose the threads of %s are: %s", self._name, why)
        return owner

    async def _change_control(
        self, path: str, thread: Thread, parameters: Mapping[str, str], tries: Tries
    ) -> None:
        body = {"recipient": {"id": thread.user}, **parameters}
        changing = GraphRequest(path=path, body=body, thread=thread)
        answer = await self._calls.answered(changing, ACCEPTED, tries)
        if not answer.success:
            raise GraphRefused(
                f"Graph answered {changing.name} with success: false",
                remedy="Meta gave no reason; check the Page's settings under Advanced messaging.",
            )

    async def _sent(self, sending: GraphRequest, mark: str, pace: Pace) -> str:
        await self._calls.admitted(pace)
        # A lost answer is up to the caller: a message that is sent again may show up twice.
        tries = Tries(started_at=self._clock.now(), repeats_lost=False)
        while True:
            await still_ours()
            try:
                return (await self._calls.once(sending, SENT, tries)).mid
            except GraphError as error:
                failure = error
            if may_have_worked(failure) and await self._echoes.heard_within(ECHO_WAIT, mark):
                return ""
            pause = await self._calls.pause_after(failure, sending, tries)
            if isinstance(failure, GraphTimeout):
                failure.echoes_come = self._echoes.come and await self._may_hear_of(sending)
            if tries.in_doubt and await self._echoes.heard_within(pause or timedelta(), mark):
                return ""
            if pause is None:
                raise failure
            if not tries.in_doubt:
                await self._clock.sleep(pause)
            log_retry(sending, failure)
            await self._calls.admitted(pace)

    async def _may_hear_of(self, sending: GraphRequest) -> bool:
        """Whether its echo may come: somebody may recently have told Meta to send none."""
        if sending.thread is None or sending.thread.platform is Platform.INSTAGRAM:
            return True  # on Instagram echoes come with the messages
        try:
            installed = await self._calls.in_passing(_SUBSCRIBED, INSTALLED_APPS)
        except GraphError:
            return True
        return not installed.leave_out(self._app_id, "message_echoes")

    def _pace_of(self, message: Mapping[str, Any]) -> Pace:
        return self._slow_pace if is_slow(message) else self._pace

    def _tries(self) -> Tries:
        return Tries(started_at=self._clock.now())
