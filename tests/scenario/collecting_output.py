"""The channel's output, as a turn of a real Rasa sees it; what is said is only collected."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel

from channels.dialogue.output import MessengerOutput
from channels.dialogue.turn_time import TurnTime
from channels.instruments.clock import Clock


class CollectingOutput(CollectingOutputChannel, MessengerOutput):  # type: ignore[misc]  # Rasa's carries no types
    """It notes, as the channel's own does, whether a turn has asked for a handover, or spoken.

    `clock` is what its turn waits by; `is_silenced` is for a test to set.
    """

    is_silenced = False

    def __init__(self, clock: Clock | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.turn_time = TurnTime(clock)
        self.has_asked = self.has_spoken = self.has_ended = False

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.has_asked = self.has_asked or "handover" in (message.get("custom") or {})
        self.has_spoken = self.has_spoken or "text" in message
        await OutputChannel.send_response(self, recipient_id, message)
