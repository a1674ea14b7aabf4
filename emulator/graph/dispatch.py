"""Which part of Graph answers a call, depending on its path and on whose token it has."""

from __future__ import annotations

from dataclasses import replace

from ..platform.state.models import App
from ..platform.state.state import State
from ..rules.errors import (
    JsonObject,
    invalid_parameter,
    invalid_token,
    no_such_object,
    nonexisting_field,
    page_token_needed,
)
from .app import GraphApp
from .labels import GraphLabels
from .page import GraphUser, profile_of
from .request.request import Edges, GraphCall
from .tokens import (
    access_token,
    app_of_app_token,
    app_of_page_token,
    app_of_user_token,
    check_permission,
    check_proof,
    check_time,
    debug_token,
)
from .uploads import GraphPersonas

MOST_IDS = 50


class GraphDispatch:
    """Answers all kinds of calls except batches."""

    def __init__(
        self,
        state: State,
        edges: Edges,
        *,
        apps: GraphApp,
        user: GraphUser,
        personas: GraphPersonas,
        labels: GraphLabels,
    ) -> None:
        self._state = state
        self._edges = edges
        self._apps = apps
        self._user = user
        self._personas = personas
        self._labels = labels

    async def answer(self, call: GraphCall) -> JsonObject:
        """The body of the answer. Raises GraphError if Meta refuses."""
        if call.malformed is not None:
            raise call.malformed
        if self._state.switches.legacy_requests == "refused":
            call.refuse_legacy()
        if (call.method, call.path) == ("GET", ()) and "ids" in call.params:
            return await self._several(call)
        asked = (call.method, "/".join(call.path))
        if asked == ("GET", "debug_token"):
            return debug_token(self._state, call.token, call.text("input_token") or "")
        if asked in (("GET", "oauth/access_token"), ("POST", "oauth/access_token")):
            return access_token(self._state, call)
        if self._apps.owns(call.node):
            return await self._apps.answer(call)
        return self._by_token(call)

    async def _several(self, call: GraphCall) -> JsonObject:
        """`?ids=` reads several nodes at once; one wrong id refuses them all (Meta: "Graph API
        overview"). New apps may not (Meta facts 0).
        """
        ids = call.names("ids")
        if not 1 <= len(ids) <= MOST_IDS:
            raise invalid_parameter(f"Param ids must have 1 to {MOST_IDS} ids")
        params = {name: value for name, value in call.params.items() if name != "ids"}
        return {one: await self.answer(replace(call, path=(one,), params=params)) for one in ids}

    def _by_token(self, call: GraphCall) -> JsonObject:
        user_app = app_of_user_token(self._state, call.token)
        app = user_app or app_of_page_token(self._state, call.token)
        if app is None:
            raise page_token_needed() if self._is_apps(call.token) else invalid_token()
        if user_app is None:
            check_time(self._state, app)
        check_proof(app, call.token, call.text("appsecret_proof"))
        return self._user.answer(app, call) if user_app else self._by_page_token(app, call)

    def _is_apps(self, token: str) -> bool:
        return app_of_app_token(self._state, token) is not None

    def _by_page_token(self, app: App, call: GraphCall) -> JsonObject:
        check_permission(self._state, app, call)
        if call.node in self._state.personas:
            return self._personas.node(call)
        if call.node in self._state.labels:
            return self._labels.node(call)
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
        if thread is not None and (call.method, call.edge) == ("GET", "custom_labels"):
            return self._labels.of_person(call.node, call)
        if call.method != "GET" or call.edge or thread is None:
            raise no_such_object(call.method, call.node)
        return profile_of(thread.user, call, platform=thread.platform)
