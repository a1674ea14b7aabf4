"""Webhooks on their way: in ordered queues for each app, with retries and faults.

Meta facts 2.1; Meta: "Webhooks for Messenger Platform".
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from contextlib import suppress

from ..rules.events import Delivery, by_account, webhook_body
from ..rules.ownership import Array
from .faults import FaultPlan
from .state.log import ProtocolLog
from .state.state import State
from .webhook_client import Answer, WebhookClient


class AppQueue:
    """One lane of an app's webhooks, posted one after another by a single task.

    An event that fails is retried before the next one is posted; after the last try it is given
    up, and the log says so.
    """

    def __init__(
        self, app_id: str, state: State, log: ProtocolLog, faults: FaultPlan, client: WebhookClient
    ) -> None:
        self._app_id = app_id
        self._state = state
        self._log = log
        self._faults = faults
        self._client = client
        self._waiting: deque[Delivery] = deque()
        self._changed = asyncio.Event()
        self._worker = asyncio.create_task(self._work())

    def put(self, delivery: Delivery) -> None:
        """Queue an event."""
        self._waiting.append(delivery)
        self._changed.set()

    def recheck(self) -> None:
        """Look at the faults again: what they held back may go."""
        self._changed.set()

    async def stop(self) -> None:
        """Stop at once; what is still queued is not posted."""
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker

    async def _work(self) -> None:
        while True:
            for group in await self._next_groups():
                await self._deliver(group)

    async def _next_groups(self) -> list[list[Delivery]]:
        while len(self._waiting) < max(1, self._gathered_by_faults()):
            self._changed.clear()
            await self._changed.wait()
        return self._groups()

    def _gathered_by_faults(self) -> int:
        fault = self._faults.webhooks(self._app_id)
        return 0 if fault.drop else fault.batch or fault.reorder

    def _groups(self) -> list[list[Delivery]]:
        """The next POSTs, as the faults make them; each is a list of events."""
        fault = self._faults.webhooks(self._app_id)
        if fault.drop:
            self._spend("drop", 1)
            self._note("dropped", self._pop(1))
            return []
        if fault.batch:
            self._spend("batch", fault.batch)
            return by_account(self._pop(fault.batch))
        if fault.reorder:
            self._spend("reorder", fault.reorder)
            return [[one] for one in reversed(self._pop(fault.reorder))]
        if fault.double:
            self._spend("double", 1)
            return [self._pop(1)] * 2
        return [self._pop(1)]

    def _spend(self, what: str, count: int) -> None:
        self._faults.spend(self._app_id, what, count)
        self._log.add("fault", what=what, app_id=self._app_id, user="")

    def _pop(self, count: int) -> list[Delivery]:
        return [self._waiting.popleft() for _ in range(count)]

    async def _deliver(self, group: list[Delivery]) -> None:
        await asyncio.sleep(self._faults.webhooks(self._app_id).latency_ms / 1000)
        body = webhook_body(group, self._state.clock.now())
        last = len(self._state.delivery.retry_after_ms) + 1
        for attempt, wait_ms in enumerate((*self._state.delivery.retry_after_ms, 0), start=1):
            app = self._state.app(self._app_id)
            if app.webhook is None:
                self._note("recorded", group)
                return
            answer = await self._client.post(app, body)
            outcome = _outcome(answer, is_last=attempt == last)
            self._note(outcome, group, answer=answer, attempt=attempt)
            if outcome != "failed":
                return
            await asyncio.sleep(wait_ms / 1000)

    def _note(
        self, outcome: str, group: list[Delivery], *, answer: Answer | None = None, attempt: int = 0
    ) -> None:
        for one in group:
            self._log.add(
                "webhook",
                app_id=self._app_id,
                user=one.user,
                object=one.account.webhook_object,
                array=one.array.value,
                event=one.event,
                outcome=outcome,
                attempt=attempt,
                status=answer.status if answer else None,
                error=answer.error if answer else None,
            )


def _outcome(answer: Answer, *, is_last: bool) -> str:
    if answer.ok:
        return "delivered"
    return "given_up" if is_last else "failed"


class Deliveries:
    """The queues of all apps; a queue begins with its lane's first event."""

    def __init__(
        self, state: State, log: ProtocolLog, faults: FaultPlan, client: WebhookClient
    ) -> None:
        self._state = state
        self._log = log
        self._faults = faults
        self._client = client
        self._queues: dict[tuple[str, int], AppQueue] = {}
        self._late: set[asyncio.TimerHandle] = set()

    def put(self, app_id: str, delivery: Delivery) -> None:
        """Queue an event for an app; one on standby later, if a fault says so."""
        late_ms = self._faults.webhooks(app_id).standby_latency_ms
        if not (late_ms and delivery.array is Array.STANDBY):
            self._line_up(app_id, delivery)
            return

        def comes() -> None:
            self._late.discard(handle)
            self._line_up(app_id, delivery)

        handle = asyncio.get_running_loop().call_later(late_ms / 1000, comes)
        self._late.add(handle)

    def _line_up(self, app_id: str, delivery: Delivery) -> None:
        lane = zlib.crc32(delivery.user.encode()) % self._state.delivery.lanes
        if (app_id, lane) not in self._queues:
            self._queues[app_id, lane] = AppQueue(
                app_id, self._state, self._log, self._faults, self._client
            )
        self._queues[app_id, lane].put(delivery)

    def recheck(self) -> None:
        """Look at the faults again, in every queue."""
        for queue in self._queues.values():
            queue.recheck()

    async def stop(self) -> None:
        """Drop all queues and delayed events; the next event begins a new queue."""
        for handle in self._late:
            handle.cancel()
        self._late.clear()
        queues, self._queues = self._queues, {}
        for queue in queues.values():
            await queue.stop()
