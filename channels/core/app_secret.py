"""What the app secret is for: checking Meta's signatures, and marking our own messages. Pure."""

from __future__ import annotations

import hashlib
import hmac

from .errors import SignatureRefused

_SCHEME = "sha256="


def signature(body: bytes, app_secret: str) -> str:
    """The `X-Hub-Signature-256` with which Meta delivers these bytes."""
    return _SCHEME + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


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
    """The `metadata` by which a message of ours is known in its echo, whoever brings it.

    Meta repeats it to the sender's app (Messenger Platform, Message Echoes). `nonce` is this
    message's alone, and the mark tells nothing of the message.
    """
    return f"{nonce}.{_mark(nonce, app_secret)}"


def is_marked(metadata: str | None, app_secret: str) -> bool:
    """Whether this is the metadata of a message that an app with this secret has marked."""
    nonce, dot, mark = (metadata or "").rpartition(".")
    made = _mark(nonce, app_secret) if dot else ""
    return hmac.compare_digest(made.encode(), mark.encode(errors="surrogatepass")) and bool(dot)


def _mark(nonce: str, app_secret: str) -> str:
    told = nonce.encode(errors="surrogatepass")
    return hmac.new(app_secret.encode(), told, hashlib.sha256).hexdigest()[:_DIGITS]
