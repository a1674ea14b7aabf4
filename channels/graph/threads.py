"""Rasa's sender ids and Meta's threads, each found from the other."""

from __future__ import annotations

from ..core.events import Platform, Thread, page_and_user_of, sender_id_of
from ..core.settings.settings import Settings
from .protocol import Graph


class Threads:
    """Knows the pages that the settings name, or asks Graph for the page of a single token."""

    def __init__(self, *, settings: Settings, graph: Graph) -> None:
        self._pages = settings.pages
        self._graph = graph

    async def of(self, sender_id: str) -> Thread:
        """The thread of the user with this sender id. May raise GraphError."""
        page, user = page_and_user_of(sender_id)
        if self._pages and page is not None:
            is_page = page in self._pages
        else:
            page_of_token = await self._graph.page()
            page, is_page = page or page_of_token, page in (None, page_of_token)
        platform = Platform.MESSENGER if is_page else Platform.INSTAGRAM
        return Thread(page=page, user=user, platform=platform)

    def sender_id(self, thread: Thread) -> str:
        """Rasa's sender id for the thread's user."""
        return sender_id_of(thread, several_pages=bool(self._pages))
