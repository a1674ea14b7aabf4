"""Posting to an app's webhook (Meta facts 2.1; Meta: "Webhooks for Messenger Platform")."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from .state.models import App


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an app's webhook answered, or in `error` the reason why it did not."""

    status: int | None = None
    text: str = ""
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it is a 200: nothing else counts as received."""
        return self.status == HTTPStatus.OK


@dataclass(frozen=True, kw_only=True, slots=True)
class Handshake:
    """The result of the verification request (Meta facts 2.1; Meta: "Webhooks")."""

    verified: bool
    answer: Answer

    @property
    def problem(self) -> str:
        """Why it is not verified."""
        return self.answer.error or f"HTTP status {self.answer.status}, or not the challenge"


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256` for exactly these bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class WebhookClient:
    """Sends requests to the apps' webhooks, and gives each a limited time to answer."""

    def __init__(self, answer_within: timedelta) -> None:
        self._http: aiohttp.ClientSession | None = None
        self._timeout = aiohttp.ClientTimeout(total=answer_within.total_seconds())

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def post(self, app: App, body: bytes, *, signed: bool = True) -> Answer:
        """Post bytes to the app's webhook, which it must have."""
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if signed:
            headers["X-Hub-Signature-256"] = signature(app.secret, body)
        return await self._request("POST", app, data=body, headers=headers)

    async def handshake(self, app: App) -> Handshake:
        """Ask the app's webhook, which it must have, to return a challenge."""
        challenge = str(secrets.randbelow(10**9))
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": app.verify_token,
            "hub.challenge": challenge,
        }
        answer = await self._request("GET", app, params=query)
        return Handshake(verified=answer.ok and answer.text == challenge, answer=answer)

    async def _request(self, method: str, app: App, **options: Any) -> Answer:
        self._http = self._http or aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._http.request(
                method, str(app.webhook), allow_redirects=False, **options
            ) as answer:
                return Answer(status=answer.status, text=await answer.text(errors="replace"))
        except asyncio.TimeoutError:
            return Answer(error=f"no answer within {self._timeout.total} s")
        except (aiohttp.ClientError, ValueError) as error:
            return Answer(error=f"{type(error).__name__}: {error}")
