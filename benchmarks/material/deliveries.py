"""Webhook deliveries as Meta signs them: for Rasa's channel (SHA-1) and for ours (SHA-256)."""

from __future__ import annotations

import enum
import hashlib
import hmac
import time
import uuid
from datetime import timedelta

import msgspec

from ..processes.graph_stub import PAGE

SECRET = "secret-of-the-benchmarks"  # noqa: S105  # nobody else's
APP_ID, INBOX = "900", "263902037430900"  # the bot's app, and the Page Inbox
WEBHOOK = "/webhooks/facebook/webhook"


class Kind(enum.Enum):
    """What is delivered."""

    MESSAGE = "messaging"
    """A user's message, for the bot."""
    STANDBY = "standby"
    """A user's message while an agent has the thread."""
    TAKEN = "taken"
    """Somebody takes a thread over in the Page Inbox."""
    REST = "rest"
    """A message for Rasa's REST channel, which does not know Messenger."""


def user_id(number: int) -> str:
    """The id of one of the users that take part."""
    return f"{2_000_000_000 + number}"


def request(kind: Kind, number: int, *, user: str, text: str, age: timedelta) -> bytes:
    """A whole HTTP request; `age` is how long ago the user wrote."""
    if kind is Kind.REST:
        body = msgspec.json.encode({"sender": user, "message": text})
        return _post("/webhooks/rest/webhook", body)
    body = msgspec.json.encode(_delivery(kind, number, user=user, text=text, age=age))
    return _post(WEBHOOK, body, signatures(body))


def signatures(body: bytes) -> str:
    """Both headers with which Meta signs a delivery."""
    sha1 = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    sha256 = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return f"X-Hub-Signature: sha1={sha1}\r\nX-Hub-Signature-256: sha256={sha256}\r\n"


def _delivery(
    kind: Kind, number: int, *, user: str, text: str, age: timedelta
) -> dict[str, object]:
    at = int((time.time() - age.total_seconds()) * 1000)
    event: dict[str, object] = {
        "sender": {"id": user},
        "recipient": {"id": PAGE},
        "timestamp": at,
    }
    if kind is Kind.TAKEN:
        owners = {"previous_owner_app_id": APP_ID, "new_owner_app_id": INBOX}
        event["take_thread_control"] = owners
        kind = Kind.MESSAGE
    else:
        event["message"] = {"mid": f"m_{uuid.uuid4().hex}_{number}", "text": text}
    return {"object": "page", "entry": [{"id": PAGE, "time": at, kind.value: [event]}]}


def _post(path: str, body: bytes, headers: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
