"""The app itself: its own webhook subscriptions (the facts sheet 1.4; Meta: "Subscriptions")."""

from __future__ import annotations

from .errors import JsonObject, app_token_needed, invalid_token
from .graph_tokens import app_of_app_token, app_of_page_token
from .models import App
from .state import State


def subscriptions(state: State, token: str, app_id: str) -> JsonObject:
    """The app's subscriptions; GraphError unless `token` is that app's `APP_ID|APP_SECRET`."""
    app = app_of_app_token(state, token)
    if app is None or app.id != app_id:
        raise app_token_needed() if app_of_page_token(state, token) else invalid_token()
    fields = {"page": app.app_fields, "instagram": app.instagram_fields}
    return {
        "data": [
            _subscription(app, webhook_object, names)
            for webhook_object, names in fields.items()
            if names and app.webhook is not None
        ]
    }


def _subscription(app: App, webhook_object: str, fields: tuple[str, ...]) -> JsonObject:
    return {
        "object": webhook_object,
        "callback_url": app.webhook,
        "active": app.active,
        "fields": [{"name": name, "version": "v25.0"} for name in fields],
    }
