"""`subscribe`: the two Graph calls that subscribe an app to a Page, with all fields that it needs.

A field comes only if both the app and the Page subscribe to it, and a POST to either replaces its
list (Meta facts 1.4), so existing subscriptions are sent along.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from channels.core.errors import GraphError, SettingsError
from channels.core.settings.settings import Settings
from channels.graph.answers import Accepted
from channels.graph.connection import GraphConnection, GraphRequest

from ..command import Command, add_credentials_argument
from ..credentials.pages import PageToAsk, pages_to_ask
from ..doctor.answers import INSTALLED_APPS, SUBSCRIPTIONS, Subscription
from ..doctor.asking import LIMIT, app_token
from ..doctor.checks.app import INSTAGRAM_FIELDS, PAGE_FIELDS
from ..terminal import agrees, printable

_ACCEPTED = msgspec.json.Decoder(Accepted)
_CALLBACK_NOT_VERIFIED = 2200  # Graph's number for it
_CALLBACK = "https://YOUR.HOST/webhooks/facebook/webhook"

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A call to make, the token to make it with, and what it adds."""

    call: GraphRequest
    token: str = field(repr=False)
    told: str


async def changes(settings: Settings, callback_url: str | None) -> list[Change]:
    """The calls that are missing; empty if everything is subscribed. Changes nothing."""
    found = await _of_the_app(settings, callback_url)
    for page in pages_to_ask(settings):
        found += await _of_a_page(settings, page)
    return found


async def _of_the_app(settings: Settings, callback_url: str | None) -> list[Change]:
    path = f"/{settings.app_id}/subscriptions"
    answer = await _ask(settings, app_token(settings), GraphRequest(path=path), SUBSCRIPTIONS)
    there = {one.object: one for one in answer.data}
    known = next((one.callback_url for one in answer.data if one.callback_url), None)
    callback = callback_url or known
    if callback is None:
        raise SettingsError(
            f"The app has no callback URL yet. Name the bot's with --webhook-url {_CALLBACK}."
        )
    wanted = {"page": PAGE_FIELDS}
    if "instagram" in there or any(page.instagram for page in settings.pages.values()):
        wanted["instagram"] = INSTAGRAM_FIELDS
    return [
        Change(
            call=GraphRequest(path=path, body=_body(settings, name, callback, there, fields)),
            token=app_token(settings),
            told=f"POST {path}, object {name}, with the app's token: {printable(callback)} gets "
            f"{_news(there[name].field_names if name in there else (), fields)}",
        )
        for name, fields in wanted.items()
        if not _is_complete(there.get(name), callback, fields)
    ]


def _body(
    settings: Settings,
    name: str,
    callback: str,
    there: dict[str, Subscription],
    fields: Collection[str],
) -> dict[str, str]:
    kept = there[name].field_names if name in there else set()
    return {
        "object": name,
        "callback_url": callback,
        "fields": ",".join(sorted(kept.union(fields))),
        "verify_token": settings.verify,
    }


async def _of_a_page(settings: Settings, page: PageToAsk) -> list[Change]:
    path, token = f"/{page.id or 'me'}/subscribed_apps", page.page_access_token
    answer = await _ask(settings, token, GraphRequest(path=path), INSTALLED_APPS)
    own = [set(app.subscribed_fields) for app in answer.apps if str(app.id) == settings.app_id]
    kept = own[0] if own else set()
    if own and kept.issuperset(PAGE_FIELDS):
        return []
    body = {"subscribed_fields": ",".join(sorted(kept.union(PAGE_FIELDS)))}
    told = f"POST {path}, with the Page's token: the app gets {_news(kept, PAGE_FIELDS)}"
    return [Change(call=GraphRequest(path=path, body=body), token=token, told=told)]


def _is_complete(found: Subscription | None, callback: str, fields: Collection[str]) -> bool:
    return (
        found is not None
        and found.active
        and found.callback_url == callback
        and found.field_names.issuperset(fields)
    )


def _news(kept: Collection[str], fields: Collection[str]) -> str:
    news = [name for name in fields if name not in kept]
    return ", ".join(news) or "what it had"


async def _ask(
    settings: Settings, token: str, call: GraphRequest, answer: msgspec.json.Decoder[_T]
) -> _T:
    graph = GraphConnection(
        graph_url=settings.graph_url, page_access_token=token, app_secret=settings.secret
    )
    try:
        return await graph.ask(call, answer, limit=LIMIT)
    finally:
        await graph.close()


async def _make(settings: Settings, wanted: list[Change]) -> None:
    for change in wanted:
        try:
            await _ask(settings, change.token, change.call, _ACCEPTED)
        except GraphError as error:
            if error.code != _CALLBACK_NOT_VERIFIED:
                raise
            raise SettingsError(
                "Meta called the callback URL, and did not get the right answer. Start the bot "
                "with this credentials.yml, and make sure that the URL leads to it. The calls "
                "after this one were not made."
            ) from error
        print(f"Done: {change.told}.")


def _run(options: Namespace) -> int:
    from ..credentials.settings import read_settings

    settings = read_settings(options.credentials)
    wanted = asyncio.run(changes(settings, options.webhook_url))
    if not wanted:
        print("Nothing to do: the app and each Page have subscribed to all fields.")
        return 0
    print("Meta calls the callback URL at once, so the bot must be running. To do:")
    for change in wanted:
        print(f"  {change.told}")
    if options.dry_run:
        return 0
    if not (options.yes or agrees("Make these calls?")):
        print("Nothing was changed. (--yes makes the calls without asking.)", file=sys.stderr)
        return 1
    asyncio.run(_make(settings, wanted))
    print("`rasa-handover doctor` checks whether everything is all right now.")
    return 0


def _add_arguments(parser: ArgumentParser) -> None:
    add_credentials_argument(parser)
    parser.add_argument(
        "--webhook-url",
        metavar="URL",
        help=f"where Meta finds the bot, such as {_CALLBACK} (default: what the app has)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only show the calls")
    parser.add_argument("--yes", action="store_true", help="make the calls without asking")


COMMAND = Command(
    description="Subscribe the app, and each Page, to the webhook fields that a handover needs. "
    "It shows the calls, and asks first. Existing subscriptions stay; a second run has nothing to "
    "do.",
    add_arguments=_add_arguments,
    run=_run,
)
