"""What is sent to the channel, as bytes."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from emulator import default_config

PAGE = default_config().page.id  # of the token
PATH = "/webhooks/facebook/webhook"


def message(user: str, text: str, *, at: datetime | None = None) -> dict[str, Any]:
    sent = at or datetime.now(timezone.utc)
    return {
        "sender": {"id": user},
        "recipient": {"id": PAGE},
        "timestamp": int(sent.timestamp() * 1000),
        "message": {"mid": f"m_{user}_{text}", "text": text},
    }


def delivery(*items: Any) -> bytes:
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "messaging": items}]}).encode()


def request(method: str, path: str, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: bot", *headers, b"", body]
    return b"\r\n".join(lines)
