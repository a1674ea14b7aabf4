"""Faults on demand: calls that fail or hang, webhooks that get lost, doubled or out of order."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec

from ..rules.errors import JsonObject, envelope
from ..rules.odd_answers import ODD_ANSWERS, Told

Count = Annotated[int, msgspec.Meta(ge=0)]
SERVICE_ERROR: JsonObject = {
    "message": "An unexpected error has occurred. Please retry your request later.",
    "type": "OAuthException",
    "is_transient": True,
    "code": 2,
}


class CallFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next `times` Graph calls that match (null: to all until cleared).

    `path` is the last segment of the call's path, such as `messages`, or `sender_action` for a send
    that is a sender action; `app_id` and `user` narrow it down. `perform` says whether the call
    takes effect nonetheless, before the latency: true together with `reset` is a send that was
    delivered but whose answer got lost. By default, a call takes effect only if it is merely slow.
    Without an `error` the answer is Meta's transient error 2, with status 500 unless `status` says
    otherwise. A `body` is the answer itself, with status 200.

    `answer` names one of ODD_ANSWERS, which fills in what is not given here.
    """

    path: str = ""
    app_id: str = ""
    user: str = ""
    times: Annotated[int, msgspec.Meta(ge=1)] | None = 1
    latency_ms: Count = 0
    status: int | None = None
    error: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    body: JsonObject | None = None
    reset: bool = False
    perform: bool | None = None
    answer: str = ""

    def __post_init__(self) -> None:
        if self.answer and self.answer not in ODD_ANSWERS:
            raise ValueError(f"no answer is called {self.answer!r}; the answers are {_names()}")

    def filled_in(self) -> CallFault:
        """The fault, completed from the answer that it names."""
        odd = ODD_ANSWERS.get(self.answer)
        if odd is None:
            return self
        refused = odd.error.envelope()["error"] if odd.error is not None else None
        return msgspec.structs.replace(
            self,
            path=self.path or odd.path,
            error=self.error or refused,
            headers={**odd.headers, **self.headers},
            latency_ms=self.latency_ms or int(odd.latency / timedelta(milliseconds=1)),
            reset=self.reset or odd.is_lost,
            perform=True if odd.is_lost and self.perform is None else self.perform,
        )

    def matches(self, path: str, app_id: str, user: str) -> bool:
        """Whether the fault is meant for a call."""
        wanted = ((self.path, path), (self.app_id, app_id), (self.user, user))
        return all(mine in ("", theirs) for mine, theirs in wanted)

    @property
    def latency(self) -> timedelta:
        """How long the answer is held back, in real time."""
        return timedelta(milliseconds=self.latency_ms)

    @property
    def merely_slow(self) -> bool:
        """Whether the call is answered as if nothing were wrong, only later."""
        failed = self.reset or self.status is not None or self.error is not None
        broken = failed or self.tells_otherwise
        return self.latency_ms > 0 and not broken and self.perform is not False

    @property
    def tells_otherwise(self) -> bool:
        """Whether the answer is a success, but not with the right body."""
        return self.body is not None or _told(self.answer) is not None

    @property
    def takes_effect(self) -> bool:
        """Whether the call is performed."""
        harmless = self.merely_slow or self.tells_otherwise
        return harmless if self.perform is None else self.perform

    def told(self, right: JsonObject) -> tuple[int, Any]:
        """Status and body of the answer that is given instead of the right one."""
        tell = _told(self.answer)
        if self.body is None and tell is not None:
            return self.status or 200, tell(right)
        return self.status or 200, self.body or {}

    def failure(self) -> tuple[int, JsonObject]:
        """Status and body of the failure."""
        if self.error is None:
            return self.status or 500, envelope(SERVICE_ERROR)
        code = self.error.get("code", 1)
        shown = {"message": f"(#{code}) Emulated fault", "type": "OAuthException", **self.error}
        return self.status or 400, envelope({**shown, "code": code})


def _names() -> str:
    return ", ".join(ODD_ANSWERS)


def _told(answer: str) -> Told | None:
    return ODD_ANSWERS[answer].told if answer else None


class WebhookFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next webhooks of an app, or of every app, each counted separately.

    `drop`, `double`: this many events are lost, or posted twice. `reorder`, `batch`: this many
    events are waited for, then posted in reverse order, or in a single POST. `latency_ms` holds
    every POST back, in real time, until faults are cleared. If there are several counters, they are
    used up in the order `drop`, `batch`, `reorder`, `double`. `standby_latency_ms` holds back only
    what comes on `standby`, so that what happens meanwhile overtakes it: the thread has changed
    hands by the time the bot hears what was said in it.
    """

    app_id: str = ""
    drop: Count = 0
    double: Count = 0
    reorder: Count = 0
    batch: Count = 0
    latency_ms: Count = 0
    standby_latency_ms: Count = 0

    @property
    def is_left(self) -> bool:
        """Whether any part of it is still to happen."""
        counters = (self.drop, self.double, self.reorder, self.batch)
        return any((*counters, self.latency_ms, self.standby_latency_ms))


class FaultsLeft(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to go wrong; `webhooks` by the app that they belong to."""

    calls: list[CallFault]
    webhooks: dict[str, WebhookFault]


class FaultPlan:
    """The faults that are still to happen."""

    def __init__(self) -> None:
        self._calls: list[CallFault] = []
        self._webhooks: dict[str, WebhookFault] = {}

    def clear(self) -> None:
        """Nothing goes wrong from now on."""
        self._calls.clear()
        self._webhooks.clear()

    def left(self) -> FaultsLeft:
        """The faults that are still to happen, with what is left of each."""
        webhooks = {app: fault for app, fault in self._webhooks.items() if fault.is_left}
        return FaultsLeft(calls=list(self._calls), webhooks=webhooks)

    def add_call(self, fault: CallFault) -> None:
        """Add a fault after the existing ones."""
        self._calls.append(fault.filled_in())

    def set_webhooks(self, app_id: str, fault: WebhookFault) -> None:
        """Replace an app's webhook faults."""
        self._webhooks[app_id] = fault

    def take_call(self, path: str, app_id: str, user: str) -> CallFault | None:
        """The first fault that matches this call, counted down."""
        for index, fault in enumerate(self._calls):
            if fault.matches(path, app_id, user):
                self._count_down(index, fault)
                return fault
        return None

    def _count_down(self, index: int, fault: CallFault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._calls[index] = msgspec.structs.replace(fault, times=fault.times - 1)
        else:
            del self._calls[index]

    def webhooks(self, app_id: str) -> WebhookFault:
        """The faults of an app's webhooks as they stand."""
        return self._webhooks.get(app_id, WebhookFault())

    def spend(self, app_id: str, what: str, count: int) -> None:
        """Lower a counter of an app's webhook faults, for example `drop`."""
        fault = self.webhooks(app_id)
        left = getattr(fault, what) - count
        self._webhooks[app_id] = msgspec.structs.replace(fault, **{what: left})
