"""Personas: made, listed, looked at and deleted (Meta facts 1.6; Meta: "Personas API")."""

from __future__ import annotations

from dataclasses import asdict

from ..platform.attachments import new_id
from ..platform.models import App
from ..platform.personas import LONGEST_NAME, Persona
from ..platform.state import State
from ..rules.errors import JsonObject, invalid_parameter, no_such_object
from .request import Edges, GraphCall

SHOWN = ("name", "profile_picture_url")


class GraphPersonas:
    """The Page's personas; every method raises GraphError where Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge of the Page does."""
        return {("GET", "personas"): self._list, ("POST", "personas"): self._create}

    def node(self, call: GraphCall) -> JsonObject:
        """A call about one persona that there is."""
        persona = self._state.personas[call.node]
        if call.edge or call.method not in ("GET", "DELETE"):
            raise no_such_object(call.method, "/".join(call.path))
        if call.method == "GET":
            return call.picked(asdict(persona), SHOWN, "Persona")
        del self._state.personas[persona.id]
        return {"success": True}

    def check(self, call: GraphCall) -> str | None:
        """The `persona_id` of a send; error 100 if there is none such. Meta documents no code."""
        persona_id = call.text("persona_id")
        if persona_id is not None and persona_id not in self._state.personas:
            raise invalid_parameter("Invalid persona_id")
        return persona_id

    def _list(self, _app: App, call: GraphCall) -> JsonObject:
        found = [
            call.picked(asdict(persona), SHOWN, "Persona")
            for persona in self._state.personas.values()
        ]
        return {"data": found}

    def _create(self, _app: App, call: GraphCall) -> JsonObject:
        name, picture = call.text("name") or "", call.text("profile_picture_url") or ""
        if not name or len(name) > LONGEST_NAME:
            raise invalid_parameter(f"Param name must have 1 to {LONGEST_NAME} characters")
        if not picture.startswith(("http://", "https://")):
            raise invalid_parameter("Param profile_picture_url must be a URL")
        persona = Persona(id=new_id(), name=name, profile_picture_url=picture)
        self._state.personas[persona.id] = persona
        return {"id": persona.id}
