"""The Graph seam: what the plugin asks of Meta's Messenger Platform.

One contract test holds `HttpGraph`, and the platform in memory that the tests use, to what is
written here. Source: Messenger Platform, Conversation Routing and Send API.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..core.events import Thread
from ..core.meta.ownership import Owner, Routing


class SenderAction(enum.Enum):
    """What the page can show to a user without saying anything."""

    MARK_SEEN = "mark_seen"
    TYPING_ON = "typing_on"
    TYPING_OFF = "typing_off"


class Obstacle(enum.Enum):
    """What keeps a page's calls from going out."""

    THROTTLED = "throttled"
    UNAUTHORISED = "token refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedPage:
    """A page can't be used before `until`, and then it may still be closed.

    `page` is what the log calls it ("page 111222333"), `reason` what Meta said and the remedy.
    """

    page: str
    obstacle: Obstacle
    until: datetime
    reason: str


class Graph(Protocol):
    """Meta's side of a page's conversations. Every coroutine method raises GraphError.

    Transient failures are tried again inside (a few times, within seconds) before
    GraphUnavailable or GraphThrottled is raised.

    A page is closed by a rate limit that lasts, by a refused token, and while Meta answers none
    of its calls. Any call then raises the error that closed the page, and no request goes out;
    if a limit is over within seconds, the call waits instead. A page opens by itself when a rate
    limit is over, otherwise through `probe`. Other pages are not affected, unless the limit is the
    app's. A page's Instagram account shares its token, and is closed with it.
    """

    def closed_page(self, page: str, /) -> ClosedPage | None:
        """Why the page can't be used now; None if it can."""

    def closed_pages(self) -> list[ClosedPage]:
        """The pages that are closed now."""

    def skew(self) -> timedelta | None:
        """Meta's clock minus ours, by its last answer; None before the first."""

    async def probe(self, page: str, /) -> None:
        """Return if the page can be used; if it is closed, and it is time to, ask Meta first.

        Raises the error that keeps it closed. Several callers at once make a single request.
        """

    async def check(self) -> None:
        """Ask Meta whether each page can be used: a token may have become invalid meanwhile.

        `closed_pages` has the result; raises nothing. For a closed page Meta is not asked before it
        is time to.
        """

    async def unsubscribed(self) -> list[str]:
        """The pages, as the log calls them, whose messages Meta does not send to this app.

        Meta unsubscribes a webhook after an hour of failures. If it does not answer, its last
        answer stands; raises nothing.
        """

    def share_among(self, workers: int) -> None:
        """This many workers send for these pages: keep to this one's share of Meta's limits."""

    async def close(self) -> None:
        """Let go of the connections."""

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        """Send one Send API `message` object, by its PERSONA if it has one; returns its id.

        A send that got no answer waits for its echo (`echo_heard`). If that comes, the message was
        sent, but its id is not known: "" is returned. If not, GraphTimeout is raised, because
        another try may show the message twice. The echo is recognised by a `mark` that only this
        message has, with which its `metadata` begins. Any `metadata` of the message's own follows
        after a space. Without a mark, one is made.
        """

    def echo_heard(self, mark: str) -> None:
        """The webhook reports an echo of ours: the send with this mark was carried out."""

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        """Show that the message was seen, or that an answer is being typed.

        Tried only once, and left out while the page is closed or busy: late, it is worth nothing.
        """

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        """Give the thread to another app. Raises NotThreadOwner if it is neither ours nor idle."""

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        """Take the thread; if it is ours already, that changes nothing.

        Raises RoutingIsOff, or GraphRefused if the page's settings forbid it.
        """

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        """Ask the thread's owner for it: this means *asked*, not *granted*.

        If the owner grants it, `pass_thread_control` comes by webhook. An idle thread is granted at
        once; if the thread is ours already, nothing changes. Raises GraphRefused while routing is
        on.
        """

    async def owner(self, thread: Thread) -> Owner:
        """Who controls the thread now; UNKNOWN if Meta does not say.

        Raises only errors that another try may get past (TRY_LATER): a refusal is an answer, too.
        """

    async def page(self) -> str:
        """The id of the page that the token is for."""

    async def instagram_account(self) -> str | None:
        """The id of the Instagram account that is linked to the token's page.

        None if there is none, or if the token may not see it.
        """

    async def user_name(self, thread: Thread) -> str | None:
        """The user's name; None if Meta does not give it.

        Like `names`, it is tried once, not while the page is closed, and a failure closes nothing:
        a refusal may be about this one user.
        """

    async def names(self, page: str, /) -> dict[str, str]:
        """The names of the page and of the apps on it, by their ids."""

    async def routing(self, page: str) -> Routing:
        """Whether Conversation Routing is on (`messaging_feature_status`).

        `page` is the page, or its Instagram account, which has a setting of its own.
        """
