"""`oauth/access_token`: an app's own token, and a longer life for a user's (Meta: "Access Tokens",
"Long-Lived Access Tokens").
"""

from __future__ import annotations

from ..platform.models import App
from ..platform.state import State
from ..rules.errors import (
    JsonObject,
    invalid_parameter,
    invalid_token,
    wrong_app,
    wrong_client_secret,
)
from .request import GraphCall
from .tokens import app_of_user_token, app_token

LONG_LIVED = 60 * 24 * 3600  # seconds


def access_token(state: State, call: GraphCall) -> JsonObject:
    """The token that is asked for by `client_id` and `client_secret`.

    Meta's app token is another text than `APP_ID|APP_SECRET`, which it takes as well, and a
    long-lived user token another one than it was made of; here both are the same.
    GraphError 100 for a `grant_type` that needs a browser, 101 and 1 for a wrong app or secret.
    """
    app = _client(state, call)
    grant = call.text("grant_type")
    if grant == "client_credentials":
        return {"access_token": app_token(app), "token_type": "bearer"}
    if grant != "fb_exchange_token":
        raise invalid_parameter(
            "Param grant_type must be one of {client_credentials, fb_exchange_token}"
        )
    return {**_exchanged(state, app, call), "token_type": "bearer", "expires_in": LONG_LIVED}


def _exchanged(state: State, app: App, call: GraphCall) -> JsonObject:
    token = call.text("fb_exchange_token") or ""
    owner = app_of_user_token(state, token)
    if owner is None or owner.id != app.id:
        raise invalid_token()
    return {"access_token": token}


def _client(state: State, call: GraphCall) -> App:
    client_id = call.text("client_id") or ""
    app = next((one for one in state.connected_apps() if one.id == client_id), None)
    if app is None:
        raise wrong_app(client_id)
    if call.text("client_secret") != app.secret:
        raise wrong_client_secret()
    return app
