"""Where a turn puts what it says: stored in order, and sent by others."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import msgspec

from ..core.events import Thread
from ..core.meta.app_secret import marked
from ..core.records.outgoing import Outgoing, Said
from ..core.sessions.session import Cause
from ..handover.protocol import PassesControl
from ..instruments.clock import Clock
from ..instruments.leases import still_ours
from .turn_time import TurnTime


class Outbox(PassesControl, Protocol):
    """What the bot says, on its way to Meta. Every coroutine method may raise StoreError."""

    async def said(self, thread: Thread, turn: str) -> list[Said]:
        """What earlier attempts at the turn have said."""

    async def say(self, outgoing: Outgoing, *, held: bool, in_turn: bool) -> None:
        """Store a message after the thread's others; returns before it is sent.

        `held`: it waits until the user has written. `in_turn`: it is said in the thread's turn,
        which only one worker has. Raises ClaimLost and BotSilenced.
        """

    async def say_again(self, thread: Thread, said: Said) -> None:
        """Make sure that a message which an earlier attempt has said is on its way, or sent."""

    async def withdraw(self, positions: list[int]) -> None:
        """Take back those of an earlier attempt's messages that have not been sent yet."""


class TurnId(msgspec.Struct, frozen=True, kw_only=True):
    """Which of Rasa's turns a message belongs to.

    `id` is the `message_id` that Rasa gets. If a crash cuts the turn short, it is taken again
    because of the inbox's event `event_key`, or of the session `session_id`, whose end it tells.
    """

    id: str
    cause: Cause
    event_key: str | None = None
    session_id: str | None = None
    is_reserved: bool = False  # by Ledger.turn


def turn_on_its_own(now: datetime) -> TurnId:
    """A turn that no event has caused: a reminder, an external trigger."""
    key = uuid.uuid4().hex
    return TurnId(id=key, cause=Cause(at=now, key=key))


class Sayings:
    """What one attempt at a turn says."""

    def __init__(
        self,
        *,
        turn: TurnId,
        outbox: Outbox,
        clock: Clock,
        app_secret: str,
        turn_time: TurnTime,
        said: Sequence[Said] = (),
    ) -> None:
        self.turn = turn
        self.turn_time = turn_time
        self._outbox = outbox
        self._clock = clock
        self._app_secret = app_secret
        self._replay = Replay(said)

    async def add(
        self, thread: Thread, message: Mapping[str, Any], *, response: str, held: bool
    ) -> None:
        """Say the next message, unless an earlier attempt has already said it at this point."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(message))
        if (said := self._replay.repeated(plain)) is not None:
            await self._while_ours(partial(self._outbox.say_again, thread, said))
            return
        await self.withdraw_rest()
        outgoing = Outgoing(
            thread=thread,
            turn=self.turn.id,
            place=self._replay.place,
            message=plain,
            mark=marked(uuid.uuid4().hex, self._app_secret),
            response=response,
            cause=self.turn.cause,
            said_at=self._clock.now(),
            event_key=self.turn.event_key,
            session_id=self.turn.session_id,
        )
        self._replay.place += 1
        await self._say(outgoing, held=held)

    async def _say(self, outgoing: Outgoing, *, held: bool) -> None:
        is_first_try = True

        async def step() -> None:
            nonlocal is_first_try
            if not is_first_try and await self._is_there(outgoing):
                return  # only the store's answer was lost
            is_first_try = False
            await self._outbox.say(outgoing, held=held, in_turn=self.turn.is_reserved)

        await self._while_ours(step)

    async def _is_there(self, outgoing: Outgoing) -> bool:
        for said in await self._outbox.said(outgoing.thread, self.turn.id):
            if (said.place, said.message) == (outgoing.place, outgoing.message):
                await self._outbox.say_again(outgoing.thread, said)
                return True
        return False

    def on_its_own(self) -> Sayings:
        """For what Rasa says later, through the same output."""
        return Sayings(
            turn=turn_on_its_own(self._clock.metas()),
            outbox=self._outbox,
            clock=self._clock,
            app_secret=self._app_secret,
            turn_time=self.turn_time,
        )

    async def withdraw_rest(self) -> None:
        """Take back what earlier attempts have said after this point."""
        if positions := self._replay.withdrawn():
            await self._while_ours(partial(self._outbox.withdraw, positions))

    async def _while_ours(self, step: Callable[[], Awaitable[None]]) -> None:
        """Carry out a step on the store; at each try, the turn must still be this worker's."""

        async def look_and_step() -> None:
            await still_ours()
            await step()

        await self.turn_time.until_stored(look_and_step)


class Replay:
    """Compares an attempt at a turn with what earlier attempts have said.

    What is said again, in the same words and at the same place, is not stored again. From the
    first difference on, whatever of the earlier attempts is still waiting is withdrawn.
    """

    def __init__(self, said: Sequence[Said] = ()) -> None:
        self._said = {one.place: one for one in sorted(said, key=_position)}
        self.place = 0

    def repeated(self, message: dict[str, Any]) -> Said | None:
        """What was said at this place, if it is this message; then go on to the next place."""
        said = self._said.get(self.place)
        if said is None or said.message != message:
            return None
        self.place += 1
        return said

    def withdrawn(self) -> list[int]:
        """The positions of what is waiting from this place on: this attempt says something else."""
        waiting = [one for one in self._said.values() if one.is_waiting and one.place >= self.place]
        for one in waiting:
            del self._said[one.place]
        return [one.position for one in waiting]


def _position(said: Said) -> int:
    return said.position
