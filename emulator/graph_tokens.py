"""Access tokens: whose they are, whether their proof is right, and what `debug_token` says.

The facts sheet 1, 1.6 and 5; Meta: "Secure Graph API Calls", "debug_token".
"""

from __future__ import annotations

import hashlib
import hmac

from .errors import JsonObject, invalid_proof, invalid_token
from .models import App
from .state import State

SCOPES = ["pages_messaging", "pages_manage_metadata", "pages_show_list", "pages_read_engagement"]
INSTAGRAM_SCOPES = ["instagram_basic", "instagram_manage_messages"]


def app_of_page_token(state: State, token: str) -> App | None:
    """The app that a Page token belongs to."""
    found = [app for app in state.connected_apps() if _same(app.page_access_token, token)]
    return found[0] if found and token else None


def check_proof(app: App, token: str, proof: str | None) -> None:
    """GraphError 100 if there is an `appsecret_proof` and it is wrong."""
    if proof is not None and not _same(proof, appsecret_proof(app.secret, token)):
        raise invalid_proof()


def appsecret_proof(secret: str, token: str) -> str:
    """Hex HMAC-SHA256 of the token, keyed with the app secret."""
    return hmac.new(secret.encode(), token.encode(errors="replace"), hashlib.sha256).hexdigest()


def debug_token(state: State, token: str, inspected: str) -> JsonObject:
    """What the `inspected` token is; asked with an app token (`APP_ID|APP_SECRET`) or a Page
    token. Page tokens here never expire.
    """
    if not (_is_app_token(state, token) or app_of_page_token(state, token)):
        raise invalid_token()
    app = app_of_page_token(state, inspected)
    if app is None:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"is_valid": False, "scopes": [], "error": error}}
    targets = _targets_by_scope(state)
    return {
        "data": {
            "app_id": app.id,
            "type": "PAGE",
            "application": app.name,
            "profile_id": state.page.id,
            "is_valid": True,
            "issued_at": 0,
            "expires_at": 0,
            "data_access_expires_at": 0,
            "scopes": list(targets),
            "granular_scopes": [
                {"scope": scope, "target_ids": [target]} for scope, target in targets.items()
            ],
        }
    }


def _targets_by_scope(state: State) -> dict[str, str]:
    """What a Page token may do, and to whom; Instagram's scopes where an account is linked."""
    targets = dict.fromkeys(SCOPES, state.page.id)
    if state.instagram is not None:
        targets |= dict.fromkeys(INSTAGRAM_SCOPES, state.instagram.id)
    return targets


def _is_app_token(state: State, token: str) -> bool:
    return any(_same(f"{app.id}|{app.secret}", token) for app in state.connected_apps())


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
