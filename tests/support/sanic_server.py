"""Sanic servers in the tests' own process and event loop."""

from __future__ import annotations

import logging
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sanic import Sanic


def new_app() -> Sanic:
    """A new app, even if the process has had another one."""
    logging.getLogger("sanic.root").setLevel(logging.CRITICAL)
    Sanic.test_mode = True
    return Sanic(f"app-{uuid.uuid4().hex}", configure_logging=False)


@asynccontextmanager
async def served(app: Sanic) -> AsyncIterator[int]:
    """The port of 127.0.0.1 on which the app answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = await app.create_server(
        sock=listener, return_asyncio_server=True, access_log=False, asyncio_server_kwargs=None
    )
    await server.startup()
    await server.before_start()
    await server.after_start()
    try:
        yield listener.getsockname()[1]
    finally:
        await server.before_stop()
        closing = server.close()
        # From Python 3.12 on this waits for all connections, which Sanic 25.12 keeps for 120 s.
        for connection in tuple(server.connections):
            if not connection.close_if_idle():
                connection.abort()
        await closing
