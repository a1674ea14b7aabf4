"""Refuses requests that a browser makes on behalf of another site.

The emulator has no password and runs on a developer's machine, where every site that is open in
the browser can send requests to it. Such a site could read the conversations, and make the
emulator post to any address.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from ..control.http import Handler

OWN_PATHS = "/_"  # the control API and the files of the chat page; the rest is Graph, with tokens
LOCAL_NAMES = (".localhost", ".internal")  # reserved: no site on the internet can have one
HEADERS = {"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """403 with `{"error": "…"}` for another site's request; see `refusal`."""
    is_own = request.path == "/" or request.path.startswith(OWN_PATHS)
    reason = refusal(host=request.host, origin=request.headers.get("Origin"), is_own=is_own)
    if reason is not None:
        return web.json_response({"error": reason}, status=403)
    response = await handler(request)
    if is_own:
        response.headers.update(HEADERS)
    return response


def refusal(*, host: str, origin: str | None, is_own: bool) -> str | None:
    """Why a request with these headers is refused; None if it is not.

    `origin` is the browser's name for the site of the page that asks; only browsers send one. What
    `is_own` is served only under this machine's names: if a foreign name leads here, a foreign
    site's page has the same origin (DNS rebinding).
    """
    if origin is not None and origin.lower().partition("://")[2] != host.lower():
        return f"Another site's page may not call the emulator: this one is from {origin}."
    if is_own and not is_local(host):
        return (
            f"The emulator is not served under the name {host}, which may be another site's. Use "
            "its IP address, localhost, or a name without a dot."
        )
    return None


def is_local(host: str) -> bool:
    """Whether the `Host` of a request is an IP address or a name that no site can have."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:  # brackets without an IPv6 address in them
        return False
    return _is_address(name) or ("." not in name and name != "") or name.endswith(LOCAL_NAMES)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
