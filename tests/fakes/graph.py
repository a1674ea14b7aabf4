"""A Messenger Platform in memory: the same answers as Meta's, no network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

from channels.core.errors import TRY_LATER, GraphError
from channels.core.events import Thread
from channels.core.routing import Owner, Routing
from channels.graph.closing import PageClosing, concerns_all
from channels.graph.protocol import ClosedPage, SenderAction
from channels.graph.refusals import Fault, refusal
from channels.instruments.clock import Clock, SystemClock

Verb = Literal[
    "send",
    "sender_action",
    "pass_control",
    "take_control",
    "request_control",
    "owner",
    "page",
    "routing",
    "probe",
]

_ANOTHER_APP = Fault(
    code=10,
    subcode=2018300,
    message="(#10) Message failed to send because another app is controlling this thread now.",
)
_NOT_YOURS_TO_PASS = Fault(
    code=100, message="(#100) Pass thread control failed: calling app is not the thread owner"
)
_OUTSIDE_WINDOW = Fault(
    code=10, subcode=2018278, message="(#10) This message is sent outside of allowed window."
)
_ROUTING_OFF = Fault(
    code=27,
    message=(
        "(#27) Take thread control is not supported when Conversation Routing is not enabled."
    ),
)

_NOTHING_TO_ASK_FOR = Fault(
    code=100, message="(#100) Request thread control is not available with Conversation Routing."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedCall:
    """A call as it was made, whether or not it failed: `arguments` by their names."""

    verb: Verb
    thread: Thread | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


class MemoryGraph:
    """The app `app_id` is the default app of the page `page_id`.

    A test sets the scene with `threads` (the owner's app id; None or absent: idle),
    `closed_windows`, `routing_now`, `broken` (what every call of a page fails with) and `fail`,
    and reads `calls`, `sent`, `echoes`, `closed` and `workers`. A closed page's calls fail at
    once, and none is recorded.
    """

    def __init__(
        self, *, app_id: str, page_id: str = "111000111000111", clock: Clock | None = None
    ) -> None:
        self.app_id = app_id
        self.page_id = page_id
        self.workers = 1
        self.broken: dict[str, GraphError] = {}
        self._clock = clock or SystemClock()
        self._closings: dict[str, PageClosing] = {}
        self._probing = asyncio.Lock()
        self.threads: dict[Thread, str | None] = {}
        self.closed_windows: set[Thread] = set()
        self.routing_now = Routing.ON
        self.calls: list[RecordedCall] = []
        self.sent: list[tuple[Thread, dict[str, Any]]] = []
        self.echoes: list[str] = []
        self.closed = False
        self._failures: dict[str, list[GraphError]] = {verb: [] for verb in get_args(Verb)}

    def fail(self, verb: Verb, error: GraphError, times: int = 1) -> None:
        """Let the next `times` calls of the verb raise the error and have no effect."""
        self._failures[verb].extend([error] * times)

    async def close(self) -> None:
        self.closed = True

    def closed_page(self, page: str, /) -> ClosedPage | None:
        return self._closing(page).closed_page(self._clock.now())

    def closed_pages(self) -> list[ClosedPage]:
        found = [self.closed_page(page) for page in list(self._closings)]
        return [closed for closed in found if closed is not None]

    async def probe(self, page: str, /) -> None:
        closing = self._closing(page)
        async with self._probing:
            closed = self.closed_page(page)
            if closed is not None and closed.until <= self._clock.now():
                with suppress(*TRY_LATER):
                    await self._call("probe", page)
                    closing.open()
        closing.check(self._clock.now())

    async def check(self) -> None:
        """It is not among the `calls`, and what a test lets `fail` is not spent on it."""
        now = self._clock.now()
        for page in {self.page_id, *self.broken}:
            closed, error = self.closed_page(page), self.broken.get(page)
            if closed is not None and closed.until > now:
                continue
            if isinstance(error, TRY_LATER):
                self._closing(page).close(error, now)
            else:
                self._closing(page).open()

    def share_among(self, workers: int) -> None:
        self.workers = workers

    async def send(self, thread: Thread, message: Mapping[str, Any]) -> str:
        await self._begin("send", thread, message=message)
        self._check_may_act(thread, _ANOTHER_APP)
        if thread in self.closed_windows:
            raise _refusal(_OUTSIDE_WINDOW)
        self.sent.append((thread, dict(message)))
        return f"m_{len(self.sent)}"

    def echo_heard(self, mark: str) -> None:
        self.echoes.append(mark)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        if self.closed_page(thread.page) is not None:
            return
        await self._begin("sender_action", thread, action=action)
        self._check_may_act(thread, _ANOTHER_APP)

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        await self._begin("pass_control", thread, app_id=app_id, metadata=metadata)
        self._check_may_act(thread, _NOT_YOURS_TO_PASS)
        self.threads[thread] = app_id

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        await self._begin("take_control", thread, metadata=metadata)
        if self.routing_now is Routing.OFF:
            raise _refusal(_ROUTING_OFF)
        self.threads[thread] = self.app_id

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        await self._begin("request_control", thread, metadata=metadata)
        owner = self.threads.get(thread)
        if self.routing_now is Routing.ON and owner != self.app_id:
            raise _refusal(_NOTHING_TO_ASK_FOR)
        self.threads[thread] = owner or self.app_id

    async def owner(self, thread: Thread) -> Owner:
        await self._begin("owner", thread)
        app_id = self.threads.get(thread)
        if app_id is None:
            return Owner.IDLE
        if app_id == self.app_id:
            return Owner.OURS
        return Owner.ANOTHER_APP if self.routing_now is Routing.ON else Owner.UNNAMED

    async def page(self) -> str:
        await self._begin("page", None)
        return self.page_id

    async def routing(self, page: str) -> Routing:
        await self._begin("routing", None, page=page)
        return self.routing_now

    async def _begin(self, verb: Verb, thread: Thread | None, **arguments: object) -> None:
        page = self.page_id if thread is None else thread.page
        if self.closed_page(page) is not None:
            await self.probe(page)
        await self._call(verb, page, thread, arguments)

    async def _call(
        self,
        verb: Verb,
        page: str,
        thread: Thread | None = None,
        arguments: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.calls.append(RecordedCall(verb=verb, thread=thread, arguments=arguments))
        await asyncio.sleep(0)  # as any real call, it lets others go first
        error = self._failure(verb, page)
        if error is not None:
            raise error

    def _failure(self, verb: Verb, page: str) -> GraphError | None:
        """What the call fails with. If that stands in the way of others, it closes the page."""
        broken, failures = self.broken.get(page), self._failures[verb]
        error = broken or (failures.pop(0) if failures else None)
        if isinstance(error, TRY_LATER) and (broken or verb == "probe" or concerns_all(error)):
            self._closing(page).close(error, self._clock.now())
        return error

    def _closing(self, page: str) -> PageClosing:
        return self._closings.setdefault(page, PageClosing(f"page {page}"))

    def _check_may_act(self, thread: Thread, fault: Fault) -> None:
        """An app may act in a thread that is its own or idle."""
        if self.threads.get(thread) not in (None, self.app_id):
            raise _refusal(fault)


def _refusal(fault: Fault) -> GraphError:
    return refusal(fault, call="a call of MemoryGraph", status=400)
