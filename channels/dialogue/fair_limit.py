"""Places for turns: there is a limited number of them, and no page can take them all."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_LARGEST_SHARE = 4  # a page may hold this many times the places that are free


class FairLimit:
    """Gives out `most` places; if none is free, callers wait, and pages take turns.

    A page whose sends are slow holds its places for long. So with `several_pages`, if there are
    enough places, some are always left for pages that hold fewer, however many pages are slow.
    """

    def __init__(self, most: int, *, several_pages: bool) -> None:
        self._free = most
        self._several_pages = several_pages
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self.is_closed = False

    def close(self) -> None:
        """Give out no more places: callers that wait for one, or come later, are cancelled."""
        self.is_closed = True
        for given in [given for of_page in self._waiting.values() for given in of_page]:
            given.cancel()

    @asynccontextmanager
    async def place(self, page: str) -> AsyncIterator[None]:
        """A place for one of the page's turns."""
        await self._take(page)
        try:
            yield
        finally:
            self._give_back(page)

    async def _take(self, page: str) -> None:
        if self.is_closed:
            raise asyncio.CancelledError
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(page, deque()).append(given)
        self._give_out()
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give_back(page)
            raise

    def _give_back(self, page: str) -> None:
        self._free += 1
        self._held[page] -= 1
        if not self._held[page]:
            del self._held[page]
        self._give_out()

    def _give_out(self) -> None:
        while (page := next(filter(self._may_have, self._waiting), None)) is not None:
            of_page = self._waiting.pop(page)
            given = of_page.popleft()
            if of_page:
                self._waiting[page] = of_page  # behind the other pages
            if not given.done():
                self._free -= 1
                self._held[page] += 1
                given.set_result(None)

    def _may_have(self, page: str) -> bool:
        if not self._several_pages:
            return self._free > 0
        return self._held[page] < _LARGEST_SHARE * self._free
