"""`apps`: the apps on each Page, to pick a plan's `target-app` from."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

import msgspec

from channels.core.plans import INBOX_NAMES, PAGE_INBOX
from channels.core.settings.settings import Settings
from channels.graph.connection import GraphConnection, GraphRequest

from ..command import Command, add_credentials_argument
from ..credentials.pages import PageToAsk, pages_to_ask
from ..doctor.answers import IDENTITY, INSTALLED_APPS, Identity, InstalledApp
from ..doctor.asking import LIMIT
from ..terminal import printable, table

_HEADS = ("  ID", "NAME", "")


class App(msgspec.Struct, frozen=True, kw_only=True):
    """An app on a Page. `target_app` is its name in a plan; None for the bot itself.

    `plans` are the names of the plans that hand over to it now.
    """

    id: str
    name: str
    target_app: str | None
    plans: list[str]


class AppsOfPage(msgspec.Struct, frozen=True, kw_only=True):
    """The apps on a Page, including the bot's own and the two Inboxes."""

    page: str
    name: str
    apps: list[App]


def apps_of_page(
    settings: Settings, identity: Identity, installed: Sequence[InstalledApp]
) -> AppsOfPage:
    """The apps that Graph lists, with the plans that use them."""
    page = str(identity.id)
    apps = [
        _app(settings, page, str(one.id), one.name, target_app=str(one.id)) for one in installed
    ]
    inboxes = [
        _app(settings, page, id_, name, target_app=PAGE_INBOX) for id_, name in INBOX_NAMES.items()
    ]
    return AppsOfPage(page=page, name=identity.name, apps=[*apps, *inboxes])


def listing(pages: Sequence[AppsOfPage]) -> str:
    """The apps of each Page, for people."""
    return "\n\n".join(
        f"Page {printable(page.name)} ({page.page})\n"
        + table(_HEADS, [(f"  {app.id}", app.name, _role(app)) for app in page.apps])
        for page in pages
    )


def _app(settings: Settings, page: str, id_: str, name: str, *, target_app: str) -> App:
    if id_ == settings.app_id:
        return App(id=id_, name=name, target_app=None, plans=[])
    plans = settings.plans_of(page).values()
    targeting = [plan.name for plan in plans if plan.target_app == target_app]
    return App(id=id_, name=name, target_app=target_app, plans=sorted(targeting))


def _role(app: App) -> str:
    if app.target_app is None:
        return "this bot"
    plans = f", now of {', '.join(app.plans)}" if app.plans else ""
    return f"target-app: {app.target_app}{plans}"


async def _ask(settings: Settings) -> list[AppsOfPage]:
    return [await _ask_page(settings, page) for page in pages_to_ask(settings)]


async def _ask_page(settings: Settings, page: PageToAsk) -> AppsOfPage:
    graph = GraphConnection(
        graph_url=settings.graph_url,
        page_access_token=page.page_access_token,
        app_secret=settings.secret,
    )
    try:
        who = GraphRequest(path="/me", query={"fields": "id,name"})
        identity = await graph.ask(who, IDENTITY, limit=LIMIT)
        there = GraphRequest(path="/me/subscribed_apps")
        installed = await graph.ask(there, INSTALLED_APPS, limit=LIMIT)
    finally:
        await graph.close()
    return apps_of_page(settings, identity, installed.apps)


def _add_arguments(parser: ArgumentParser) -> None:
    add_credentials_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the apps as JSON")


def _run(options: Namespace) -> int:
    from ..credentials.settings import read_settings

    pages = asyncio.run(_ask(read_settings(options.credentials)))
    print(msgspec.json.encode(pages).decode() if options.json else listing(pages))
    return 0


COMMAND = Command(
    description="Ask Graph, with the Page's token, which apps are installed on it.",
    add_arguments=_add_arguments,
    run=_run,
)
