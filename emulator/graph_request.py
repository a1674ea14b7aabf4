"""A Graph API call: its path, and parameters from query, JSON body and form body alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from .accounts import PlatformName
from .errors import GraphError, JsonObject, invalid_parameter
from .models import App

VERSION = re.compile(r"v\d+(\.\d+)?")
SECRET_PARAMS = ("access_token", "appsecret_proof", "input_token")
MASK = "***"


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphCall:
    """A call; `path` has no version. `malformed` is why its body could not be read."""

    method: str
    path: tuple[str, ...]
    params: JsonObject = field(repr=False)
    token: str = field(default="", repr=False)
    malformed: GraphError | None = None

    @property
    def node(self) -> str:
        """The first segment: `me`, the Page's id, a person's id."""
        return self.path[0] if self.path else ""

    @property
    def edge(self) -> str:
        """All behind the node; nothing if the call is about the node itself."""
        return "/".join(self.path[1:])

    @property
    def last_segment(self) -> str:
        """What faults and searches call the path: `messages` of `/me/messages`."""
        return self.path[-1] if self.path else ""

    @property
    def user(self) -> str:
        """The person whom the call is about, as far as it says so."""
        recipient = _from_json(self.params.get("recipient"))
        if isinstance(recipient, dict):
            recipient = recipient.get("id")
        return "" if recipient is None else str(recipient)

    def text(self, name: str) -> str | None:
        """An optional parameter that is a string; a whole number is taken as its digits."""
        value = self.params.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise invalid_parameter(f"Param {name} must be a string")

    def unsigned(self, name: str) -> int:
        """A required whole number of at most nine digits."""
        digits = self.text(name) or ""
        if not re.fullmatch(r"[0-9]{1,9}", digits):
            raise invalid_parameter(f"Param {name} must be an unsigned integer")
        return int(digits)

    def object(self, name: str) -> JsonObject:
        """A required parameter that is a JSON object, or one written as a string."""
        value = self.params.get(name)
        if value is None:
            raise invalid_parameter(f"The parameter {name} is required")
        value = _from_json(value)
        if not isinstance(value, dict):
            raise invalid_parameter(f"Param {name} must be a JSON object")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A list of names: a JSON array or a string with commas; empty if it is not there."""
        value = _from_json(self.params.get(name) or [])
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list):
            raise invalid_parameter(f"Param {name} must be an array")
        return tuple(str(one).strip() for one in value)

    def platform(self) -> PlatformName:
        """The optional parameter `platform`, in capitals or not; Messenger unless said."""
        try:
            return PlatformName((self.text("platform") or PlatformName.MESSENGER.value).lower())
        except ValueError as error:
            raise invalid_parameter(
                "Param platform must be one of {messenger, instagram}"
            ) from error

    def masked_params(self) -> JsonObject:
        """The parameters with tokens and proofs hidden."""
        return {key: MASK if key in SECRET_PARAMS else value for key, value in self.params.items()}


Edge = Callable[[App, GraphCall], JsonObject]
Edges = Mapping[tuple[str, str], Edge]


def graph_path(path: str) -> tuple[str, ...]:
    """The segments of a URL path without its version, if it has one."""
    segments = [segment for segment in path.split("/") if segment]
    if segments and VERSION.fullmatch(segments[0]):
        segments = segments[1:]
    return tuple(segments)


async def read_call(request: web.Request) -> GraphCall:
    """The call that an HTTP request makes, with the token from its parameters or from
    `Authorization: Bearer`.
    """
    params: JsonObject = dict(request.query)
    malformed = None
    try:
        params |= await _read_body(request)
    except GraphError as error:
        malformed = error
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = params.get("access_token") or (bearer if scheme.lower() == "bearer" else "")
    return GraphCall(
        method=request.method,
        path=graph_path(request.path),
        params=params,
        token=str(token),
        malformed=malformed,
    )


async def _read_body(request: web.Request) -> JsonObject:
    if request.content_type != "application/json":
        try:
            form = await request.post()
        except ValueError as error:
            raise invalid_parameter("The request body is not a valid form") from error
        return {key: value for key, value in form.items() if isinstance(value, str)}
    body = await request.read()
    try:
        decoded = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid_parameter("The request body is not valid JSON") from error
    if not isinstance(decoded, dict):
        raise invalid_parameter("The request body must be a JSON object")
    return decoded


def _from_json(value: Any) -> Any:
    """What a form or query parameter means: the JSON it holds, or else its text."""
    if not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value
