"""What the channel does for a user whose message the bot could not answer."""

from __future__ import annotations

import logging

from ..core.events import Event, Postback, UserMessage
from ..core.sessions.session import Cause, State
from ..core.settings.settings import Settings
from ..handover.opening import Openings
from ..handover.telling import PassesControl
from ..instruments.log_fields import session_fields
from ..store.protocol import Store

logger = logging.getLogger(__name__)


class BotFailures:
    """Hands threads over whose messages are set aside, by the plan that `on-failure` names."""

    def __init__(
        self, *, settings: Settings, store: Store, openings: Openings, outbox: PassesControl
    ) -> None:
        self._settings = settings
        self._store = store
        self._openings = openings
        self._outbox = outbox

    async def died(self, event: Event) -> None:
        """An event is set aside. Raises StoreError."""
        if not isinstance(event, (UserMessage, Postback)):
            return
        known = await self._store.open_session(event.thread)
        if known is not None and not known.is_waiting:
            return  # a person has the thread, or is about to
        if not await self._openings.may_step_in(event.thread):
            return
        session = await self._openings.open(
            event.thread,
            {"plan": self._settings.on_failure},
            Cause(at=event.at, key=f"failed {event.key}"),
            has_bot_failed=True,
        )
        logger.warning("A thread is handed over: the bot failed.", extra=session_fields(session))
        if session.state is State.OPENING:
            self._outbox.pass_control(session)
