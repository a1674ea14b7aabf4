"""The way from Meta to the bot: it loses, doubles, delays and re-orders what it carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

Body = bytes
Signature = str | None
Arrive = Callable[[Body, Signature], Awaitable[None]]

_REMEMBERED = 20  # deliveries that can come once more


class UnreliableNetwork:
    """Hands each delivery to `arrive` at once, unless it stalls; then they wait for what comes."""

    def __init__(self, arrive: Arrive) -> None:
        self._arrive = arrive
        self._arrived: list[tuple[Body, Signature]] = []
        self.waiting: list[tuple[Body, Signature]] = []
        self.is_stalled = False

    async def carry(self, body: Body, signature: Signature) -> None:
        if self.is_stalled:
            self.waiting.append((body, signature))
        else:
            await self._let_in(body, signature)

    async def deliver(self, index: int, *, times: int = 1) -> None:
        """Let one that waits overtake those before it; 0 `times`, and it is lost."""
        delivery = self.waiting.pop(index % len(self.waiting))
        for _ in range(times):
            await self._let_in(*delivery)

    async def repeat(self, index: int) -> None:
        """Let one that has arrived before arrive once more."""
        if self._arrived:
            await self._arrive(*self._arrived[index % len(self._arrived)])

    async def recover(self) -> None:
        """Let all that waits arrive, in order, and stall no more."""
        self.is_stalled = False
        while self.waiting:
            await self.deliver(0)

    async def _let_in(self, body: Body, signature: Signature) -> None:
        self._arrived = [*self._arrived, (body, signature)][-_REMEMBERED:]
        await self._arrive(body, signature)
