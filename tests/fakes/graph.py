"""A Messenger Platform in memory, without a network: it follows the emulator's own rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

import msgspec

from channels.core.errors import TRY_LATER, GraphError, GraphRefused, NotThreadOwner
from channels.core.events import Platform, Thread
from channels.core.meta.ownership import Owner, Routing
from channels.core.records.outgoing import PERSONA
from channels.graph.closing import PageClosing, concerns_all
from channels.graph.protocol import ClosedPage, SenderAction
from channels.graph.refusals.refusals import fault_in, owner_by, refusal
from channels.instruments.clock import Clock, SystemClock
from channels.instruments.leases import still_ours
from emulator.rules import limits, ownership
from emulator.rules.errors import GraphError as MetasError
from emulator.rules.errors import (
    incorrect_app_id,
    invalid_parameter,
    outside_instagram_window,
    outside_window,
    unknown_instagram_user,
    unknown_user,
)
from emulator.rules.ownership import Control, Role, RoutingMode

Verb = Literal[
    "send",
    "sender_action",
    "pass_control",
    "take_control",
    "request_control",
    "owner",
    "page",
    "instagram_account",
    "routing",
    "user_name",
    "names",
    "probe",
]
_CHANGING = {"send", "pass_control", "take_control", "request_control"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedCall:
    """A call as it was made, whether or not it failed, with its `arguments` by name."""

    verb: Verb
    thread: Thread | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


class MemoryGraph:
    """The app `app_id` is the default app of the page `page_id`.

    A test sets the scene with `threads` (the owner's app id; None or absent: idle), `strangers`
    (threads that the page does not have), `unknown_apps`, `personas` (by their ids),
    `closed_windows`, `routing_now`, `role` (on a page with the older roles), `hides_owner` (from a
    secondary receiver, with 2018234), `may_take` (the page's setting), `is_unsubscribed`,
    `odd_owner` (what `thread_owner` answers about any thread), `broken` (the error with which every
    call for a page fails) and `fail`, and reads `calls`, `sent`, `echoes`, `closed` and `workers`.
    A closed page's calls fail at once, and are not recorded.
    """

    def __init__(
        self, *, app_id: str, page_id: str = "111000111000111", clock: Clock | None = None
    ) -> None:
        self.app_id = app_id
        self.page_id = page_id
        self.account_id: str | None = None
        self.workers = 1
        self.broken: dict[str, GraphError] = {}
        self._clock = clock or SystemClock()
        self._closings: dict[str, PageClosing] = {}
        self._probing = asyncio.Lock()
        self.threads: dict[Thread, str | None] = {}
        self.closed_windows: set[Thread] = set()
        self.strangers: set[Thread] = set()
        self.unknown_apps: set[str] = set()
        self.personas: set[str] = set()
        self.routing_now = Routing.ON
        self.role: Role | None = None
        self.hides_owner = False
        self.may_take = True
        self.is_unsubscribed = False
        self.odd_owner: Owner | None = None
        self.calls: list[RecordedCall] = []
        self.sent: list[tuple[Thread, dict[str, Any]]] = []
        self.marks: list[str] = []
        self.echoes: list[str] = []
        self.closed = False
        self.known_names: dict[str, str] = {}  # of users, apps and pages, by their ids
        self.ahead: timedelta | None = None
        self._failures: dict[str, list[GraphError]] = {verb: [] for verb in get_args(Verb)}

    def fail(self, verb: Verb, error: GraphError, times: int = 1) -> None:
        """Make the next `times` calls of the verb raise the error and have no effect."""
        self._failures[verb].extend([error] * times)

    async def close(self) -> None:
        self.closed = True

    def closed_page(self, page: str, /) -> ClosedPage | None:
        return self._closing(page).closed_page(self._clock.now())

    def closed_pages(self) -> list[ClosedPage]:
        found = [self.closed_page(page) for page in list(self._closings)]
        return [closed for closed in found if closed is not None]

    def skew(self) -> timedelta | None:
        return self.ahead

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
        """This is not among the `calls`, and does not use up what a test makes `fail`."""
        now = self._clock.now()
        for page in {self.page_id, *self.broken}:
            closed, error = self.closed_page(page), self.broken.get(page)
            if closed is not None and closed.until > now:
                continue
            if isinstance(error, TRY_LATER):
                self._closing(page).close(error, now)
            else:
                self._closing(page).open()

    async def unsubscribed(self) -> list[str]:
        """This is not among the `calls`."""
        return [f"page {self.page_id}"] if self.is_unsubscribed else []

    def share_among(self, workers: int) -> None:
        self.workers = workers

    async def send(self, thread: Thread, message: Mapping[str, Any], *, mark: str = "") -> str:
        await self._begin("send", thread, message=message, mark=mark)
        with self._metas_rules():
            control = self._control(thread)
            _check_message(thread, dict(message))
            if message.get(PERSONA) not in (None, *self.personas):
                raise invalid_parameter("Invalid persona_id")
            ownership.check_send(self.app_id, control, self._metas_routing())
            if thread in self.closed_windows:
                raise outside_instagram_window() if _is_instagram(thread) else outside_window()
        self.sent.append((thread, dict(message)))
        self.marks.append(mark)
        return f"m_{len(self.sent)}"

    def echo_heard(self, mark: str) -> None:
        self.echoes.append(mark)

    async def sender_action(self, thread: Thread, action: SenderAction) -> None:
        if self.closed_page(thread.page) is not None:
            return
        await self._begin("sender_action", thread, action=action)
        with self._metas_rules():
            ownership.check_send(self.app_id, self._control(thread), self._metas_routing())

    async def pass_control(self, thread: Thread, *, app_id: str, metadata: str) -> None:
        await self._begin("pass_control", thread, app_id=app_id, metadata=metadata)
        with self._metas_rules():
            control = self._control(thread)
            limits.check_pass_metadata(metadata)
            if app_id in self.unknown_apps:
                raise incorrect_app_id()
            ownership.check_pass(self.app_id, app_id, control, self._metas_routing())
        self.threads[thread] = app_id

    async def take_control(self, thread: Thread, *, metadata: str) -> None:
        await self._begin("take_control", thread, metadata=metadata)
        with self._unless_it_is_ours(thread), self._metas_rules():
            control = self._control(thread)
            limits.check_pass_metadata(metadata)
            toggle = self.may_take
            ownership.check_take(self.app_id, control, self._metas_routing(), toggle=toggle)
        self.threads[thread] = self.app_id

    async def request_control(self, thread: Thread, *, metadata: str) -> None:
        await self._begin("request_control", thread, metadata=metadata)
        with self._unless_it_is_ours(thread), self._metas_rules():
            control = self._control(thread)
            limits.check_pass_metadata(metadata)
            ownership.check_request(self.app_id, control, self._metas_routing())
        self.threads[thread] = self.threads.get(thread) or self.app_id

    async def owner(self, thread: Thread) -> Owner:
        try:
            await self._begin("owner", thread)
        except TRY_LATER:
            raise
        except GraphError as error:
            return owner_by(error)
        return self._owner(thread)

    def _owner(self, thread: Thread) -> Owner:
        if self.odd_owner is not None:
            return self.odd_owner
        try:
            with self._metas_rules():
                control, routing = self._control(thread), self._metas_routing()
                hidden = self.hides_owner
                ownership.check_asks_owner(self.app_id, routing, hidden=hidden)
        except GraphError as error:
            return owner_by(error)
        if control.owner is None:
            return Owner.IDLE
        if control.owner == self.app_id:
            return Owner.OURS
        is_named = ownership.sees_owner(self.app_id, control, routing)
        return Owner.ANOTHER_APP if is_named else Owner.UNNAMED

    async def page(self) -> str:
        await self._begin("page", None)
        return self.page_id

    async def instagram_account(self) -> str | None:
        await self._begin("instagram_account", None)
        return self.account_id

    async def user_name(self, thread: Thread) -> str | None:
        await self._in_passing("user_name", thread.page, thread)
        return self.known_names.get(thread.user)

    async def names(self, page: str, /) -> dict[str, str]:
        await self._in_passing("names", page)
        return dict(self.known_names)

    async def _in_passing(self, verb: Verb, page: str, thread: Thread | None = None) -> None:
        self._closing(page).check(self._clock.now())
        self.calls.append(RecordedCall(verb=verb, thread=thread))
        await asyncio.sleep(0)
        error = self.broken.get(page) or next(iter(self._failures[verb]), None)
        if error is not None:
            del self._failures[verb][:1]
            raise error

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
        if verb in _CHANGING:
            await still_ours()
        self.calls.append(RecordedCall(verb=verb, thread=thread, arguments=arguments))
        await asyncio.sleep(0)  # like any real call, it lets others go first
        error = self._failure(verb, page)
        if error is not None:
            raise error

    def _failure(self, verb: Verb, page: str) -> GraphError | None:
        """The error that the call fails with, if any. If it concerns other calls, it closes the
        page.
        """
        broken, failures = self.broken.get(page), self._failures[verb]
        error = broken or (failures.pop(0) if failures else None)
        if isinstance(error, TRY_LATER) and (broken or verb == "probe" or concerns_all(error)):
            self._closing(page).close(error, self._clock.now())
        return error

    def _closing(self, page: str) -> PageClosing:
        return self._closings.setdefault(page, PageClosing(f"page {page}"))

    def _control(self, thread: Thread) -> Control:
        if thread in self.strangers:
            raise unknown_instagram_user() if _is_instagram(thread) else unknown_user()
        return Control(owner=self.threads.get(thread))

    @contextmanager
    def _unless_it_is_ours(self, thread: Thread) -> Iterator[None]:
        """Meta refuses to give us what we own; the seam asks, and counts that as success."""
        try:
            yield
        except (GraphRefused, NotThreadOwner):
            if self._owner(thread) is not Owner.OURS:
                raise

    def _metas_routing(self) -> ownership.Routing:
        if self.role is not None:
            primary = self.app_id if self.role is Role.PRIMARY else "another app"
            return ownership.Routing(mode=RoutingMode.LEGACY, default_app=primary)
        mode = RoutingMode.ON if self.routing_now is Routing.ON else RoutingMode.OFF
        return ownership.Routing(mode=mode, default_app=self.app_id)

    @contextmanager
    def _metas_rules(self) -> Iterator[None]:
        """Refuse what the emulator's rules refuse, with the seam's own errors."""
        try:
            yield
        except MetasError as error:
            fault = fault_in(msgspec.json.encode(error.envelope()))
            assert fault is not None
            raise refusal(fault, call="a call of MemoryGraph", status=error.status) from None


def _is_instagram(thread: Thread) -> bool:
    return thread.platform is Platform.INSTAGRAM


def _check_message(thread: Thread, message: dict[str, Any]) -> None:
    if _is_instagram(thread):
        limits.check_instagram_message(message, text_in="bytes")
    else:
        limits.check_message(message)
