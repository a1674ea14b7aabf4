"""Answers that Meta has been seen to give, or may well give, ready to be used as faults.

Meta facts 1.1 and 4 have each of them, with its source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from .errors import (
    GraphError,
    JsonObject,
    hidden_from_secondary,
    invalid_parameter,
    lacks_permission,
    nonexisting_field,
    unknown_user,
)

THREAD_OWNER, MESSAGES = "thread_owner", "messages"

Told = Callable[[JsonObject], Any]  # a text is sent as an HTML page


@dataclass(frozen=True, kw_only=True, slots=True)
class OddAnswer:
    """An answer and the edge that it belongs to, unless the fault names another one.

    Either `told` makes it from the answer that would have been right, or `error` refuses the call.
    With neither, the call is answered correctly, but late or never.
    """

    path: str = MESSAGES
    told: Told | None = None
    error: GraphError | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: timedelta = timedelta(0)
    is_lost: bool = False


def _always(body: Any) -> OddAnswer:
    return OddAnswer(path=THREAD_OWNER, told=lambda _right: body)


def _bare(right: JsonObject) -> JsonObject:
    """The first line of the answer, without `data` around it; empty if there is no owner."""
    lines: list[JsonObject] = right.get("data") or [{"thread_owner": {}}]
    return lines[0]


def _with_odd_line(right: JsonObject) -> JsonObject:
    """The list, after a line that names no app."""
    return {**right, "data": [{"id": None}, *right.get("data", [])]}


def _refused(message: str, code: int, *, path: str = MESSAGES) -> OddAnswer:
    return OddAnswer(path=path, error=GraphError(message, code=code))


def _usage(**minutes: int) -> dict[str, str]:
    """The header, with a line for each kind of business use case."""
    lines = [
        {
            "type": kind,
            "call_count": 100,
            "total_cputime": 25,
            "total_time": 25,
            "estimated_time_to_regain_access": wait,
        }
        for kind, wait in minutes.items()
    ]
    return {"X-Business-Use-Case-Usage": json.dumps({"111000111000111": lines})}


_THROTTLED_BY_MESSENGER = (
    "(#80006) There have been too many calls to this messenger account. Wait a bit and try again."
)

ODD_ANSWERS: Mapping[str, OddAnswer] = {
    "owner_nothing": _always({}),
    "owner_empty_line": _always({"data": [{}]}),
    "owner_id": _always({"id": "111000111000111"}),
    "owner_success": _always({"success": True}),
    "owner_null": _always(None),
    "owner_list": OddAnswer(path=THREAD_OWNER, told=lambda right: right.get("data") or [{}]),
    "owner_no_name": _always({"data": [{"thread_owner": {}}]}),
    "owner_zero": _always({"data": [{"thread_owner": {"app_id": 0}}]}),
    "owner_page": _always("<!DOCTYPE html><title>Back soon</title>"),
    "owner_bare": OddAnswer(path=THREAD_OWNER, told=_bare),
    "owner_hidden": OddAnswer(path=THREAD_OWNER, error=hidden_from_secondary()),
    "owner_unknown_user": OddAnswer(path=THREAD_OWNER, error=unknown_user()),
    "owner_no_such_edge": OddAnswer(path=THREAD_OWNER, error=nonexisting_field(THREAD_OWNER)),
    "permission_10": OddAnswer(error=lacks_permission(10)),
    "permission_200": OddAnswer(error=lacks_permission(200)),
    "permission_210": OddAnswer(error=lacks_permission(210)),
    "permission_230": OddAnswer(error=lacks_permission(230)),
    "capability_3": _refused(
        "(#3) Application does not have the capability to make this API call.", 3
    ),
    "not_receiving": _refused(
        "(#200) This person isn't receiving messages from you right now.", 200
    ),
    "window_in_words": _refused("(#10) This message is sent outside of allowed window.", 10),
    "no_user_in_words": OddAnswer(error=invalid_parameter("No matching user found")),
    "throttled_613": OddAnswer(
        error=GraphError("(#613) Calls to this api have exceeded the rate limit.", code=613),
        headers=_usage(messenger=0, pages=0, ads_management=240),
    ),
    "throttled_4": _refused("(#4) Application request limit reached", 4),
    "throttled_80006": OddAnswer(
        error=GraphError(_THROTTLED_BY_MESSENGER, code=80006),
        headers=_usage(messenger=1, pages=3, ads_management=240),
    ),
    "apps_odd_line": OddAnswer(path="subscribed_apps", told=_with_odd_line),
    "sent_nothing": OddAnswer(told=lambda _right: {}),
    "sent_odd_id": OddAnswer(told=lambda right: {**right, "message_id": {}}),
    "long_page": OddAnswer(told=lambda _right: f"<!DOCTYPE html><p>{' ' * 2_000_000}</p>"),
    "slow": OddAnswer(latency=timedelta(seconds=20)),
    "lost": OddAnswer(is_lost=True),
}
"""The answers, by the names that faults use."""
