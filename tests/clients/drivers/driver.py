"""Lets pytest call a client library: a JSON line in names a call, a JSON line out its answer.

It runs in the environment of the client libraries, which has nothing of the project's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Call = Callable[[Any, Json, Json], Any]


def serve(
    client_for: Callable[[Json], Any], calls: dict[str, Call], codes_of: Callable[[Any], Json]
) -> None:
    """Answer lines until there are no more. `client_for` makes a client that differs from one for
    Meta only in its base URL; `codes_of` reads what the library raises.
    """

    def outcome(asked: Json) -> Json:
        if asked["call"] == "calls":
            return {"answer": list(calls)}
        access = asked["access"]
        try:
            return {"answer": calls[asked["call"]](client_for(access), asked["args"], access)}
        except Exception as error:
            return {"error": {"message": str(error), **codes_of(error)}}

    for line in sys.stdin:
        print(json.dumps(outcome(json.loads(line))), flush=True)
