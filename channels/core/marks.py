"""The mark by which a message of ours is known again in its echo, whoever brings it. Pure.

It goes along as the message's `metadata`, which Meta repeats to the sender's app in the echo
(Messenger Platform, Message Echoes). It tells nothing of the message.
"""

from __future__ import annotations

import hashlib
import hmac

_DIGITS = 16


def marked(nonce: str, app_secret: str) -> str:
    """The metadata of one message: `nonce` is this message's alone."""
    return f"{nonce}.{_mark(nonce, app_secret)}"


def is_marked(metadata: str | None, app_secret: str) -> bool:
    """Whether this is the metadata of a message that an app with this secret has marked."""
    nonce, dot, mark = (metadata or "").rpartition(".")
    made = _mark(nonce, app_secret) if dot else ""
    return hmac.compare_digest(made.encode(), mark.encode(errors="surrogatepass")) and bool(dot)


def _mark(nonce: str, app_secret: str) -> str:
    told = nonce.encode(errors="surrogatepass")
    return hmac.new(app_secret.encode(), told, hashlib.sha256).hexdigest()[:_DIGITS]
