"""The Graph API over HTTP: reads a call, applies faults, performs it, records it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from .errors import GraphError, JsonObject, invalid_token, no_such_object, nonexisting_field
from .faults import CallFault, FaultPlan
from .graph_app import subscriptions
from .graph_page import profile_of
from .graph_request import Edges, GraphCall, read_call
from .graph_tokens import app_of_page_token, check_proof, check_time, debug_token
from .log import ProtocolLog
from .models import App
from .state import State

OK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Status and body of an answer; neither where the connection is dropped instead."""

    status: int | None = None
    body: JsonObject | None = None


class GraphApi:
    """Answers every path that is not the emulator's own."""

    def __init__(self, state: State, edges: Edges, faults: FaultPlan, log: ProtocolLog) -> None:
        self._state = state
        self._edges = edges
        self._faults = faults
        self._log = log

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, and record it with the app that made it."""
        call = await read_call(request)
        app = app_of_page_token(self._state, call.token)
        fault = self._take_fault(call, app)
        outcome = await self._outcome(call, app, fault)
        self._record(call, app, outcome)
        return _response(request, outcome, fault)

    async def _outcome(self, call: GraphCall, app: App | None, fault: CallFault | None) -> Outcome:
        """The effect comes first and the latency second, so that a call which times out may have
        been performed.
        """
        if fault is None:
            return self._perform(call, app)
        performed = self._perform(call, app) if fault.takes_effect else Outcome()
        await asyncio.sleep(fault.latency.total_seconds())
        if fault.merely_slow:
            return performed
        if fault.reset:
            return Outcome()
        status, body = fault.answer()
        return Outcome(status=status, body=body)

    def _perform(self, call: GraphCall, app: App | None) -> Outcome:
        try:
            return Outcome(status=OK, body=self._answer(call, app))
        except GraphError as error:
            return Outcome(status=error.status, body=error.envelope())

    def _answer(self, call: GraphCall, app: App | None) -> JsonObject:
        if call.malformed is not None:
            raise call.malformed
        if call.path == ("debug_token",):
            return debug_token(self._state, call.token, call.text("input_token") or "")
        if (call.method, call.edge) == ("GET", "subscriptions") and call.node in self._state.apps:
            return subscriptions(self._state, call.token, call.node)
        if app is None:
            raise invalid_token()
        check_time(self._state, app)
        check_proof(app, call.token, call.text("appsecret_proof"))
        if call.node not in ("me", self._state.page.id):
            return self._person(call)
        edge = self._edges.get((call.method, call.edge))
        if edge is not None:
            return edge(app, call)
        if call.method == "GET":
            raise nonexisting_field(call.edge)
        raise no_such_object(call.method, "/".join(call.path))

    def _person(self, call: GraphCall) -> JsonObject:
        thread = self._state.threads.get(call.node)
        if call.method != "GET" or call.edge or thread is None:
            raise no_such_object(call.method, call.node)
        return profile_of(thread.user, call)

    def _take_fault(self, call: GraphCall, app: App | None) -> CallFault | None:
        app_id = app.id if app else ""
        fault = self._faults.take_call(call.last_segment, app_id, call.user)
        if fault is not None:
            path = call.last_segment
            self._log.add("fault", what="call", app_id=app_id, user=call.user, path=path)
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
            response=outcome.body,
        )


def _response(
    request: web.Request, outcome: Outcome, fault: CallFault | None
) -> web.StreamResponse:
    if outcome.status is None:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    headers = fault.headers if fault is not None else {}
    return web.json_response(outcome.body, status=outcome.status, headers=headers)
