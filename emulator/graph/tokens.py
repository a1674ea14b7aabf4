"""Access tokens: whose they are, how apps get them, and what `debug_token` says about them.

Meta facts 1, 1.6 and 5; Meta: "Secure Graph API Calls", "debug_token", "Access Tokens",
"Long-Lived Access Tokens".
"""

from __future__ import annotations

import hashlib
import hmac

from ..platform.state.models import ADMINISTRATOR, App
from ..platform.state.state import State
from ..rules.accounts import PlatformName
from ..rules.errors import (
    JsonObject,
    expired_token,
    invalid_parameter,
    invalid_proof,
    invalid_token,
    lacks_permission,
    other_app,
    proof_needed,
    wrong_app,
    wrong_client_secret,
)
from .request.request import GraphCall

_NO_END: JsonObject = {"is_valid": True, "expires_at": 0, "data_access_expires_at": 0}
SCOPES = ["pages_messaging", "pages_manage_metadata", "pages_show_list", "pages_read_engagement"]
INSTAGRAM_SCOPES = ["instagram_basic", "instagram_manage_messages"]
_OF_MESSAGING = (
    *("messages", "message_attachments", "personas", "messenger_profile", "custom_user_settings"),
    *("pass_thread_control", "take_thread_control", "release_thread_control"),
    *("request_thread_control", "extend_thread_control", "thread_owner", "custom_labels"),
)
_SCOPE_OF_EDGE = {
    **dict.fromkeys(_OF_MESSAGING, "pages_messaging"),
    "subscribed_apps": "pages_manage_metadata",
}
LONG_LIVED = 60 * 24 * 3600  # seconds


def app_of_page_token(state: State, token: str) -> App | None:
    """The app that a Page token belongs to."""
    found = [app for app in state.connected_apps() if _same(app.page_access_token, token)]
    return found[0] if found and token else None


def app_of_user_token(state: State, token: str) -> App | None:
    """The app that the token of the Page's administrator belongs to."""
    found = [app for app in state.connected_apps() if _same(app.user_access_token, token)]
    return found[0] if found and token else None


def app_of_app_token(state: State, token: str) -> App | None:
    """The app that an app token, `APP_ID|APP_SECRET`, belongs to."""
    found = [app for app in state.connected_apps() if _same(app_token(app), token)]
    return found[0] if found else None


def app_of_token(state: State, token: str) -> App | None:
    """The app that a token of any kind belongs to."""
    kinds = (app_of_page_token, app_of_user_token, app_of_app_token)
    return next(filter(None, (find(state, token) for find in kinds)), None)


def app_token(app: App) -> str:
    """The token that an app makes from its id and its secret (Meta: "Access Tokens")."""
    return f"{app.id}|{app.secret}"


def check_time(state: State, app: App) -> None:
    """Raise GraphError 190/463 if the app's Page token has expired."""
    if _has_expired(state, app):
        raise expired_token()


def check_permission(state: State, app: App, call: GraphCall) -> None:
    """Raise GraphError (230, unless the switch says otherwise) if the app's Page token lacks a
    permission that the call needs (Meta facts 5), including that for people on Instagram. Calls
    that only read are let through, except `thread_owner`.
    """
    if call.method == "GET" and call.edge != "thread_owner":
        return
    thread = state.threads.get(call.user)
    needed = {_SCOPE_OF_EDGE.get(call.edge)}
    if thread is not None and thread.platform is PlatformName.INSTAGRAM:
        needed.add("instagram_manage_messages")
    if needed & set(app.page_token.without_scopes):
        raise lacks_permission(state.switches.no_permission)


def check_proof(app: App, token: str, proof: str | None) -> None:
    """Raise GraphError 100 if the `appsecret_proof` is wrong, or needed and not there.

    An app token contains the secret itself, and whether Meta checks a proof beside one is not
    documented; the emulator does not.
    """
    if proof is None:
        if app.require_app_secret:
            raise proof_needed()
    elif not _same(proof, appsecret_proof(app.secret, token)):
        raise invalid_proof()


def appsecret_proof(secret: str, token: str) -> str:
    """Hex HMAC-SHA256 of the token, keyed with the app secret."""
    return hmac.new(secret.encode(), token.encode(errors="replace"), hashlib.sha256).hexdigest()


def access_token(state: State, call: GraphCall) -> JsonObject:
    """The token that is asked for with `client_id` and `client_secret`.

    Meta's app token differs from `APP_ID|APP_SECRET`, which it accepts as well, and a long-lived
    user token differs from the one it was made from; here they are the same. Raises GraphError 100
    for a `grant_type` that needs a browser, and 101 or 1 for a wrong app or secret.
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


def debug_token(state: State, token: str, inspected: str) -> JsonObject:
    """What the `inspected` token is; asked with a token of the same app."""
    asking = app_of_token(state, token)
    if asking is None:
        raise invalid_token()
    app = app_of_token(state, inspected)
    if app is None:
        return {"data": {"is_valid": False, "scopes": [], "error": _no_token()}}
    if app.id != asking.id:
        raise other_app()
    common = {"app_id": app.id, "application": app.name}
    if app_of_app_token(state, inspected):
        return {"data": {**common, "type": "APP", "is_valid": True, "scopes": []}}
    return {
        "data": {
            **common,
            **_told(state, app, by_user=app_of_user_token(state, inspected) is not None),
        }
    }


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


def _told(state: State, app: App, *, by_user: bool) -> JsonObject:
    """The Page token, or the user's token, which has the same permissions and does not expire."""
    targets = _targets_by_scope(state, app)
    granular = [{"scope": scope, "target_ids": ids} for scope, ids in targets.items()]
    shown = {"issued_at": 0, "scopes": list(targets), "granular_scopes": granular}
    if by_user:
        return {**shown, "type": "USER", "user_id": ADMINISTRATOR.id, **_NO_END}
    expired = _has_expired(state, app)
    return {
        **shown,
        "type": app.page_token.type,
        "profile_id": state.page.id,
        "is_valid": not expired,
        "expires_at": app.page_token.expires_at,
        "data_access_expires_at": app.page_token.data_access_expires_at,
        **({"error": expired_token().envelope()["error"]} if expired else {}),
    }


def _no_token() -> JsonObject:
    return {"code": 190, "message": "Invalid OAuth access token."}


def _has_expired(state: State, app: App) -> bool:
    return 0 < app.page_token.expires_at <= state.clock.now().timestamp()


def _targets_by_scope(state: State, app: App) -> dict[str, list[str]]:
    """What a Page token may do, and to whom; with Instagram's scopes if an account is linked."""
    pages = app.page_token.page_ids
    of_page = [state.page.id] if pages is None else list(pages)
    targets = dict.fromkeys(SCOPES, of_page)
    if state.instagram is not None:
        of_account = [state.instagram.id]
        targets |= dict.fromkeys(INSTAGRAM_SCOPES, of_account)
    missing = app.page_token.without_scopes
    return {scope: ids for scope, ids in targets.items() if scope not in missing}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
