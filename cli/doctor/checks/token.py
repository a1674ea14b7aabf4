"""A Page's access token, as `debug_token` describes it. Pure.

Source: Graph API, `debug_token`; Meta facts 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .. import links
from ..answers import TokenInfo, date_of
from ..findings import Check, Unknown, Verdict, known, ok, wrong

SOON = timedelta(days=7)
_OF_A_PAGE = "PAGE"
_PAGE_SCOPES = ("pages_messaging", "pages_manage_metadata")
_INSTAGRAM_SCOPES = ("instagram_basic", "instagram_manage_messages")
_MAKE_A_NEW_ONE = (
    "Make a new one under Messenger settings > Access tokens of this app, and put it under "
    "'page-access-token'."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenFacts:
    """`page` is the id of the Page that the token should be for, and `instagram` the id of the
    account that the bot serves there.
    """

    app_id: str
    page: str | Unknown
    instagram: str | Unknown | None
    now: datetime
    token: TokenInfo | Unknown


def unusable(token: TokenInfo | Unknown, app_id: str) -> Unknown | None:
    """Why nothing can be asked with the token; None if it can be used."""
    if isinstance(token, Unknown):
        return Unknown(told_by=token.told_by)
    if not token.is_valid:
        return Unknown(told_by="token-valid")
    if str(token.app_id) != app_id:
        return Unknown(told_by="token-app")
    return None if token.type in ("", _OF_A_PAGE) else Unknown(told_by="token-type")


def _live(facts: TokenFacts) -> TokenInfo:
    token = known(facts.token)
    return token if token.is_valid else known(Unknown(told_by="token-valid"))


def _valid(facts: TokenFacts) -> Verdict:
    token = known(facts.token)
    if token.is_valid:
        return ok("Meta accepts the token.")
    why = token.error.message.rstrip(".") or "it does not say why"
    return wrong(f"Meta refuses the token: {why}.", _MAKE_A_NEW_ONE)


def _type(facts: TokenFacts) -> Verdict:
    token = _live(facts)
    if token.type == _OF_A_PAGE:
        return ok("It is a Page's token.")
    return wrong(f"It is a token of type {token.type or 'unknown'}, not a Page's.", _MAKE_A_NEW_ONE)


def _app(facts: TokenFacts) -> Verdict:
    token = _live(facts)
    if str(token.app_id) == facts.app_id:
        return ok(f"It was made for app {facts.app_id}.")
    return wrong(
        f"It was made for app {token.app_id}, but 'app-id' is {facts.app_id}.", _MAKE_A_NEW_ONE
    )


def _expiry(facts: TokenFacts) -> Verdict:
    end = date_of(_live(facts).expires_at)
    if end is None:
        return ok("It never expires.")
    if end - facts.now > SOON:
        return ok(f"It expires on {end:%Y-%m-%d}.")
    return wrong(
        f"It expires on {end:%Y-%m-%d at %H:%M} UTC.",
        "A token that is made from a long-lived user token does not expire. " + _MAKE_A_NEW_ONE,
    )


def _data_access(facts: TokenFacts) -> Verdict:
    end = date_of(_live(facts).data_access_expires_at)
    if end is None:
        return ok("The app's access to data never expires.")
    if end - facts.now > SOON:
        return ok(f"The app's access to data expires on {end:%Y-%m-%d}.")
    verb = "expired" if end <= facts.now else "expires"
    return wrong(
        f"The app's access to data {verb} on {end:%Y-%m-%d}.",
        "Have the person who made the token log in to the app again, and make a new token.",
    )


def _scopes(facts: TokenFacts) -> Verdict:
    token, page = _live(facts), known(facts.page)
    wanted = [(scope, page) for scope in _PAGE_SCOPES]
    if isinstance(facts.instagram, str):
        wanted += [(scope, facts.instagram) for scope in _INSTAGRAM_SCOPES]
    missing = [
        f"{scope} for {target}" for scope, target in wanted if not token.covers(scope, target)
    ]
    if not missing:
        return ok(f"It has {', '.join(scope for scope, _ in wanted)}.")
    return wrong(
        f"It lacks {', '.join(missing)}.",
        "Grant the permissions, for this Page, when you make the token; to talk to people "
        "without a role on the app they need Advanced Access.",
    )


CHECKS = (
    Check(name="token-valid", judge=_valid, link=links.DEBUG_TOKEN),
    Check(name="token-type", judge=_type, link=links.DEBUG_TOKEN),
    Check(name="token-app", judge=_app, link=links.DEBUG_TOKEN),
    Check(name="token-expiry", judge=_expiry, link=links.DEBUG_TOKEN),
    Check(name="token-data-access", judge=_data_access, link=links.DEBUG_TOKEN),
    Check(name="token-scopes", judge=_scopes, link=links.PERMISSIONS),
)
