"""What the doctor asks Graph. It only reads: no call changes anything at Meta."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

import msgspec

from channels.core.errors import GraphError, GraphThrottled, GraphUnavailable
from channels.core.meta.ownership import Owner
from channels.core.settings.settings import Settings
from channels.graph.answers import THREAD_OWNER, owner_in
from channels.graph.connection import GraphConnection, GraphRequest

from ..credentials.pages import PageToAsk
from .answers import (
    FEATURES,
    IDENTITY,
    INSTALLED_APPS,
    LINKED,
    PROFILE,
    SUBSCRIPTIONS,
    TOKEN,
    PageAnswers,
    TokenInfo,
)
from .checks.app import AppFacts
from .checks.graph import GraphFacts
from .checks.token import unusable
from .findings import Unknown, Verdict, cannot_tell, wrong

LIMIT = timedelta(seconds=10)  # for each call

_ROUTING = "messaging_feature_status"
_ACCOUNT = "instagram_business_account"
_MENU = "get_started,persistent_menu"
_ANOTHER_APPS_TOKEN = "did not match the Viewing App"  # noqa: S105 (words of Meta's error)
_OF_ANOTHER_APP = Unknown(
    told_by="token-app",
    verdict=wrong(
        "It was made for another app, not for that of 'app-id'.",
        "Make a token with the app of 'app-id', or correct 'app-id' and 'secret'.",
    ),
)
_WRONG_PROOF = "appsecret_proof"

_T = TypeVar("_T")


async def ask_app(settings: Settings, graph: GraphFacts) -> AppFacts:
    """The app's own subscriptions. Its token consists of its id and secret, so the answer shows
    whether both are right.
    """
    path = f"/{settings.app_id}/subscriptions"
    async with _inquiry(settings, app_token(settings), graph.answered) as graph_says:
        answer = await graph_says.ask(path, SUBSCRIPTIONS, "app-secret")
    return AppFacts(
        app_id=settings.app_id,
        uses_instagram=any(page.instagram for page in settings.pages.values()),
        subscriptions=answer if isinstance(answer, Unknown) else answer.data,
    )


async def ask_page(settings: Settings, page: PageToAsk, app: AppFacts) -> PageAnswers:
    """What the page's token is, and what it may see."""
    token = await _ask_about_token(settings, page, app)
    blocked = unusable(token, settings.app_id)
    async with _inquiry(settings, page.page_access_token, blocked) as graph_says:
        identity = await graph_says.ask("/me", IDENTITY, "page-identity", fields="id,name")
    async with _inquiry(settings, page.page_access_token, identity) as graph_says:
        installed = await graph_says.ask("/me/subscribed_apps", INSTALLED_APPS, "page-subscription")
        features = await graph_says.ask("/me", FEATURES, "routing", fields=_ROUTING)
        linked = await graph_says.ask("/me", LINKED, "instagram-account", fields=_ACCOUNT)
        profile = await graph_says.ask(
            "/me/messenger_profile", PROFILE, "messenger-profile", fields=_MENU
        )
    return PageAnswers(
        token=token,
        identity=identity,
        installed=installed,
        features=features,
        profile=profile,
        linked=linked,
    )


async def ask_owner(
    settings: Settings, page: PageToAsk, user: str, token: TokenInfo | Unknown
) -> Owner | Unknown:
    """Who has the user's thread, as far as Meta shows this app."""
    blocked = unusable(token, settings.app_id)
    async with _inquiry(settings, page.page_access_token, blocked) as graph_says:
        answer = await graph_says.ask(
            "/me/thread_owner", THREAD_OWNER, "default-app", recipient=user
        )
    return answer if isinstance(answer, Unknown) else owner_in(answer, us=settings.app_id)


async def _ask_about_token(
    settings: Settings, page: PageToAsk, app: AppFacts
) -> TokenInfo | Unknown:
    token = page.page_access_token
    async with _inquiry(settings, app_token(settings), app.subscriptions) as graph_says:
        answer = await graph_says.ask("/debug_token", TOKEN, "token-valid", input_token=token)
    if isinstance(answer, Unknown):
        return answer
    info = answer.data.hiding(token)
    return _OF_ANOTHER_APP if _ANOTHER_APPS_TOKEN in info.error.message else info


def app_token(settings: Settings) -> str:
    """The app's own token."""
    return f"{settings.app_id}|{settings.secret}"


class _Inquiry:
    """Questions to Graph with one token; none are asked if something they need is `blocked`."""

    def __init__(self, connection: GraphConnection, blocked: Unknown | None) -> None:
        self._connection = connection
        self._blocked = blocked

    async def ask(
        self, path: str, decoder: msgspec.json.Decoder[_T], told_by: str, **query: str
    ) -> _T | Unknown:
        """The answer; or what the check `told_by` should report instead."""
        if self._blocked is not None:
            return self._blocked
        request = GraphRequest(path=path, query=query)
        try:
            return await self._connection.ask(request, decoder, limit=LIMIT)
        except GraphError as error:
            return _explained(error, told_by)


@asynccontextmanager
async def _inquiry(settings: Settings, token: str, needed: object) -> AsyncIterator[_Inquiry]:
    """Questions that make sense only if the fact `needed` is known."""
    connection = GraphConnection(
        graph_url=settings.graph_url, page_access_token=token, app_secret=settings.secret
    )
    blocked = Unknown(told_by=needed.told_by) if isinstance(needed, Unknown) else None
    try:
        yield _Inquiry(connection, blocked)
    finally:
        await connection.close()


def _explained(error: GraphError, told_by: str) -> Unknown:
    """The failure as the verdict of the check that it belongs to."""
    if _ANOTHER_APPS_TOKEN in error.message:
        return _OF_ANOTHER_APP
    if _WRONG_PROOF in error.message:
        return Unknown(told_by="appsecret-proof", verdict=_verdict(error))
    if told_by == "app-secret" and not _may_pass(error):
        problem = wrong(
            _detail(error), "Copy 'app-id' and 'secret' from App settings > Basic of the same app."
        )
        return Unknown(told_by=told_by, verdict=problem)
    return Unknown(told_by=told_by, verdict=_verdict(error))


def _verdict(error: GraphError) -> Verdict:
    judge = cannot_tell if _may_pass(error) else wrong
    return judge(_detail(error), error.remedy)


def _may_pass(error: GraphError) -> bool:
    return isinstance(error, (GraphUnavailable, GraphThrottled))


def _detail(error: GraphError) -> str:
    number = "" if error.code is None else f" (error {error.code}/{error.subcode or '-'})"
    return f"{error.message.rstrip('.')}{number}."
