"""A Messenger Platform in memory, for tests: the same answers as Meta's, no network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .errors import GraphError
from .events import Thread
from .graph import SenderAction
from .graph_errors import Fault, refusal
from .routing import Owner, Routing

Verb = Literal[
    "send",
    "sender_action",
    "pass_control",
    "take_control",
    "request_control",
    "owner",
    "page",
    "routing",
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
    """The Graph seam for tests; the app `app_id` is the default app of the page `page_id`.

    A test sets the scene with `threads` (the owner's app id; None or absent: idle),
    `closed_windows`, `routing_now` and `fail`, and reads `calls`, `sent`, `echoes` and `closed`.
    """

    def __init__(self, *, app_id: str, page_id: str = "111000111000111") -> None:
        self.app_id = app_id
        self.page_id = page_id
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

    async def send(self, thread: Thread, message: Mapping[str, Any]) -> str:
        await self._begin("send", thread, message=message)
        self._check_may_act(thread, _ANOTHER_APP)
        if thread in self.closed_windows:
            raise _refusal(_OUTSIDE_WINDOW)
        self.sent.append((thread, dict(message)))
        return f"m_{len(self.sent)}"

    def echo_heard(self, metadata: str) -> None:
        self.echoes.append(metadata)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
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
        self.calls.append(RecordedCall(verb=verb, thread=thread, arguments=arguments))
        await asyncio.sleep(0)  # as any real call, it lets others go first
        if self._failures[verb]:
            raise self._failures[verb].pop(0)

    def _check_may_act(self, thread: Thread, fault: Fault) -> None:
        """An app may act in a thread that is its own or idle."""
        if self.threads.get(thread) not in (None, self.app_id):
            raise _refusal(fault)


def _refusal(fault: Fault) -> GraphError:
    return refusal(fault, call="a call of MemoryGraph", status=400)
