"""The Graph API over HTTP: reads a call or a batch, applies faults, performs it, records it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from aiohttp import web

from ..platform.faults import CallFault, FaultPlan
from ..platform.state.log import ProtocolLog
from ..platform.state.models import App
from ..platform.state.state import State
from ..rules.errors import GraphError
from .dispatch import GraphDispatch
from .request.batch import batch_answer, calls_in, is_batch, wants_headers
from .request.reading import graph_version, read_call
from .request.request import GraphCall
from .tokens import app_of_token

OK = 200
NEWEST_VERSION = "v27.0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Status, body and headers of an answer; no status if the connection is dropped instead."""

    status: int | None = None
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class GraphApi:
    """Answers every path that is not the emulator's own."""

    def __init__(
        self, state: State, dispatch: GraphDispatch, faults: FaultPlan, log: ProtocolLog
    ) -> None:
        self._state = state
        self._dispatch = dispatch
        self._faults = faults
        self._log = log

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call or batch, and record each call with the app that made it."""
        call = await read_call(request, overridable=self._overridable)
        headers = {"facebook-api-version": graph_version(request.path) or NEWEST_VERSION}
        headers |= self._date()
        if is_batch(call):
            return await self._batch(call, headers)
        outcome = await self._answered(call)
        if outcome.status is None:
            return _dropped(request)
        headers |= outcome.headers
        if isinstance(outcome.body, str):
            return web.Response(
                text=outcome.body, content_type="text/html", status=outcome.status, headers=headers
            )
        return web.json_response(outcome.body, status=outcome.status, headers=headers)

    async def _batch(self, batch: GraphCall, headers: dict[str, str]) -> web.Response:
        """Perform all calls at once, as Meta does if they don't depend on each other; one whose
        connection would be dropped is null in the answer.
        """
        try:
            calls = calls_in(batch, overridable=self._overridable)
        except GraphError as error:
            return web.json_response(error.envelope(), status=error.status, headers=headers)
        outcomes = await asyncio.gather(*(self._answered(call) for call in calls))
        with_headers = wants_headers(batch)
        answers = [
            None
            if one.status is None
            else batch_answer(one.status, one.body, one.headers, with_headers=with_headers)
            for one in outcomes
        ]
        return web.json_response(answers, headers=headers)

    @property
    def _overridable(self) -> bool:
        return self._state.switches.legacy_requests == "allowed"

    def _date(self) -> dict[str, str]:
        """The header, if it is to be ahead or behind; otherwise the HTTP server sets it."""
        ahead = self._state.switches.date_ahead_seconds
        return {"Date": formatdate(time.time() + ahead, usegmt=True)} if ahead else {}

    async def _answered(self, call: GraphCall) -> Outcome:
        app = app_of_token(self._state, call.token)
        outcome = await self._outcome(call, self._take_fault(call, app))
        self._record(call, app, outcome)
        return outcome

    async def _outcome(self, call: GraphCall, fault: CallFault | None) -> Outcome:
        """The effect comes first and the latency second, so a call that times out may have been
        performed.
        """
        if fault is None:
            return await self._perform(call, {})
        performed = await self._perform(call, fault.headers) if fault.takes_effect else Outcome()
        await asyncio.sleep(fault.latency.total_seconds())
        if fault.merely_slow:
            return performed
        if fault.reset:
            return Outcome()
        if fault.tells_otherwise:
            status, body = fault.told(performed.body)
        else:
            status, body = fault.failure()
        return Outcome(status=status, body=body, headers=fault.headers)

    async def _perform(self, call: GraphCall, headers: dict[str, str]) -> Outcome:
        try:
            return Outcome(status=OK, body=await self._dispatch.answer(call), headers=headers)
        except GraphError as error:
            return Outcome(status=error.status, body=error.envelope(), headers=headers)

    def _take_fault(self, call: GraphCall, app: App | None) -> CallFault | None:
        app_id = app.id if app else ""
        fault = self._faults.take_call(call.kind, app_id, call.user)
        if fault is not None:
            self._log.add("fault", what="call", app_id=app_id, user=call.user, path=call.kind)
        return fault

    def _record(self, call: GraphCall, app: App | None, outcome: Outcome) -> None:
        self._log.add(
            "call",
            app_id=app.id if app else None,
            user=call.user,
            method=call.method,
            path="/" + "/".join(call.path),
            params=call.masked_params(),
            status=outcome.status,
            response=outcome.body if outcome.status is not None else None,
        )


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
