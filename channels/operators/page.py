"""The operators' page: static files under `/handovers/`, which work only through the operator API.

They hold no data, so they need no token; the page asks for the token, and sends it in a header.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, raw

FILES = Path(__file__).parent / "static"
INDEX = "index.html"
CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

_Handler = Callable[[Request], Awaitable[HTTPResponse]]


def add_page(routes: Blueprint) -> None:
    """Add the page at `/handovers/`, and a route for each of its files."""
    for path in sorted(FILES.rglob("*")):
        if path.suffix in CONTENT_TYPES:
            file = path.relative_to(FILES).as_posix()
            place = "/handovers/" if file == INDEX else f"/handovers/page/{file}"
            name = f"page_{file.replace('.', '_').replace('/', '_')}"
            routes.add_route(_serving(path), place, methods=["GET"], name=name, strict_slashes=True)


def _serving(path: Path) -> _Handler:
    content, content_type = path.read_bytes(), f"{CONTENT_TYPES[path.suffix]}; charset=utf-8"

    async def serve(_: Request) -> HTTPResponse:
        return raw(content, headers=HEADERS, content_type=content_type)

    return serve
