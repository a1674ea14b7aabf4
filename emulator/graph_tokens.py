"""Access tokens: whose they are, whether their proof is right, and what `debug_token` says.

The facts sheet 1, 1.6 and 5; Meta: "Secure Graph API Calls", "debug_token".
"""

from __future__ import annotations

import hashlib
import hmac

from .errors import JsonObject, expired_token, invalid_proof, invalid_token, other_app
from .models import App
from .state import State

SCOPES = ["pages_messaging", "pages_manage_metadata", "pages_show_list", "pages_read_engagement"]
INSTAGRAM_SCOPES = ["instagram_basic", "instagram_manage_messages"]


def app_of_page_token(state: State, token: str) -> App | None:
    """The app that a Page token belongs to."""
    found = [app for app in state.connected_apps() if _same(app.page_access_token, token)]
    return found[0] if found and token else None


def app_of_app_token(state: State, token: str) -> App | None:
    """The app that an app token, `APP_ID|APP_SECRET`, belongs to."""
    found = [app for app in state.connected_apps() if _same(f"{app.id}|{app.secret}", token)]
    return found[0] if found else None


def check_time(state: State, app: App) -> None:
    """GraphError 190/463 if the app's Page token has expired by now."""
    if _has_expired(state, app):
        raise expired_token()


def check_proof(app: App, token: str, proof: str | None) -> None:
    """GraphError 100 if there is an `appsecret_proof` and it is wrong."""
    if proof is not None and not _same(proof, appsecret_proof(app.secret, token)):
        raise invalid_proof()


def appsecret_proof(secret: str, token: str) -> str:
    """Hex HMAC-SHA256 of the token, keyed with the app secret."""
    return hmac.new(secret.encode(), token.encode(errors="replace"), hashlib.sha256).hexdigest()


def debug_token(state: State, token: str, inspected: str) -> JsonObject:
    """What the `inspected` token is; asked with an app token (`APP_ID|APP_SECRET`) or a Page
    token of the same app.
    """
    asking = app_of_app_token(state, token) or app_of_page_token(state, token)
    if asking is None:
        raise invalid_token()
    app = app_of_page_token(state, inspected)
    if app is None:
        return {"data": {"is_valid": False, "scopes": [], "error": _no_token()}}
    if app.id != asking.id:
        raise other_app()
    expired = _has_expired(state, app)
    targets = _targets_by_scope(state, app)
    return {
        "data": {
            "app_id": app.id,
            "type": app.page_token.type,
            "application": app.name,
            "profile_id": state.page.id,
            "is_valid": not expired,
            "issued_at": 0,
            "expires_at": app.page_token.expires_at,
            "data_access_expires_at": app.page_token.data_access_expires_at,
            "scopes": list(targets),
            "granular_scopes": [
                {"scope": scope, "target_ids": ids} for scope, ids in targets.items()
            ],
            **({"error": expired_token().envelope()["error"]} if expired else {}),
        }
    }


def _no_token() -> JsonObject:
    return {"code": 190, "message": "Invalid OAuth access token."}


def _has_expired(state: State, app: App) -> bool:
    return 0 < app.page_token.expires_at <= state.clock.now().timestamp()


def _targets_by_scope(state: State, app: App) -> dict[str, list[str]]:
    """What a Page token may do, and to whom; Instagram's scopes where an account is linked."""
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
