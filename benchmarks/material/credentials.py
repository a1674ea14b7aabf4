"""The section of credentials.yml with which our channel and engine are measured."""

from __future__ import annotations

from typing import Any

from .deliveries import APP_ID, SECRET

__all__ = ["APP_ID", "TOKEN", "VERIFY", "section"]
VERIFY = "verify"
TOKEN = "token-of-the-benchmarks"  # noqa: S105  # nobody else's


def section(*, graph_url: str, store: str) -> dict[str, Any]:
    """The settings, with defaults wherever there are any."""
    return {
        "verify": VERIFY,
        "secret": SECRET,
        "page-access-token": TOKEN,
        "app-id": APP_ID,
        "graph-url": graph_url,
        "store": store,
        "plans": {"default": {"target-app": "page-inbox", "timeout": "30m"}},
    }
