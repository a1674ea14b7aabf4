"""Where notices go: a signed webhook, or anything that Apprise can reach.

Sources: Standard Webhooks 1.0; Apprise 2, development API.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Protocol

import aiohttp
from standardwebhooks import Webhook

from ..core.errors import SettingsError
from ..core.notices import Notice, payload_of, words_of
from ..core.settings.notify import NotifyTarget

LIMIT = timedelta(seconds=20)  # for one try; Standard Webhooks, "Delivery": 15 to 30
_BUSY = (408, 425, 429)


class NotTaken(Exception):
    """A target has not taken a notice. `is_away`: it would not take any other now, either."""

    def __init__(self, why: str, *, is_away: bool) -> None:
        super().__init__(why)
        self.is_away = is_away


class Target(Protocol):
    """Somebody to tell."""

    async def tell(self, notice: Notice, now: datetime) -> None:
        """Send the notice; `now` is the real time. Raises NotTaken, in words without a secret."""

    async def close(self) -> None:
        """Release its connections."""


class WebhookTarget:
    """An address that gets each notice as JSON, signed, and says 2xx once it has it."""

    def __init__(self, *, url: str, secret: str) -> None:
        self._url = url
        self._webhook = Webhook(secret)
        self._session: aiohttp.ClientSession | None = None

    async def tell(self, notice: Notice, now: datetime) -> None:
        body = json.dumps(payload_of(notice), ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "rasa-handover",
            "webhook-id": notice.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(notice.id, now, body),
        }
        try:
            # Redirects are not followed: they may lead somewhere the operator did not choose.
            async with self._http().post(
                self._url, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise NotTaken(type(error).__name__, is_away=True) from None
        if not 200 <= status < 300:
            raise NotTaken(f"status {status}", is_away=status >= 500 or status in _BUSY)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Cookies from the receiver are not kept from one notice to the next.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=LIMIT.total_seconds()),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class AppriseTarget:
    """A chat or a mailbox, reached through the library Apprise, with words for people."""

    def __init__(self, notifier: Any) -> None:
        self._notifier = notifier

    async def tell(self, notice: Notice, now: datetime) -> None:
        title, body = words_of(notice, now)
        telling = self._notifier.async_notify(title=title, body=body)
        try:
            taken = await asyncio.wait_for(telling, LIMIT.total_seconds())
        except asyncio.TimeoutError:
            raise NotTaken("no answer in time", is_away=True) from None
        except Exception as error:  # whatever its plugins raise; the text may hold a secret
            raise NotTaken(type(error).__name__, is_away=True) from None
        if not taken:
            raise NotTaken("Apprise could not deliver it", is_away=True)

    async def close(self) -> None:
        pass


def target_of(settings: NotifyTarget) -> Target:
    """The target that the settings name. Raises SettingsError if Apprise can't reach it."""
    if settings.url is not None and settings.secret is not None:
        return WebhookTarget(url=settings.url, secret=settings.secret)
    try:
        apprise = import_module("apprise")
    except ImportError:
        raise SettingsError(
            "'notify' has a target of Apprise, which is not installed. Install it with: "
            "pip install 'rasa-handover[notify]'."
        ) from None
    # Its log quotes addresses with their tokens.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    notifier = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
    if not notifier.add(settings.apprise):
        raise SettingsError(
            f"'notify' has a target '{settings.shown}://…' that Apprise does not understand. See "
            "Apprise's documentation for how to write its URL."
        )
    if len(notifier) > 1:  # while one of them fails, the others would get every repetition
        raise SettingsError(
            f"'notify' has a target '{settings.shown}://…' with more than one address. Make a "
            "target of each, with its own '- apprise:'."
        )
    return AppriseTarget(notifier)
