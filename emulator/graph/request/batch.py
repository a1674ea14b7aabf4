"""Several calls in one (Meta facts 1.6; Meta: "Batch Requests")."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from ...rules.errors import JsonObject, invalid_parameter, not_for_new_apps
from .nested import nested
from .reading import graph_path, meant_method
from .relaxed_json import from_json
from .request import GraphCall

MOST_CALLS = 50
UNKNOWN = ("depends_on", "attached_files")
REFERENCE = "{result="  # to the answer of another call of the batch
INHERITED = ("access_token", "appsecret_proof")


def is_batch(call: GraphCall) -> bool:
    """Whether this is a POST to the root with a `batch`."""
    return (call.method, call.path) == ("POST", ()) and "batch" in call.params


def calls_in(batch: GraphCall, *, overridable: bool) -> list[GraphCall]:
    """The calls of a batch in their order; each has the batch's token unless it names its own.

    Raises GraphError 100 for more than 50 calls; Meta documents the limit but no code. A wrong
    token makes only its own calls fail, which is not documented, either. `overridable` is as in
    `read_call`.
    """
    if batch.malformed is not None:
        raise batch.malformed
    operations = batch.array("batch")
    if len(operations) > MOST_CALLS:
        raise invalid_parameter(
            f"Too many requests in batch message. Maximum batch size is {MOST_CALLS}"
        )
    return [_call(operation, batch, overridable=overridable) for operation in operations]


def wants_headers(batch: GraphCall) -> bool:
    """Whether the answers have headers: they do unless `include_headers` is false."""
    return from_json(batch.params.get("include_headers", True)) is not False


def batch_answer(
    status: int, body: JsonObject, headers: dict[str, str], *, with_headers: bool
) -> JsonObject:
    """One element of a batch's answer; the body is a string of JSON."""
    shown = [{"name": name, "value": value} for name, value in headers.items()]
    return {
        "code": status,
        **({"headers": shown} if with_headers else {}),
        "body": json.dumps(body),
    }


def _call(operation: Any, batch: GraphCall, *, overridable: bool) -> GraphCall:
    if not isinstance(operation, dict) or not operation.get("method"):
        raise invalid_parameter("Each operation of a batch must have a method and a relative_url")
    path, _, query = str(operation.get("relative_url") or "").partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    pairs += parse_qsl(str(operation.get("body") or ""), keep_blank_values=True)
    if any(map(operation.get, UNKNOWN)) or any(REFERENCE in value for _, value in pairs):
        raise invalid_parameter(
            f"In a batch, the emulator knows no {' and no '.join(UNKNOWN)}, and no {REFERENCE}…}}"
        )
    params = nested(pairs)
    token = str(params.get("access_token") or batch.token)
    if token == batch.token:
        inherited = {key: batch.params[key] for key in INHERITED if key in batch.params}
        params = {**inherited, **params}
    of_http = str(operation["method"]).upper()
    method = meant_method(of_http, params)
    is_refused = method != of_http and not overridable
    return GraphCall(
        method=method,
        path=graph_path(path),
        params=params,
        token=token,
        malformed=not_for_new_apps("The parameter method") if is_refused else None,
    )
