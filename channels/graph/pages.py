"""The pages' Graphs as one: each call goes out with its own page's token, and is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Set
from datetime import timedelta
from typing import Any, TypeVar

from ..core.errors import (
    TRY_LATER,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NoSuchUser,
    NotThreadOwner,
    RoutingIsOff,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from ..core.events import Thread
from ..core.meta.ownership import Owner, Routing
from ..instruments.metrics import Metrics
from .protocol import ClosedPage, Graph, SenderAction
from .refusals.refusals import owner_by

_OK = "ok"
_UNKNOWN = "unknown"  # Meta does not say who owns the thread
_REFUSED = "refused"
_OUTCOMES: Mapping[type[GraphError], str] = {
    GraphUnavailable: "unavailable",
    GraphTimeout: "timeout",
    GraphThrottled: "throttled",
    NotThreadOwner: "not_owner",
    WindowClosed: "window_closed",
    UserUnreachable: "user_unreachable",
    NoSuchUser: "user_unreachable",
    RoutingIsOff: "routing_off",
    TokenRefused: "token_refused",
    GraphRefused: _REFUSED,
}
_VERBS = (
    "send",
    "sender_action",
    "pass_control",
    "take_control",
    "request_control",
    "owner",
    "routing",
)

_T = TypeVar("_T")


class PagesGraph:
    """The engine's Graph: that of one page, or of several, by the ids that webhooks name.

    An Instagram account's id leads to the Graph of the page that it is linked to. Each call of a
    verb counts once, however often it was tried inside. `page` is not counted: its answer is
    remembered, so most calls of it do not reach Meta.
    """

    def __init__(self, graphs: Graph | Mapping[str, Graph], metrics: Metrics) -> None:
        self._only = None if isinstance(graphs, Mapping) else graphs
        self._by_page = graphs if isinstance(graphs, Mapping) else {}
        self._all: Set[Graph] = set(self._by_page.values()) if self._only is None else {self._only}
        self._metrics = metrics
        metrics.expect_graph_calls(_VERBS, [_OK, _UNKNOWN, *_OUTCOMES.values()])

    def closed_page(self, page: str, /) -> ClosedPage | None:
        """A page without a token is not closed: its calls are refused for good."""
        graph = self._find(page)
        return None if graph is None else graph.closed_page(page)

    def closed_pages(self) -> list[ClosedPage]:
        return [closed for graph in self._all for closed in graph.closed_pages()]

    def skew(self) -> timedelta | None:
        for graph in self._all:
            skew = graph.skew()
            if skew is not None:
                return skew
        return None

    async def probe(self, page: str, /) -> None:
        graph = self._find(page)
        if graph is not None:
            await graph.probe(page)

    async def check(self) -> None:
        await asyncio.gather(*(graph.check() for graph in self._all))

    async def unsubscribed(self) -> list[str]:
        found = await asyncio.gather(*(graph.unsubscribed() for graph in self._all))
        return sorted(page for pages in found for page in pages)

    def share_among(self, workers: int) -> None:
        for graph in self._all:
            graph.share_among(workers)

    async def close(self) -> None:
        await asyncio.gather(*(graph.close() for graph in self._all))

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        return await self._ask(
            "send", thread.page, lambda graph: graph.send(thread, message, mark=mark)
        )

    def echo_heard(self, mark: str) -> None:
        for graph in self._all:
            graph.echo_heard(mark)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        await self._ask(
            "sender_action", thread.page, lambda graph: graph.sender_action(thread, action)
        )

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        await self._ask(
            "pass_control",
            thread.page,
            lambda graph: graph.pass_control(thread, app_id=app_id, metadata=metadata),
        )

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        await self._ask(
            "take_control",
            thread.page,
            lambda graph: graph.take_control(thread, metadata=metadata),
        )

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        await self._ask(
            "request_control",
            thread.page,
            lambda graph: graph.request_control(thread, metadata=metadata),
        )

    async def owner(self, thread: Thread) -> Owner:
        try:
            return await self._ask("owner", thread.page, lambda graph: graph.owner(thread))
        except TRY_LATER:
            raise
        except GraphError as error:  # the page is none of ours
            return owner_by(error)

    async def page(self) -> str:
        if self._only is not None:
            return await self._only.page()
        raise GraphRefused(
            "A user's id alone does not say which of several pages is meant",
            remedy="Write it as PAGE:USER, which is Rasa's sender id on several pages.",
        )

    async def instagram_account(self) -> str | None:
        if self._only is not None:
            return await self._only.instagram_account()
        return None  # with several pages, `instagram` in credentials.yml says which

    async def user_name(self, thread: Thread) -> str | None:
        """Not counted, and neither is `names`: handovers do not depend on them."""
        return await self._of(thread.page).user_name(thread)

    async def names(self, page: str, /) -> dict[str, str]:
        return await self._of(page).names(page)

    async def routing(self, page: str) -> Routing:
        return await self._ask("routing", page, lambda graph: graph.routing(page))

    async def _ask(self, verb: str, page: str, call: Callable[[Graph], Awaitable[_T]]) -> _T:
        """What the page's Graph answers, counted by its outcome."""
        try:
            answer = await call(self._of(page))
        except GraphError as error:
            outcome = _OUTCOMES.get(type(error), _REFUSED)
            self._metrics.graph_calls.labels(verb, outcome).inc()
            raise
        outcome = _UNKNOWN if answer in (Owner.UNKNOWN, Owner.HIDDEN) else _OK
        self._metrics.graph_calls.labels(verb, outcome).inc()
        return answer

    def _find(self, page: str) -> Graph | None:
        return self._only or self._by_page.get(page)

    def _of(self, page: str) -> Graph:
        graph = self._find(page)
        if graph is None:
            raise GraphRefused(
                f"There is no token for the page or Instagram account {page}",
                remedy="Add it under 'pages' in credentials.yml.",
            )
        return graph
