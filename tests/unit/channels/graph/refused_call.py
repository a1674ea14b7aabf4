"""A call that Graph refuses."""

from __future__ import annotations

import json
from typing import Any

from channels.core.errors import GraphError
from channels.graph.refusals.refusals import fault_in, refusal


def read(status: int = 400, usage: str | None = None, **fault: Any) -> GraphError:
    """The error that Graph's answer with this fault is read as."""
    found = fault_in(json.dumps({"error": {"type": "OAuthException", **fault}}).encode())
    assert found is not None
    return refusal(found, call="POST /me/messages", status=status, usage=usage)
