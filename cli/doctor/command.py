"""`doctor`: whether all that a live Page needs is as it should be, with the remedy if not.

It only looks: at Graph, at the webhook from outside, and at the project's files. Whatever can't be
looked at becomes a finding of its own and stops no other check.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import datetime

from channels.core.errors import SettingsError
from channels.core.events import page_and_user_of
from channels.core.routing import Owner
from channels.core.settings import PageToAsk, Settings, pages_to_ask
from channels.instruments.clock import Clock, SystemClock
from channels.store.schema import VERSION

from ..command import Command
from ..credentials import add_credentials_argument, read_settings
from .answers import PageAnswers
from .asking import ask_app, ask_owner, ask_page
from .checks import app as doctor_app
from .checks import assistant as doctor_assistant
from .checks import endpoints as doctor_endpoints
from .checks import graph as doctor_graph
from .checks import instagram as doctor_instagram
from .checks import page as doctor_page
from .checks import store as doctor_store
from .checks import switches as doctor_switches
from .checks import token as doctor_token
from .checks import webhook as doctor_webhook
from .checks.app import AppFacts
from .checks.assistant import AssistantFacts
from .findings import Finding, Unknown, cannot_tell, examine
from .reading import read_assistant, read_endpoints, read_store_version
from .report import as_json, as_text, exit_status
from .visiting import greet, visit_action_server, visit_webhook

_COULD_NOT_RUN = 2
_USER = re.compile(r"(\d+:)?\d+", re.ASCII)
_ON_NO_PAGE = Unknown(
    told_by="default-app",
    verdict=cannot_tell(
        "The user is of none of the pages in credentials.yml.",
        "Write PAGE:USER after --user, with the id of one of the pages.",
    ),
)


def _add_arguments(parser: ArgumentParser) -> None:
    add_credentials_argument(parser)
    parser.add_argument(
        "--endpoints",
        default="endpoints.yml",
        metavar="FILE",
        help="the endpoints file (default: %(default)s)",
    )
    parser.add_argument(
        "--model", default="models", metavar="PATH", help="a trained model, or the folder of models"
    )
    parser.add_argument(
        "--domain",
        default="domain.yml",
        metavar="PATH",
        help="the domain, where there is no model (default: %(default)s)",
    )
    parser.add_argument(
        "--webhook-url", metavar="URL", help="where Meta should find the bot, to compare with"
    )
    parser.add_argument(
        "--user",
        type=_user,
        metavar="USER",
        help="a user whose thread an agent has now (of several Pages: PAGE:USER), to guess "
        "whether the app is the default app",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def _user(text: str) -> str:
    if not _USER.fullmatch(text):
        raise ArgumentTypeError("a user is a number, or PAGE:USER, as Rasa's sender ids are")
    return text


def _run(options: Namespace) -> int:
    try:
        settings = read_settings(options.credentials)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return _COULD_NOT_RUN
    findings = asyncio.run(look(options, settings, SystemClock()))
    print(as_json(findings) if options.json else as_text(findings))
    return exit_status(findings)


async def look(options: Namespace, settings: Settings, clock: Clock) -> list[Finding]:
    """Every finding: at Meta, at the webhook, and on this machine."""
    graph = await greet(settings.graph_url, clock)
    app = await ask_app(settings, graph)
    callback_url = doctor_app.callback_url(app)
    webhook = await visit_webhook(settings, callback_url, options.webhook_url)
    assistant = read_assistant(options.model, options.domain, _return_intents(settings))
    return [
        *examine("Graph API", doctor_graph.CHECKS, graph),
        *examine(f"App {settings.app_id}", doctor_app.CHECKS, app),
        *examine("Webhook", doctor_webhook.CHECKS, webhook),
        *await _look_at_pages(options.user, settings, app, assistant, graph.now),
        *_look_at_store(settings),
        *await _look_at_rasa(options.endpoints, settings),
        *examine("Assistant", doctor_assistant.CHECKS, assistant),
    ]


async def _look_at_pages(
    user: str | None, settings: Settings, app: AppFacts, assistant: AssistantFacts, now: datetime
) -> list[Finding]:
    findings: list[Finding] = []
    owner: Owner | Unknown | None = None if user is None else _ON_NO_PAGE
    for page in pages_to_ask(settings):
        answers = await ask_page(settings, page, app)
        findings += _judge_page(settings, page, app, assistant, answers, now)
        if user is not None and page.has(user):
            owner = await ask_owner(settings, page, page_and_user_of(user)[1], answers.token)
    switches = doctor_switches.SwitchFacts(owner=owner)
    return [*findings, *examine("What no API tells", doctor_switches.CHECKS, switches)]


def _judge_page(
    settings: Settings,
    page: PageToAsk,
    app: AppFacts,
    assistant: AssistantFacts,
    answers: PageAnswers,
    now: datetime,
) -> list[Finding]:
    instagram = doctor_instagram.InstagramFacts(
        configured=page.instagram,
        has_to_be=page.id is not None,
        heard=doctor_app.hears_instagram(app),
        routing=settings.routing,
        answers=answers,
    )
    token = doctor_token.TokenFacts(
        app_id=settings.app_id,
        page=page.id or answers.page,
        instagram=instagram.account,
        now=now,
        token=answers.token,
    )
    found = doctor_page.PageFacts(
        app_id=settings.app_id,
        page=page.id,
        routing=settings.routing,
        agent_apps=page.agent_apps,
        answers=answers,
        intents=assistant.intents,
    )
    name = "Page" if page.id is None else f"Page {page.id}"
    return [
        *examine(name, doctor_token.CHECKS, token),
        *examine(name, doctor_page.CHECKS, found),
        *examine(name, doctor_instagram.CHECKS, instagram),
    ]


def _look_at_store(settings: Settings) -> list[Finding]:
    facts = doctor_store.StoreFacts(
        found=read_store_version(settings.store),
        latest=VERSION,
        is_sqlite=_is_sqlite(settings),
        workers=_workers(),
    )
    return examine("Session store", doctor_store.CHECKS, facts)


async def _look_at_rasa(endpoints_file: str, settings: Settings) -> list[Finding]:
    endpoints = read_endpoints(endpoints_file)
    facts = doctor_endpoints.EndpointsFacts(
        endpoints=endpoints,
        several_workers=_workers() > 1,
        shares_store=not _is_sqlite(settings),
        action_server=await visit_action_server(doctor_endpoints.action_server(endpoints)),
    )
    return examine("Rasa", doctor_endpoints.CHECKS, facts)


def _is_sqlite(settings: Settings) -> bool:
    return settings.store.startswith("sqlite:")


def _workers() -> int:
    """How many workers `rasa run` would start here."""
    number = os.environ.get("SANIC_WORKERS", "1")
    return int(number) if number.isdecimal() else 1


def _return_intents(settings: Settings) -> list[str]:
    plans = [*settings.plans.values()]
    for page in settings.pages.values():
        plans += page.plans.values()
    return sorted({intent for plan in plans for intent in plan.return_intents})


COMMAND = Command(
    name="doctor",
    summary="look whether everything that a live Page needs is as it should be",
    description="Look at the app, the Page, the webhook and this project, and say what is wrong "
    "and what mends it. Nothing is changed anywhere. Exit status: 0 if nothing is wrong, 1 if "
    "something is, 2 if credentials.yml can't be read.",
    add_arguments=_add_arguments,
    run=_run,
)
