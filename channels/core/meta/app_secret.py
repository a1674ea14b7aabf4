"""What the app secret is for: checking Meta's signatures, and marking our own messages. Pure."""

from __future__ import annotations

import hmac
from functools import lru_cache

from ..errors import SignatureRefused

_SCHEME = "sha256="


def signature(body: bytes, app_secret: str) -> str:
    """The `X-Hub-Signature-256` with which Meta delivers these bytes."""
    return _SCHEME + _digest(body, app_secret)


def check_signature(body: bytes, header: str | None, app_secret: str) -> None:
    """Raise SignatureRefused unless `header` (X-Hub-Signature-256) signs these bytes.

    Source: Messenger Platform, Webhooks: HMAC-SHA256 with the app secret over the raw bytes.
    """
    if not header:
        raise SignatureRefused(
            "A webhook delivery came without X-Hub-Signature-256. Meta always signs: either "
            "somebody else called, or a proxy removed the header."
        )
    expected = signature(body, app_secret)
    if not hmac.compare_digest(expected.encode(), header.encode(errors="surrogatepass")):
        raise SignatureRefused(
            "A webhook delivery was not signed with this app's secret. Compare 'secret' in "
            "credentials.yml with App settings > Basic > App secret, and make sure that no proxy "
            "changes the body."
        )


_DIGITS = 16


def marked(nonce: str, app_secret: str) -> str:
    """The mark by which any worker recognises the echo of one of our messages.

    The message's `metadata` begins with it, and Meta repeats that in the echo (Messenger Platform,
    Message Echoes). No other message has this `nonce`, which contains no space; the mark reveals
    nothing about the message.
    """
    return f"{nonce}.{_signed(nonce, app_secret)}"


def mark_in(metadata: str | None, app_secret: str) -> str | None:
    """The mark of the message that has this metadata; None if no app with this secret made it.

    What follows the mark, after a space, is the response's own metadata.
    """
    mark = (metadata or "").partition(" ")[0]
    nonce, dot, claim = mark.rpartition(".")
    made = _signed(nonce, app_secret) if dot else ""
    is_ours = hmac.compare_digest(made.encode(), claim.encode(errors="surrogatepass"))
    return mark if is_ours and dot else None


def _signed(nonce: str, app_secret: str) -> str:
    told = nonce.encode(errors="surrogatepass")
    return _digest(told, app_secret)[:_DIGITS]


def _digest(signed: bytes, app_secret: str) -> str:
    # Not `hmac.digest`, which releases the interpreter's lock however short the text is: each
    # delivery would hand the lock to the store's thread and wait to get it back.
    made = _keyed(app_secret).copy()
    made.update(signed)
    return made.hexdigest()


@lru_cache(maxsize=8)  # there is only one, except in tests
def _keyed(app_secret: str) -> hmac.HMAC:
    return hmac.new(app_secret.encode(), digestmod="sha256")
