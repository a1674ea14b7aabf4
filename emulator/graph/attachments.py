"""Attachments: uploaded for later, sent as a file, sent again by id (Meta facts 1.5; Meta:
"Attachment Upload", "Send API").

What a URL leads to is not fetched: the emulator has no network to fetch it from.
"""

from __future__ import annotations

from ..platform.attachments import LARGEST_FILE, Attachment, new_id, uploaded_url
from ..platform.models import App
from ..platform.state import State
from ..rules.errors import (
    JsonObject,
    attachment_too_large,
    invalid_attachment_id,
    invalid_parameter,
)
from ..rules.limits import MEDIA_TYPES, check_message
from .relaxed_json import from_json
from .request import Edges, GraphCall

FILE_PARAM = "filedata"


class GraphAttachments:
    """The Page's uploads; every method raises GraphError where Meta refuses."""

    def __init__(self, state: State) -> None:
        self._state = state

    def edges(self) -> Edges:
        """What each method and edge does."""
        return {("POST", "message_attachments"): self._upload}

    def with_file(self, call: GraphCall, message: JsonObject) -> JsonObject:
        """The message with the uploaded file of its call as the URL of its attachment;
        GraphError 100/2018109 beyond 25 MB.
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
        """The message with the URL of an attachment that it names by id; GraphError 100/2018074
        if there is none of that id and type.
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
