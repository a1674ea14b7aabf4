"""What handovers need from the dialogue and the outbox: to tell Rasa, and to pass control."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ..core.events import Thread
from ..core.sessions.session import Session


class TellsRasa(Protocol):
    """Puts the events of handovers into the tracker; returns once Rasa has handled them.

    May raise whatever Rasa's turn raises, and StoreError. Telling needs a place (`hearing`).
    """

    def hearing(self, thread: Thread) -> AbstractAsyncContextManager[None]:
        """A place: what is told inside does not have to wait for a model or for other turns."""

    async def tell_started(self, session: Session) -> None:
        """Somebody else has begun a handover: `handover_started`."""

    async def tell_ended(self, session: Session, *, in_silence: bool) -> None:
        """A handover has ended: `handover_ended`. In silence, nothing is said to the user."""


class PassesControl(Protocol):
    """Passes control of threads, each once everything that the bot has said in it is sent."""

    def pass_control(self, session: Session) -> None:
        """Do so for an opening session; returns at once."""
