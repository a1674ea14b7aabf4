"""The Graph seam over another Graph: what is asked of Meta, counted by what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from ..core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
    RoutingIsOff,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from ..core.events import Thread
from ..core.routing import Owner, Routing
from ..instruments.metrics import Metrics
from .protocol import Closure, Graph, SenderAction

_OK = "ok"
_REFUSED = "refused"
_OUTCOMES: Mapping[type[GraphError], str] = {
    GraphUnavailable: "unavailable",
    GraphTimeout: "timeout",
    GraphThrottled: "throttled",
    NotThreadOwner: "not_owner",
    WindowClosed: "window_closed",
    UserUnreachable: "user_unreachable",
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

T = TypeVar("T")


class MeteredGraph:
    """Counts each call of a verb once, however often it was tried inside.

    `page` is not counted: its answer is remembered, so most of its calls ask nobody.
    """

    def __init__(self, graph: Graph, metrics: Metrics) -> None:
        self._graph = graph
        self._metrics = metrics
        metrics.expect_graph_calls(_VERBS, [_OK, *_OUTCOMES.values()])

    def closure(self, page: str, /) -> Closure | None:
        return self._graph.closure(page)

    def closures(self) -> list[Closure]:
        return self._graph.closures()

    async def probe(self, page: str, /) -> None:
        await self._graph.probe(page)

    async def check(self) -> None:
        await self._graph.check()

    def share_among(self, workers: int) -> None:
        self._graph.share_among(workers)

    async def close(self) -> None:
        await self._graph.close()

    async def send(self, thread: Thread, message: Mapping[str, Any]) -> str:
        return await self._counted("send", self._graph.send(thread, message))

    def echo_heard(self, mark: str) -> None:
        self._graph.echo_heard(mark)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        await self._counted("sender_action", self._graph.sender_action(thread, action))

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        passing = self._graph.pass_control(thread, app_id=app_id, metadata=metadata)
        await self._counted("pass_control", passing)

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        await self._counted("take_control", self._graph.take_control(thread, metadata=metadata))

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        asking = self._graph.request_control(thread, metadata=metadata)
        await self._counted("request_control", asking)

    async def owner(self, thread: Thread) -> Owner:
        return await self._counted("owner", self._graph.owner(thread))

    async def page(self) -> str:
        return await self._graph.page()

    async def routing(self, page: str) -> Routing:
        return await self._counted("routing", self._graph.routing(page))

    async def _counted(self, verb: str, call: Awaitable[T]) -> T:
        try:
            answer = await call
        except GraphError as error:
            outcome = _OUTCOMES.get(type(error), _REFUSED)
            self._metrics.graph_calls.labels(verb, outcome).inc()
            raise
        self._metrics.graph_calls.labels(verb, _OK).inc()
        return answer
