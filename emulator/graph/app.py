"""The app itself and its own webhook subscriptions (Meta facts 1.4; Meta: "Subscriptions").

Here an app has a single callback URL for both objects, the Page and the Instagram account.
"""

from __future__ import annotations

import msgspec

from ..platform.state.models import App
from ..platform.state.state import State
from ..platform.webhook_client import WebhookClient
from ..rules.errors import (
    JsonObject,
    app_token_needed,
    callback_not_verified,
    invalid_parameter,
    invalid_token,
    no_such_object,
)
from ..rules.subscriptions import INSTAGRAM_FIELDS, PAGE_FIELDS
from .request.reading import VERBS
from .request.request import GraphCall
from .tokens import app_of_app_token, app_of_token

_FIELDS = {"page": PAGE_FIELDS, "instagram": INSTAGRAM_FIELDS}
_KEYS = {"page": "app_fields", "instagram": "instagram_fields"}
_NODE_FIELDS = ("id", "name", "link")


class GraphApp:
    """What an app can do with `APP_ID|APP_SECRET`."""

    def __init__(self, state: State, client: WebhookClient) -> None:
        self._state = state
        self._client = client

    def owns(self, node: str) -> bool:
        """Whether a path that begins with this node is about an app; `app` is the caller's own."""
        return node == "app" or node in [app.id for app in self._state.connected_apps()]

    async def answer(self, call: GraphCall) -> JsonObject:
        """A call about an app. Raises GraphError unless its token is that app's own."""
        app = self._app(call)
        if (call.method, call.edge) == ("GET", ""):
            link = f"https://www.facebook.com/games/?app_id={app.id}"
            known = {"id": app.id, "name": app.name, "link": link}
            return call.picked(known, _NODE_FIELDS, "Application")
        if call.edge != "subscriptions" or call.method not in VERBS:
            raise no_such_object(call.method, "/".join(call.path))
        if call.method == "GET":
            return {"data": _subscriptions(app)}
        changes = _without(app, call) if call.method == "DELETE" else await self._asked(app, call)
        self._state.replace_app(msgspec.structs.replace(self._state.app(app.id), **changes))
        return {"success": True}

    def _app(self, call: GraphCall) -> App:
        app = app_of_app_token(self._state, call.token)
        if app is None or call.node not in ("app", app.id):
            is_other_kind = app is None and app_of_token(self._state, call.token) is not None
            raise app_token_needed() if is_other_kind else invalid_token()
        return app

    async def _asked(self, app: App, call: GraphCall) -> JsonObject:
        """What a subscription changes: once the callback URL has returned the challenge, the new
        list of fields replaces the old one (Meta facts 1.4 and 2.1).
        """
        name, url = _object(call), call.text("callback_url") or ""
        fields = _known_fields(name, call)
        if not url.startswith(("http://", "https://")):
            raise invalid_parameter("Param callback_url must be a URL")
        webhook = {"webhook": url, "verify_token": call.text("verify_token") or ""}
        handshake = await self._client.handshake(msgspec.structs.replace(app, **webhook))
        if not handshake.verified:
            raise callback_not_verified(handshake.problem)
        return {**webhook, "active": True, _KEYS[name]: fields}


def _without(app: App, call: GraphCall) -> JsonObject:
    """What remains without the given `fields` of an object, without all its fields, or without all
    objects.
    """
    names = [_object(call)] if "object" in call.params else list(_KEYS)
    doomed = call.names("fields")
    return {
        _KEYS[name]: tuple(
            field for field in getattr(app, _KEYS[name]) if doomed and field not in doomed
        )
        for name in names
    }


def _object(call: GraphCall) -> str:
    name = call.text("object") or ""
    if name not in _FIELDS:
        raise invalid_parameter(f"Param object must be one of {{{', '.join(_FIELDS)}}}")
    return name


def _known_fields(name: str, call: GraphCall) -> tuple[str, ...]:
    fields = call.names("fields")
    if not fields or not _FIELDS[name].issuperset(fields):
        allowed = ", ".join(sorted(_FIELDS[name]))
        raise invalid_parameter(f"Param fields must be of {{{allowed}}}")
    return fields


def _subscriptions(app: App) -> list[JsonObject]:
    return [
        {
            "object": name,
            "callback_url": app.webhook,
            "active": app.active,
            "fields": [{"name": field, "version": "v25.0"} for field in getattr(app, key)],
        }
        for name, key in _KEYS.items()
        if getattr(app, key) and app.webhook is not None
    ]
