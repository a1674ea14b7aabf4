"""Attachments, uploaded for later or sent as a file, and the personas of a Page.

Meta facts 1.5 and 1.6; Meta: "Attachment Upload", "Send API", "Personas API". The emulator does not
fetch what a URL leads to.
"""

from __future__ import annotations

from dataclasses import asdict

from ..platform.state.models import App
from ..platform.state.state import State
from ..platform.state.uploads import (
    LARGEST_FILE,
    LONGEST_NAME,
    Attachment,
    Persona,
    new_id,
    uploaded_url,
)
from ..rules.errors import (
    JsonObject,
    attachment_too_large,
    invalid_attachment_id,
    invalid_parameter,
    no_such_object,
)
from ..rules.limits import MEDIA_TYPES, check_message
from .request.relaxed_json import from_json
from .request.request import Edges, GraphCall

FILE_PARAM = "filedata"
PERSONA_FIELDS = ("name", "profile_picture_url")


class GraphAttachments:
    """The Page's uploads; every method raises GraphError if Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge does."""
        return {("POST", "message_attachments"): self._upload}

    def with_file(self, call: GraphCall, message: JsonObject) -> JsonObject:
        """The message, with the URL of the file that its call uploaded in its attachment. Raises
        GraphError 100/2018109 for more than 25 MB.
        """
        file, attachment = call.files.get(FILE_PARAM), message.get("attachment")
        if file is None or not isinstance(attachment, dict):
            return message
        if file.size > LARGEST_FILE:
            raise attachment_too_large()
        payload = dict(attachment.get("payload") or {})
        payload["url"] = uploaded_url(file.name)
        return {**message, "attachment": {**attachment, "payload": payload}}

    def resolved(self, message: JsonObject) -> JsonObject:
        """The message, with the URL of an attachment that it names by id. Raises GraphError
        100/2018074 if there is none with that id and type.
        """
        attachment = message.get("attachment") or {}
        payload = attachment.get("payload") or {}
        if attachment.get("type") not in MEDIA_TYPES or not payload.get("attachment_id"):
            return message
        stored = self._state.attachments.get(str(payload["attachment_id"]))
        now = self._state.clock.now()
        if stored is None or stored.type != attachment["type"] or not stored.is_there(now):
            raise invalid_attachment_id()
        shown = {**attachment, "payload": {**payload, "url": stored.url}}
        return {**message, "attachment": shown}

    def kept(self, message: JsonObject) -> JsonObject:
        """The `attachment_id` of a message that was sent with `is_reusable`, for its answer."""
        attachment = message.get("attachment") or {}
        payload = attachment.get("payload") or {}
        if attachment.get("type") not in MEDIA_TYPES or not from_json(payload.get("is_reusable")):
            return {}
        known = payload.get("attachment_id")
        return {"attachment_id": known or self._store(attachment["type"], payload["url"])}

    def _upload(self, _app: App, call: GraphCall) -> JsonObject:
        message = self.with_file(call, call.object("message"))
        check_message(message)
        attachment = message.get("attachment") or {}
        payload = attachment.get("payload") or {}
        if attachment.get("type") not in MEDIA_TYPES or not payload.get("url"):
            raise invalid_parameter("Param message must have an attachment with a file or a URL")
        return {"attachment_id": self._store(attachment["type"], payload["url"])}

    def _store(self, kind: str, url: str) -> str:
        now = self._state.clock.now()
        attachment = Attachment(id=new_id(), type=kind, url=url, uploaded_at=now)
        self._state.attachments[attachment.id] = attachment
        return attachment.id


class GraphPersonas:
    """The Page's personas; every method raises GraphError if Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge of the Page does."""
        return {("GET", "personas"): self._list, ("POST", "personas"): self._create}

    def node(self, call: GraphCall) -> JsonObject:
        """A call about a single persona, which exists."""
        persona = self._state.personas[call.node]
        if call.edge or call.method not in ("GET", "DELETE"):
            raise no_such_object(call.method, "/".join(call.path))
        if call.method == "GET":
            return call.picked(asdict(persona), PERSONA_FIELDS, "Persona")
        del self._state.personas[persona.id]
        return {"success": True}

    def check(self, call: GraphCall) -> str | None:
        """The `persona_id` of a send. Raises error 100 if there is no such persona; Meta documents
        no code.
        """
        persona_id = call.text("persona_id")
        if persona_id is not None and persona_id not in self._state.personas:
            raise invalid_parameter("Invalid persona_id")
        return persona_id

    def _list(self, _app: App, call: GraphCall) -> JsonObject:
        found = [
            call.picked(asdict(persona), PERSONA_FIELDS, "Persona")
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
