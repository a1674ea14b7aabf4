"""Whether a page has Conversation Routing on; Meta is asked now and then."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from datetime import datetime, timedelta

from ..core.errors import GraphError
from ..core.meta.ownership import Routing
from ..core.settings.values import RoutingSetting
from ..graph.protocol import Graph
from ..instruments.clock import Clock

logger = logging.getLogger(__name__)

ASK_AGAIN_AFTER = timedelta(hours=1)
ASK_AGAIN_AFTER_FAILURE = timedelta(minutes=1)

_SET = {RoutingSetting.ON: Routing.ON, RoutingSetting.OFF: Routing.OFF}


class RoutingStatus:
    """The routing mode, from the setting, or for "auto" from Meta's `messaging_feature_status`.

    While Meta does not answer and never has, routing counts as off: then an event proves less,
    and the bot stays silent rather than talk over a person.
    """

    def __init__(self, *, setting: RoutingSetting, graph: Graph, clock: Clock) -> None:
        self._set = _SET.get(setting)
        self._graph = graph
        self._clock = clock
        self._known: dict[str, Routing] = {}
        self._ask_at: dict[str, datetime] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def of(self, page: str) -> Routing:
        """The page's routing mode now."""
        if self._set is not None:
            return self._set
        known, asking = self._known.get(page), self._asking[page]
        if known is not None and (asking.locked() or not self._is_to_be_asked(page)):
            return known  # while one asks, the others go on with what is known
        async with asking:
            if self._is_to_be_asked(page):
                await self._ask(page)
        return self._known[page]

    def _is_to_be_asked(self, page: str) -> bool:
        return page not in self._ask_at or self._ask_at[page] <= self._clock.now()

    async def _ask(self, page: str) -> None:
        try:
            self._known[page] = await self._graph.routing(page)
        except GraphError as error:
            logger.warning("Meta does not tell whether routing is on: %s", error)
            self._known.setdefault(page, Routing.OFF)
            self._ask_at[page] = self._clock.now() + ASK_AGAIN_AFTER_FAILURE
        else:
            self._ask_at[page] = self._clock.now() + ASK_AGAIN_AFTER
