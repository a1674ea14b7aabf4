"""The channel's routes, as `rasa run` serves them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sanic import Sanic

from channels import MessengerInput

REQUIRED = {
    "verify": "verify-me",
    "secret": "the-secret",
    "page-access-token": "the-token",
    "app-id": "900100100100100",
}

ALL_ROUTES = {"admin-token": "a-long-random-token", "public-url": "https://bot.example.com"}


def complete(section: Mapping[str, Any]) -> dict[str, Any]:
    """A section of credentials.yml with what a page leaves out of it, having shown it before."""
    missing = dict(REQUIRED)
    if "pages" in section:
        del missing["page-access-token"]
    return {**missing, **section}


@cache
def channel_routes() -> set[tuple[str, str]]:
    """Methods and paths, as Sanic writes them."""
    channel = MessengerInput.from_credentials({**REQUIRED, **ALL_ROUTES})
    app = Sanic("routes_of_the_channel")
    app.blueprint(channel.blueprint(_unheard), url_prefix="/webhooks/facebook")
    return {(method, f"/{route.path}") for route in app.router.routes for method in route.methods}


async def _unheard(_: object) -> None:
    raise AssertionError("nothing is sent to the channel here")
