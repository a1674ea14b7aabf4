"""Meta's signature of a webhook delivery. Pure.

Source: Messenger Platform, Webhooks: HMAC-SHA256 with the app secret over the raw bytes.
"""

from __future__ import annotations

import hashlib
import hmac

from .errors import SignatureRefused

_SCHEME = "sha256="


def check_signature(body: bytes, header: str | None, app_secret: str) -> None:
    """Raise SignatureRefused unless `header` (X-Hub-Signature-256) signs these bytes."""
    if not header:
        raise SignatureRefused(
            "A webhook delivery came without X-Hub-Signature-256. Meta always signs: either "
            "somebody else called, or a proxy removed the header."
        )
    expected = _SCHEME + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), header.encode(errors="surrogatepass")):
        raise SignatureRefused(
            "A webhook delivery was not signed with this app's secret. Compare 'secret' in "
            "credentials.yml with App settings > Basic > App secret, and make sure that no proxy "
            "changes the body."
        )
