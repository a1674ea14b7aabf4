"""The channel's output, as a turn of a real Rasa sees it; what is said is only collected."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel

from channels.dialogue.output import MessengerOutput
from channels.dialogue.turn_time import TurnTime
from channels.instruments.clock import Clock


class CollectingOutput(CollectingOutputChannel, MessengerOutput):  # type: ignore[misc]  # Rasa's carries no types
    """`clock` is what its turn waits by; `is_silenced` is for a test to set."""

    is_silenced = False

    def __init__(self, clock: Clock | None = None) -> None:
        CollectingOutputChannel.__init__(self)
        self.turn_time = TurnTime(clock)
        self.has_asked = self.has_spoken = False

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        await OutputChannel.send_response(self, recipient_id, message)
