"""One request to the Graph API, and its answer: authorised, timed and read.

Nothing is tried again here; every failure becomes a GraphError.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from ..core.errors import GraphError, GraphTimeout, GraphUnavailable
from ..core.events import Thread
from .refusals.refusals import Fault, asked_to_wait, fault_in, refusal, succeeded, unreadable

_T = TypeVar("_T")

# Far more than a worker ever sends at once: otherwise a slow page's sends would keep control from
# being passed and taken.
MOST_CONNECTIONS = 400
_USAGE_HEADER = "X-Business-Use-Case-Usage"
_CHECK_THE_WAY = (
    "If it stays so, check 'graph-url', this machine's internet connection, and metastatus.com."
)
LONGEST_ANSWER = 1_000_000  # bytes; the answers that we ask for have a few thousand at most
PERSON = "/{person}"  # a path: the user of the request's thread
_UNCONNECTED = (aiohttp.ClientConnectorError, aiohttp.ServerTimeoutError)
_JSON = {"Content-Type": "application/json"}
# Kinds that a message may name; they stay in an error, which is easier to understand with them.
_KINDS = {
    *("RESPONSE", "image", "audio", "video", "file", "template"),
    *("generic", "button", "media", "text", "user_email", "user_phone_number"),
    *("postback", "web_url", "phone_number", "account_link", "account_unlink", "game_play"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphRequest:
    """A request to a path below the Graph URL: POST if there is a body, else GET.

    `thread` is the conversation that it is about: the log names it, and PERSON means its user.
    """

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    thread: Thread | None = None

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    @property
    def name(self) -> str:
        """What errors and the log call it; contains no id."""
        return f"{self.method} {self.path}"


class GraphConnection:
    """The way to Meta: one pool of connections, made when it is first needed."""

    def __init__(self, *, graph_url: str, page_access_token: str, app_secret: str) -> None:
        self.graph_url = graph_url.rstrip("/")
        proof = appsecret_proof(app_secret, page_access_token)
        self._authorization = {"Authorization": f"Bearer {page_access_token}"}
        self._proof = {"appsecret_proof": proof}
        self._urls: dict[str, URL] = {}  # of the few paths that there are
        self._secrets = (page_access_token, app_secret, proof)
        self._session: aiohttp.ClientSession | None = None
        self.date: str | None = None  # of the last answer

    def __repr__(self) -> str:
        return f"GraphConnection(graph_url={self.graph_url!r}, secrets='***')"

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(
        self, request: GraphRequest, answer: msgspec.json.Decoder[_T], *, limit: timedelta
    ) -> _T:
        """Send the request once and read the answer, all within `limit`. Raises GraphError.

        Half of that is for connecting: what fails before there is a connection was not carried out.
        """
        seconds = limit.total_seconds()
        try:
            async with self._opened().request(
                request.method,
                self._url(request),
                data=None if request.body is None else msgspec.json.encode(request.body),
                headers=None if request.body is None else _JSON,
                allow_redirects=False,  # the token is only for Graph
                timeout=aiohttp.ClientTimeout(total=seconds, connect=seconds / 2),
            ) as response:
                self.date = response.headers.get("Date")
                body = await _body(response)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise _no_answer(error, request.name, limit) from error
        return self._read(request, answer, response, body)

    def _url(self, request: GraphRequest) -> URL:
        if request.path == PERSON and request.thread is not None:
            person = URL(self.graph_url) / request.thread.user
            return person.with_query(self._proof).update_query(request.query)
        url = self._urls.get(request.path)
        if url is None:
            url = URL(self.graph_url + request.path).with_query(self._proof)
            self._urls[request.path] = url
        return url.update_query(request.query) if request.query else url

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            pool = aiohttp.TCPConnector(limit=MOST_CONNECTIONS)
            self._session = aiohttp.ClientSession(connector=pool, headers=self._authorization)
        return self._session

    def _read(
        self,
        request: GraphRequest,
        answer: msgspec.json.Decoder[_T],
        response: aiohttp.ClientResponse,
        body: bytes,
    ) -> _T:
        fault = fault_in(body)
        if fault is not None or not succeeded(response.status):
            raise self._failure(request, fault, response)
        try:
            return answer.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
            raise unreadable(request.name, response.status) from error

    def _failure(
        self, request: GraphRequest, fault: Fault | None, response: aiohttp.ClientResponse
    ) -> GraphError:
        usage = response.headers.get(_USAGE_HEADER)
        retry_after = asked_to_wait(response.headers)
        if fault is None:
            return unreadable(request.name, response.status, usage=usage, retry_after=retry_after)
        return refusal(
            fault,
            call=request.name,
            status=response.status,
            usage=usage,
            retry_after=retry_after,
            hidden=(*self._secrets, *_texts(request.query), *_texts(request.body)),
            may_quote=request.body is not None,
        )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body; empty, and so unreadable, if it is longer than any of Graph's."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > LONGEST_ANSWER:
            response.close()
            return b""
    return bytes(body)


def appsecret_proof(app_secret: str, token: str) -> str:
    """Proof that the user of the token knows the app secret.

    Source: Graph API, Secure Graph API Calls.
    """
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _no_answer(error: Exception, name: str, limit: timedelta) -> GraphError:
    kind = type(error).__name__
    if isinstance(error, asyncio.TimeoutError) and not isinstance(error, _UNCONNECTED):
        problem = f"Graph did not answer {name} within {limit.total_seconds():g} s"
        return GraphTimeout(problem, remedy=_CHECK_THE_WAY)
    if isinstance(error, aiohttp.ServerTimeoutError):
        problem = f"No connection to Graph was free, or could be made, for {name} in time ({kind})"
        return GraphUnavailable(problem, remedy=_CHECK_THE_WAY)
    if isinstance(error, _UNCONNECTED):
        words = _words_of_the_system(error)
        problem = f"No connection to Graph for {name} ({f'{kind}: {words}' if words else kind})"
        return GraphUnavailable(problem, never_sent=True, remedy=_CHECK_THE_WAY)
    problem = f"The connection broke before Graph answered {name} ({kind})"
    return GraphTimeout(problem, remedy=_CHECK_THE_WAY)


def _words_of_the_system(error: Exception) -> str | None:
    """Why there is no connection: no such name, nobody there, a certificate that is not trusted."""
    cause = getattr(error, "certificate_error", error)
    words = getattr(cause, "strerror", None)
    return words if isinstance(words, str) else None


def _texts(sent: object, key: str = "") -> Iterator[str]:
    """Every text in what we sent, except names of kinds: a slot may have filled in any of them."""
    if isinstance(sent, Mapping):
        for name, value in sent.items():
            yield from _texts(value, str(name))
    elif isinstance(sent, (list, tuple)):
        for value in sent:
            yield from _texts(value, key)
    elif isinstance(sent, str) and not (key.endswith("type") and sent in _KINDS):
        yield sent
