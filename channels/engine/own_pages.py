"""Which events are ours: an app may be subscribed to Pages that this bot does not answer on."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from ..core.errors import TRY_LATER, GraphError, GraphUnavailable
from ..core.events import Platform, Thread
from ..core.settings.settings import Settings
from ..graph.protocol import Graph
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..instruments.rare_lines import RareLine

logger = logging.getLogger(__name__)

ASK_AGAIN_AFTER = timedelta(hours=1)  # by then another account may be linked
LOG_INTERVAL = timedelta(hours=1)
OF_TEST_BUTTON = "0"  # the page of the samples that the app's settings at Meta send


class OwnPages:
    """The Pages and Instagram accounts whose threads are this bot's.

    With several pages, the settings name them. With `page-access-token`, Meta is asked for the page
    once, and for its Instagram account at most every hour. If Meta does not say, nothing is ruled
    out.
    """

    def __init__(self, *, settings: Settings, graph: Graph, clock: Clock, metrics: Metrics) -> None:
        named = [id_ for page, one in settings.pages.items() for id_ in (page, one.instagram)]
        self._named = {id_ for id_ in named if id_ is not None}
        self._graph = graph
        self._clock = clock
        self._metrics = metrics
        self._asking = asyncio.Lock()
        self._page: str | None = None
        self._account: str | None = None
        self._asked_at: dict[Platform, datetime] = {}
        self._line = RareLine(LOG_INTERVAL)

    async def include(self, thread: Thread) -> bool:
        """Whether the thread is the bot's, or may be; an event that is left out is counted.

        As long as Meta can't be asked, raises why, one of TRY_LATER, so that the event waits.
        """
        if self._named or not self._is_to_be_asked(thread.platform):
            return not self.rule_out(thread)
        # While Meta is asked again, threads go on that its last answer does not rule out.
        is_asked_again = thread.platform in self._asked_at and self._asking.locked()
        if not is_asked_again or self._told(thread.platform) not in (None, thread.page):
            async with self._asking:
                if self._is_to_be_asked(thread.platform):
                    await self._ask(thread.platform)
        return not self.rule_out(thread)

    def rule_out(self, thread: Thread) -> bool:
        """Whether the thread is known not to be the bot's; if so, this is logged, and, but for
        Meta's own samples, counted.
        """
        if thread.page == OF_TEST_BUTTON:
            logger.info(
                "Meta's Test button reaches the bot. Its sample comes from no page and no user, so "
                "nothing answers it."
            )
            return True
        own = self._known(thread.platform)
        if not own or thread.page in own:
            return False
        self._metrics.foreign_events.inc()
        times = self._line.times(self._clock.now())
        if times:
            logger.warning(
                "Events of %s %s are left out (%d events since the last such line): the bot has no "
                "token for it in credentials.yml. If it is to answer there, add it under 'pages'; "
                "if not, unsubscribe the app from it at Meta.",
                "page" if thread.platform is Platform.MESSENGER else "Instagram account",
                thread.page,
                times,
            )
        return True

    def _known(self, platform: Platform) -> set[str]:
        """The ids of the bot's pages or accounts on the platform; empty if they are not known."""
        if self._named:
            return self._named
        if platform is Platform.INSTAGRAM and self._is_to_be_asked(platform):
            return set()
        told = self._told(platform)
        return set() if told is None else {told}

    def _told(self, platform: Platform) -> str | None:
        """What Meta has answered last."""
        return self._page if platform is Platform.MESSENGER else self._account

    def _is_to_be_asked(self, platform: Platform) -> bool:
        if platform is Platform.MESSENGER and self._page is not None:
            return False
        asked_at = self._asked_at.get(platform)
        return asked_at is None or abs(self._clock.now() - asked_at) >= ASK_AGAIN_AFTER

    async def _ask(self, platform: Platform) -> None:
        try:
            if platform is Platform.MESSENGER:
                self._page = await self._graph.page()
            else:
                self._account = await self._graph.instagram_account()
        except GraphError as error:
            is_of_this_call = isinstance(error, GraphUnavailable) and error.others_answered
            if isinstance(error, TRY_LATER) and not is_of_this_call:
                raise
            logger.warning("Meta does not tell which pages are the bot's own: %s", error)
        self._asked_at[platform] = self._clock.now()
