"""The chat page: static files at `/` and `/_chat/…`, which work only through the control API."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from ..control.http import Handler

FILES = Path(__file__).parent / "static"
INDEX = "index.html"
CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
HEADERS = {
    # Only pictures come from elsewhere: the bot's messages name their URLs.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def chat_routes() -> list[web.RouteDef]:
    """The page itself, and a route for each of its files."""
    files = [path for path in sorted(FILES.rglob("*")) if path.suffix in CONTENT_TYPES]
    return [web.get(_place(path.relative_to(FILES)), _serving(path)) for path in files]


def _place(file: Path) -> str:
    return "/" if file.name == INDEX else f"/_chat/{file.as_posix()}"


def _serving(path: Path) -> Handler:
    content_type = f"{CONTENT_TYPES[path.suffix]}; charset=utf-8"

    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers={**HEADERS, "Content-Type": content_type})

    return serve
