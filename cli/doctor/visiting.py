"""The servers that the doctor visits: Graph's front door, the webhook, and the action server.

Nothing that it posts contains an event.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec

from channels.core.meta.app_secret import signature
from channels.core.meta.metas_clock import metas_time
from channels.core.settings.settings import Settings
from channels.instruments.clock import Clock

from .checks.endpoints import ActionServerFacts
from .checks.graph import GraphFacts
from .checks.webhook import WebAnswer, WebhookFacts, shown
from .findings import Unknown, cannot_tell, wrong

LIMIT = timedelta(seconds=10)  # for each request

_SIGNATURE = "X-Hub-Signature-256"
_EMPTY_DELIVERY = b'{"object":"page","entry":[]}'
_MOST_BYTES = 100_000  # that are read of an answer


class _Action(msgspec.Struct, frozen=True):
    name: str


_ACTIONS = msgspec.json.Decoder(list[_Action])


async def greet(graph_url: str, clock: Clock) -> GraphFacts:
    """Ask Graph for anything at all, without a token: even its refusal shows its time."""
    answer = await _fetch("GET", graph_url)
    now = clock.now()
    if isinstance(answer, str):
        problem = wrong(
            f"{graph_url} does not answer ({answer}).",
            "Check 'graph-url' and this machine's internet connection.",
        )
        missing = Unknown(told_by="graph-reachable", verdict=problem)
        return GraphFacts(graph_url=graph_url, now=now, answered=missing, skew=missing)
    told = metas_time(answer.date)
    skew: timedelta | Unknown
    if told is not None:
        skew = told - now
    else:
        problem = cannot_tell("Graph's answer has no readable Date.", "Check the clock yourself.")
        skew = Unknown(told_by="clock", verdict=problem)
    return GraphFacts(graph_url=graph_url, now=now, answered=answer.status, skew=skew)


async def visit_webhook(
    settings: Settings, callback_url: str | Unknown, wanted_url: str | None
) -> WebhookFacts:
    """Call the webhook as Meta does and as a stranger would, at the address that Meta has."""
    challenge = str(secrets.randbelow(10**9))
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": settings.verify,
        "hub.challenge": challenge,
    }
    url = wanted_url if wanted_url and isinstance(callback_url, Unknown) else callback_url
    handshake = await _call_webhook("GET", url, params=query)
    if isinstance(handshake, Unknown):
        url = Unknown(told_by=handshake.told_by)
    return WebhookFacts(
        callback_url=callback_url,
        wanted_url=wanted_url,
        challenge=challenge,
        handshake=handshake,
        unsigned=await _deliver(url, {}),
        wrongly_signed=await _deliver(
            url, {_SIGNATURE: signature(_EMPTY_DELIVERY, secrets.token_hex())}
        ),
        signed=await _deliver(url, {_SIGNATURE: signature(_EMPTY_DELIVERY, settings.secret)}),
    )


async def visit_action_server(url: str | Unknown) -> ActionServerFacts:
    """Check whether the action server at this base URL is up, and which actions it has."""
    if isinstance(url, Unknown):
        return ActionServerFacts(health=url, actions=url)
    health = await _fetch("GET", f"{url}/health")
    if isinstance(health, str):
        problem = wrong(
            f"The action server at {shown(url)} does not answer ({health}).",
            "Start `rasa run actions`, or correct 'action_endpoint' in endpoints.yml.",
        )
        missing = Unknown(told_by="action-server", verdict=problem)
        return ActionServerFacts(health=missing, actions=missing)
    return ActionServerFacts(
        health=health.status, actions=_names(await _fetch("GET", f"{url}/actions"))
    )


def _names(answer: WebAnswer | str) -> list[str] | Unknown:
    try:
        return [action.name for action in _ACTIONS.decode(answer.text)]  # type: ignore[union-attr]
    except (AttributeError, msgspec.DecodeError):
        problem = cannot_tell("The action server does not list its actions.", "Look there.")
        return Unknown(told_by="action-handover", verdict=problem)


async def _deliver(url: str | Unknown, headers: Mapping[str, str]) -> WebAnswer | Unknown:
    json = {"Content-Type": "application/json", **headers}
    return await _call_webhook("POST", url, data=_EMPTY_DELIVERY, headers=json)


async def _call_webhook(method: str, url: str | Unknown, **options: Any) -> WebAnswer | Unknown:
    if isinstance(url, Unknown):
        return Unknown(told_by=url.told_by)
    answer = await _fetch(method, url, **options)
    if isinstance(answer, WebAnswer):
        return answer
    problem = wrong(
        f"From this machine {shown(url)} does not answer ({answer}).",
        "Start `rasa run`, and check that the callback URL leads to it from the internet.",
    )
    return Unknown(told_by="webhook-handshake", verdict=problem)


async def _fetch(method: str, url: str, **options: Any) -> WebAnswer | str:
    """The answer, without following redirects; or, in a word, why there is none."""
    timeout = aiohttp.ClientTimeout(total=LIMIT.total_seconds())
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.request(method, url, allow_redirects=False, **options) as answer,
        ):
            text = (await answer.content.read(_MOST_BYTES)).decode(errors="replace")
            return WebAnswer(status=answer.status, text=text, date=answer.headers.get("Date"))
    except asyncio.TimeoutError:
        return f"not within {LIMIT.total_seconds():g} s"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return type(error).__name__
