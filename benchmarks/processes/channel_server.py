"""One channel on a Sanic server, mounted as in `rasa run`, in a separate process.

`rasa.core.channels.channel.register` mounts channels on an app whose `ctx.agent` is a stub
(`agents`) or, with `--model`, that of a trained model. fbmessenger has Graph's address in its code,
so for Rasa's channel the clients that it creates are pointed to the stub.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from rasa.core.agent import load_agent
from rasa.core.channels import facebook
from rasa.core.channels.channel import InputChannel, register
from rasa.core.channels.rest import RestInput
from rasa.core.constants import DEFAULT_KEEP_ALIVE_TIMEOUT
from rasa.utils.common import configure_logging_and_warnings
from rasa.utils.log_utils import configure_structlog
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, text

from channels import MessengerInput

from ..figures.profiles import Profiler
from ..figures.stalls import StallWatch
from ..material.agents import AnsweringAgent
from ..material.credentials import TOKEN, VERIFY, section
from ..material.deliveries import SECRET, WEBHOOK

BARE = "bare"


def rasas_channel(options: argparse.Namespace) -> InputChannel:
    """Rasa's own `facebook` channel, with its client's address changed to the stub's."""
    client_of_rasa = facebook.MessengerClient

    def client(page_access_token: str) -> Any:
        made = client_of_rasa(page_access_token)
        made.graph_url = options.graph
        return made

    facebook.MessengerClient = client
    return facebook.FacebookInput.from_credentials(
        {"verify": VERIFY, "secret": SECRET, "page-access-token": TOKEN}
    )


def our_channel(options: argparse.Namespace) -> InputChannel:
    given = section(graph_url=options.graph, store=options.store)
    changed = {**given, **options.settings}
    return MessengerInput.from_credentials(
        {key: value for key, value in changed.items() if value is not None}
    )


def rest_channel(_: argparse.Namespace) -> InputChannel:
    return RestInput()


_CHANNELS = {"facebook": rasas_channel, "messenger": our_channel, "rest": rest_channel}


def add_bare_route(app: Sanic) -> None:
    """The least that a webhook can do: check the signature and say 200."""

    async def receive(request: Request) -> HTTPResponse:
        signed = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
        told = request.headers.get("X-Hub-Signature-256") or ""
        if not hmac.compare_digest(f"sha256={signed}", told):
            return text("not signed by the app", status=403)
        return text("EVENT_RECEIVED")

    app.add_route(receive, WEBHOOK, methods=["POST"])


def add_agent(app: Sanic, options: argparse.Namespace) -> None:
    async def load(app: Sanic, _: object) -> None:
        if options.model is None:
            app.ctx.agent = AnsweringAgent(work=timedelta(milliseconds=options.work_ms))
        else:
            app.ctx.agent = await load_agent(model_path=options.model)

    app.register_listener(load, "before_server_start")


def add_profiler(app: Sanic, file: Path) -> None:
    profiler = Profiler()

    async def start(_: Sanic, __: object) -> None:
        profiler.start()

    async def stop(_: Sanic, __: object) -> None:
        profiler.stop(file)

    app.register_listener(start, "after_server_start")
    app.register_listener(stop, "after_server_stop")


def log_as_rasa_run() -> None:
    """Set up the log as `rasa run` does: otherwise structlog renders every debug message."""
    configure_logging_and_warnings()
    configure_structlog()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channel", choices=[BARE, *_CHANNELS], required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--graph", default="")
    parser.add_argument("--store", default="")
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--model")
    parser.add_argument("--work-ms", type=float, default=0)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    log_as_rasa_run()
    app = Sanic("benchmark", configure_logging=False)
    app.config.KEEP_ALIVE_TIMEOUT = DEFAULT_KEEP_ALIVE_TIMEOUT  # as `rasa run` sets it
    if options.profile is not None:
        add_profiler(app, options.profile)
    StallWatch().add_to(app)
    if options.channel == BARE:
        add_bare_route(app)
    else:
        add_agent(app, options)
        register([_CHANNELS[options.channel](options)], app, route="/webhooks/")
    app.run(host="127.0.0.1", port=options.port, access_log=False)


if __name__ == "__main__":
    main()
