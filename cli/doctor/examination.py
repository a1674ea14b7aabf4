"""The doctor's examination: what can't be looked at becomes a finding of its own, and stops no
other check.
"""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import datetime

from channels.core.events import page_and_user_of
from channels.core.meta.ownership import Owner
from channels.core.plans import Plan
from channels.core.settings.settings import Settings
from channels.instruments.clock import Clock
from channels.store.database.schema import VERSION

from ..assistant.languages import words_in
from ..credentials.pages import PageToAsk, pages_to_ask
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
from .checks import understanding as doctor_understanding
from .checks import webhook as doctor_webhook
from .checks.app import AppFacts
from .checks.assistant import AssistantFacts
from .findings import Finding, Unknown, cannot_tell, examine
from .machine.reading import (
    read_assistant,
    read_endpoints,
    read_store_version,
)
from .machine.tracker_store import read_tracker_store
from .machine.understanding import read_words
from .visiting import greet, visit_action_server, visit_webhook

_ON_NO_PAGE = Unknown(
    told_by="default-app",
    verdict=cannot_tell(
        "The user belongs to none of the pages in credentials.yml.",
        "Give --user PAGE:USER, with the id of one of the pages.",
    ),
)


async def look(options: Namespace, settings: Settings, clock: Clock) -> list[Finding]:
    """All findings: at Meta, at the webhook, and on this machine."""
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
        *await _look_at_rasa(options.endpoints, settings, assistant),
        *examine("Assistant", doctor_assistant.CHECKS, assistant),
        *await _look_at_words(settings, assistant),
    ]


async def _look_at_words(settings: Settings, assistant: AssistantFacts) -> list[Finding]:
    """How the model reads what people write."""
    words = words_in(assistant.language)
    everyday = words.everyday if words is not None else ()
    keywords = _keywords(settings)
    told_by = "nlu-everyday-words" if everyday else "nlu-keywords"  # the one that needs the model
    facts = doctor_understanding.UnderstandingFacts(
        assistant=assistant,
        readings=await read_words(assistant.model, [*keywords, *everyday], told_by=told_by),
        keywords=keywords,
        everyday=everyday,
    )
    return examine("Assistant", doctor_understanding.CHECKS, facts)


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


async def _look_at_rasa(
    endpoints_file: str, settings: Settings, assistant: AssistantFacts
) -> list[Finding]:
    endpoints = read_endpoints(endpoints_file)
    facts = doctor_endpoints.EndpointsFacts(
        endpoints=endpoints,
        tracker_store=read_tracker_store(endpoints),
        several_workers=_workers() > 1,
        shares_store=not _is_sqlite(settings),
        action_server=await visit_action_server(doctor_endpoints.action_server(endpoints)),
        in_domain=assistant.actions,
    )
    return examine("Rasa", doctor_endpoints.CHECKS, facts)


def _is_sqlite(settings: Settings) -> bool:
    return settings.store.startswith("sqlite:")


def _workers() -> int:
    """How many workers `rasa run` would start here."""
    number = os.environ.get("SANIC_WORKERS", "1")
    return int(number) if number.isdecimal() else 1


def _return_intents(settings: Settings) -> list[str]:
    return sorted({intent for plan in _plans(settings) for intent in plan.return_intents})


def _keywords(settings: Settings) -> list[str]:
    words = (
        word for plan in _plans(settings) for group in plan.keywords.values() for word in group
    )
    return list(dict.fromkeys(words))


def _plans(settings: Settings) -> list[Plan]:
    of_pages = (plan for page in settings.pages.values() for plan in page.plans.values())
    return [*settings.plans.values(), *of_pages]
