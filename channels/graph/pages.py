"""One Graph for several pages: each thread's calls go out with its own page's token."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from ..core.errors import GraphRefused
from ..core.events import Thread
from ..core.routing import Owner, Routing
from .protocol import Closure, Graph, SenderAction


class PagesGraph:
    """The Graph seam over the Graphs of several pages, by the ids that webhooks name them by.

    An Instagram account's id leads to the Graph of the page that it is linked to.
    """

    def __init__(self, graphs: Mapping[str, Graph]) -> None:
        self._graphs = dict(graphs)

    async def close(self) -> None:
        await asyncio.gather(*(graph.close() for graph in self._each()))

    def closure(self, page: str, /) -> Closure | None:
        """A page without a token is not closed: its calls are refused for good."""
        graph = self._graphs.get(page)
        return None if graph is None else graph.closure(page)

    def closures(self) -> list[Closure]:
        return [closure for graph in self._each() for closure in graph.closures()]

    async def probe(self, page: str, /) -> None:
        graph = self._graphs.get(page)
        if graph is not None:
            await graph.probe(page)

    async def check(self) -> None:
        await asyncio.gather(*(graph.check() for graph in self._each()))

    def share_among(self, workers: int) -> None:
        for graph in self._each():
            graph.share_among(workers)

    async def send(self, thread: Thread, message: Mapping[str, Any]) -> str:
        return await self._of(thread.page).send(thread, message)

    def echo_heard(self, mark: str) -> None:
        for graph in self._each():
            graph.echo_heard(mark)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        await self._of(thread.page).sender_action(thread, action)

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        await self._of(thread.page).pass_control(thread, app_id=app_id, metadata=metadata)

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        await self._of(thread.page).take_control(thread, metadata=metadata)

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        await self._of(thread.page).request_control(thread, metadata=metadata)

    async def owner(self, thread: Thread) -> Owner:
        return await self._of(thread.page).owner(thread)

    async def page(self) -> str:
        raise GraphRefused(
            "A user's id alone does not say which of several pages is meant",
            remedy="Write it as PAGE:USER, which is Rasa's sender id on several pages.",
        )

    async def routing(self, page: str) -> Routing:
        return await self._of(page).routing(page)

    def _each(self) -> set[Graph]:
        return set(self._graphs.values())

    def _of(self, page: str) -> Graph:
        if page not in self._graphs:
            raise GraphRefused(
                f"There is no token for the page or Instagram account {page}",
                remedy="Add it under 'pages' in credentials.yml.",
            )
        return self._graphs[page]
