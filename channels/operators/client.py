"""A client of a running bot's operator API."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TypeVar, cast
from urllib.parse import quote

import aiohttp
import msgspec

from ..core.errors import OperatorError
from ..core.sessions.statistics import Statistics
from ..core.settings.values import web_address
from .answers import DeadOnes, Exported, Forgotten, OpenHandovers, Problem, Retried, Returning

LIMIT = timedelta(seconds=30)  # for each call
CHANNEL_PATH = "/webhooks/facebook"

_T = TypeVar("_T")


class OperatorClient:
    """Calls the operator API of a bot; `url` is the address of its Rasa server.

    Each method raises OperatorError if the bot does not answer, or refuses.
    """

    def __init__(self, *, url: str, admin_token: str) -> None:
        if web_address(url) is None:
            raise OperatorError(
                "--url has to be the address of the Rasa server, such as http://localhost:5005."
            )
        self._url = url.rstrip("/")
        self._authorization = {"Authorization": f"Bearer {admin_token}"}

    def __repr__(self) -> str:
        return f"OperatorClient(url={self._url!r}, admin_token='***')"

    async def open_handovers(self) -> OpenHandovers:
        """The open handovers, the oldest first."""
        return await self._call("GET", "/handovers", OpenHandovers)

    async def sheet(self, days: int) -> str:
        """The open handovers, and those that ended within this many days, as CSV."""
        return await self._call("GET", f"/handovers/sessions.csv?days={days}", str)

    async def statistics(self, days: int) -> Statistics:
        """How the handovers that ended within this many days went."""
        return await self._call("GET", f"/handovers/statistics?days={days}", Statistics)

    async def return_thread(self, sender_id: str) -> Returning:
        """Have the bot take a user's thread back."""
        return await self._call("POST", f"/handovers/{_quoted(sender_id)}/return", Returning)

    async def dead(self) -> DeadOnes:
        """What was set aside for good, the latest first."""
        return await self._call("GET", "/dead", DeadOnes)

    async def retry_dead(self, id_: str | None = None) -> Retried:
        """Retry what was set aside: one event or message, or everything."""
        path = "/dead/retry" if id_ is None else f"/dead/{_quoted(id_)}/retry"
        return await self._call("POST", path, Retried)

    async def forget(self, sender_id: str) -> Forgotten:
        """Erase everything that the plugin keeps about a user."""
        return await self._call("DELETE", f"/handovers/{_quoted(sender_id)}", Forgotten)

    async def export(self, sender_id: str) -> Exported:
        """Everything that the plugin keeps about a user."""
        return await self._call("GET", f"/handovers/{_quoted(sender_id)}/export", Exported)

    async def _call(self, method: str, path: str, answer: type[_T]) -> _T:
        url = f"{self._url}{CHANNEL_PATH}{path}"
        limit = aiohttp.ClientTimeout(total=LIMIT.total_seconds())
        try:
            async with (
                aiohttp.ClientSession(headers=self._authorization, timeout=limit) as http,
                http.request(method, url, allow_redirects=False) as response,
            ):
                return self._read(response.status, await response.read(), answer)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise OperatorError(
                f"No bot answers at {self._url} ({type(error).__name__}). Start it with `rasa "
                "run`, or give its address with --url."
            ) from error

    def _read(self, status: int, body: bytes, answer: type[_T]) -> _T:
        if status == 401:
            raise OperatorError(
                f"The bot at {self._url} has another admin-token. Give the credentials file that "
                "it was started with in --credentials, or set HANDOVER_ADMIN_TOKEN to its token."
            )
        try:
            if status < 300 and answer is str:
                return cast(_T, body.decode())
            if status < 300:
                return msgspec.json.decode(body, type=answer)
            raise OperatorError(msgspec.json.decode(body, type=Problem).error)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise OperatorError(
                f"There is no operator API at {self._url} (status {status}): start the bot with "
                "an 'admin-token' in its credentials.yml, or give its address with --url."
            ) from error


def _quoted(sender_id: str) -> str:
    return quote(sender_id, safe="")
