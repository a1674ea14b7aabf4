"""What the channel does for a user whose message the bot could not answer."""

from __future__ import annotations

from ..core.events import Event, Postback, UserMessage
from ..dialogue.dialogue import Dialogue
from ..store.protocol import Store


class BotFailures:
    """Hands threads over whose messages are set aside, by the plan that `on-failure` names."""

    def __init__(self, *, store: Store, dialogue: Dialogue) -> None:
        self._store = store
        self._dialogue = dialogue

    async def dies(self, event: Event) -> None:
        """An event is about to be set aside. Raises StoreError."""
        if not isinstance(event, (UserMessage, Postback)):
            return
        known = await self._store.open_session(event.thread)
        if known is None or known.is_waiting:  # or else a person has the thread, or is about to
            await self._dialogue.hand_over(event)
