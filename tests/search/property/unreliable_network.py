"""The way from Meta to the bot: it loses, doubles, delays and re-orders what it carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.instruments.clock import Clock

GIVEN_UP_AFTER = timedelta(hours=36)  # Meta repeats a delivery for so long at most (facts, 2.1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A POST of Meta's."""

    body: bytes
    signature: str | None
    posted_at: datetime


class UnreliableNetwork:
    """Hands each delivery to `arrive` at once, unless it stalls; then they wait for what comes.

    It may be late with only what comes on `standby`. `arrive` tells whether it was acknowledged:
    what was not is repeated.
    """

    def __init__(self, arrive: Callable[[Delivery], Awaitable[bool]], clock: Clock) -> None:
        self._arrive = arrive
        self._clock = clock
        self._arrived: list[Delivery] = []
        self._waiting: list[Delivery] = []
        self._late: list[Delivery] = []
        self._unacknowledged: list[Delivery] = []
        self.is_stalled = False
        self.is_late_on_standby = False

    async def carry(self, body: bytes, signature: str | None) -> None:
        delivery = Delivery(body=body, signature=signature, posted_at=self._clock.now())
        if self.is_late_on_standby and b'"standby"' in body:
            self._late.append(delivery)
        elif self.is_stalled:
            self._waiting.append(delivery)
        else:
            await self._let_in(delivery)

    async def deliver(self, index: int, *, times: int = 1) -> None:
        """Let one that waits overtake those before it; 0 `times`, and it is lost."""
        self._waiting = self._not_given_up(self._waiting)
        if self._waiting:
            delivery = self._waiting.pop(index % len(self._waiting))
            for _ in range(times):
                await self._let_in(delivery)

    async def repeat(self, index: int) -> None:
        """Let one that has arrived before arrive once more."""
        self._arrived = self._not_given_up(self._arrived)
        if self._arrived:
            await self._arrive(self._arrived[index % len(self._arrived)])

    async def repeat_unacknowledged(self) -> None:
        """Meta tries again what nobody has acknowledged."""
        again, self._unacknowledged = self._not_given_up(self._unacknowledged), []
        for delivery in again:
            await self.carry(delivery.body, delivery.signature)

    async def let_standby_come(self) -> None:
        """Let what is late arrive, or wait behind what waits."""
        self.is_late_on_standby = False
        late, self._late = self._not_given_up(self._late), []
        for delivery in late:
            await self.carry(delivery.body, delivery.signature)

    async def recover(self) -> None:
        """Let all that waits arrive, in order, and stall no more."""
        self.is_stalled = False
        await self.let_standby_come()
        while self._waiting:
            await self.deliver(0)

    async def _let_in(self, delivery: Delivery) -> None:
        self._arrived.append(delivery)
        if not await self._arrive(delivery):
            self._unacknowledged.append(delivery)

    def _not_given_up(self, deliveries: list[Delivery]) -> list[Delivery]:
        oldest = self._clock.now() - GIVEN_UP_AFTER
        return [delivery for delivery in deliveries if delivery.posted_at > oldest]
