"""HTTP in, Graph calls out, from a query, a JSON body, a form body or a multipart body alike.

Meta takes a call's parameters from any of these, and lets a `method` among them name a verb other
than HTTP's (Meta: "Graph API overview", "Batch Requests"), but no longer for new apps (Meta facts
0).
"""

from __future__ import annotations

import os
import re
from typing import Any

import msgspec
from aiohttp import web

from ...rules.errors import GraphError, JsonObject, invalid_parameter, not_for_new_apps
from .nested import nested
from .request import GraphCall, Upload

VERSION = re.compile(r"v\d+(\.\d+)?")
VERBS = ("GET", "POST", "DELETE")
SCHEMES = ("bearer", "oauth")


def graph_path(path: str) -> tuple[str, ...]:
    """The segments of a URL path without its version, if it has one."""
    segments = [segment for segment in path.split("/") if segment]
    if segments and VERSION.fullmatch(segments[0]):
        segments = segments[1:]
    return tuple(segments)


def graph_version(path: str) -> str | None:
    """The version that a URL path names, such as `v25.0`."""
    first = path.lstrip("/").partition("/")[0]
    return first if VERSION.fullmatch(first) else None


async def read_call(request: web.Request, *, overridable: bool) -> GraphCall:
    """The call that an HTTP request makes, with the token from its parameters or from
    `Authorization: Bearer` or `OAuth`. `overridable` says whether `method` may name another verb.
    """
    params = nested(request.query.items())
    files: dict[str, Upload] = {}
    malformed = None
    try:
        params |= await _read_body(request, files)
    except GraphError as error:
        malformed = error
    method = meant_method(request.method, params)
    if method != request.method and not overridable:
        malformed = not_for_new_apps("The parameter method")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    token = params.get("access_token") or (given if scheme.lower() in SCHEMES else "")
    return GraphCall(
        method=method,
        path=graph_path(request.path),
        params=params,
        token=str(token),
        files=files,
        malformed=malformed,
    )


def meant_method(of_http: str, params: JsonObject) -> str:
    """The verb in the parameter `method`, which is removed from `params`, or else HTTP's."""
    named = str(params.get("method", "")).upper()
    if named not in VERBS:
        return of_http
    del params["method"]
    return named


async def _read_body(request: web.Request, files: dict[str, Upload]) -> JsonObject:
    if request.content_type != "application/json":
        return await _read_form(request, files)
    body = await request.read()
    try:
        decoded = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid_parameter("The request body is not valid JSON") from error
    if not isinstance(decoded, dict):
        raise invalid_parameter("The request body must be a JSON object")
    return decoded


async def _read_form(request: web.Request, files: dict[str, Upload]) -> JsonObject:
    try:
        form = await request.post()
    except ValueError as error:
        raise invalid_parameter("The request body is not a valid form") from error
    pairs: list[tuple[str, str]] = []
    for name, value in form.items():
        if isinstance(value, web.FileField):
            files[name] = Upload(name=value.filename, size=_size(value))
        else:
            pairs.append((name, _text(value)))
    return nested(pairs)


def _size(file: web.FileField) -> int:
    return file.file.seek(0, os.SEEK_END)


def _text(value: Any) -> str:
    """A part with a content type of its own, for example JSON, comes as bytes."""
    return value if isinstance(value, str) else bytes(value).decode(errors="replace")
