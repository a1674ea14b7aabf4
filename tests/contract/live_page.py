"""A live Page with a bot and a project, all as it should be: what the doctor looks at.

The emulator is the Page; a webhook and an action server stand in for the two processes of Rasa,
so that they can be wrong in ways in which the real ones can't.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from channels.core.errors import SignatureRefused
from channels.core.meta.app_secret import check_signature
from channels.instruments.clock import SystemClock
from cli.credentials.settings import read_settings
from cli.doctor.command import COMMAND
from cli.doctor.examination import look
from cli.doctor.findings import Finding, Outcome
from emulator import default_config, running

PROJECT = Path(__file__).parents[2]
MODEL = PROJECT / "models" / "handover.tar.gz"
BOT, AGENT = default_config().apps
PAGE = default_config().page.id
INSTAGRAM = default_config().instagram
USER = default_config().users[0].id
NO_API_TELLS = {"default-app", "take-control", "inbox-automations", "inbox-done"}
# Rasa Pro can't run the model, which is Rasa 3.6's.
NO_PRO_TELLS = {"nlu-everyday-words"} if find_spec("rasa.shared.core.flows") else set()
_ACTIONS = ("action_handover", "action_handover_availability", "action_rephrase_or_handover")
NOWHERE = "http://127.0.0.1:9"  # nobody listens at the port "discard"


@dataclass(kw_only=True)
class Webhook:
    """The bot's webhook: right, but for what a test changes."""

    url: str = ""
    secret: str = BOT.secret
    verify_token: str = BOT.verify_token
    handshake: Callable[[str], web.Response] | None = None
    status: int | None = None
    checks: bool = True
    posts: list[bytes] = field(default_factory=list)

    async def get(self, request: web.Request) -> web.Response:
        if self.handshake is not None:
            return self.handshake(request.query["hub.challenge"])
        if request.query["hub.verify_token"] != self.verify_token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.posts.append(body)
        try:
            if self.checks:
                check_signature(body, request.headers.get("X-Hub-Signature-256"), self.secret)
        except SignatureRefused:
            return web.Response(status=403)
        return web.Response(status=self.status or 200)


@dataclass(kw_only=True)
class ActionServer:
    """`rasa run actions`, as far as the doctor sees it."""

    url: str = ""
    health: int = 200
    actions: Any = field(default_factory=lambda: [{"name": name} for name in _ACTIONS])

    async def get_health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, status=self.health)

    async def get_actions(self, _: web.Request) -> web.Response:
        return web.json_response(self.actions)


@dataclass(kw_only=True)
class LivePage:
    """The Page, the bot and the project; `section` is the channel's in credentials.yml."""

    url: str
    http: aiohttp.ClientSession
    directory: Path
    webhook: Webhook
    action_server: ActionServer
    section: dict[str, Any]
    endpoints: dict[str, Any] | None
    model: Path = MODEL

    async def control(self, method: str, path: str, **body: Any) -> Any:
        """A call of the emulator's control API."""
        url = f"{self.url}/_emulator/{path}"
        async with self.http.request(method, url, json=body or None) as answer:
            assert answer.ok, await answer.text()
            return await answer.json()

    async def graph_post(self, path: str, **body: Any) -> None:
        """A call of the bot's app at Graph."""
        headers = {"Authorization": f"Bearer {BOT.page_access_token}"}
        url = f"{self.url}/v25.0/{path}"
        async with self.http.post(url, json=body, headers=headers) as answer:
            assert answer.ok, await answer.text()

    async def change_app(self, app_id: str = BOT.id, **keys: Any) -> None:
        await self.control("PUT", f"apps/{app_id}", **keys)

    async def break_calls(self, path: str, **fault: Any) -> None:
        """Let all Graph calls go wrong whose path ends like this."""
        await self.control("POST", "faults", calls={"path": path, "times": None, **fault})

    async def examined(self, *arguments: str) -> list[Finding]:
        """All that the doctor finds."""
        parser = argparse.ArgumentParser()
        COMMAND.add_arguments(parser)
        options = parser.parse_args([*self.write_files(), *arguments])
        return await look(options, read_settings(options.credentials), SystemClock())

    async def found(self, check: str, *arguments: str) -> Finding:
        """What one check finds, of which there is one; no other finds anything wrong."""
        findings = await self.examined(*arguments)
        others = [one for one in findings if one.outcome is Outcome.WRONG and one.check != check]
        assert others == []
        (finding,) = (one for one in findings if one.check == check)
        return finding

    async def wrong(self, check: str, *arguments: str) -> str:
        """The detail of the only finding that is wrong, which has a remedy and a link."""
        finding = await self.found(check, *arguments)
        assert finding.outcome is Outcome.WRONG, finding
        assert finding.remedy
        assert finding.link.startswith("https://")
        return finding.detail

    async def untold(self, check: str, *arguments: str) -> str:
        """The detail of what one check can't tell; nothing is wrong."""
        finding = await self.found(check, *arguments)
        assert finding.outcome is Outcome.CANNOT_TELL, finding
        return finding.detail

    async def ok(self, check: str, *arguments: str) -> str:
        """The detail of what one check finds to be all right; nothing is wrong."""
        finding = await self.found(check, *arguments)
        assert finding.outcome is Outcome.OK, finding
        return finding.detail

    def without_model(self) -> dict[str, Any]:
        """Let there be no trained model; the domain, which then counts, is to be changed."""
        self.model = self.directory / "models"
        domain: dict[str, Any] = yaml.safe_load((PROJECT / "domain.yml").read_text())
        return domain

    def write_domain(self, domain: dict[str, Any]) -> None:
        (self.directory / "domain.yml").write_text(yaml.safe_dump(domain))

    def retrain(self, change: Callable[[str, dict[str, Any]], None]) -> None:
        """A copy of the trained model whose JSON files `change` has changed, by their names."""
        unpacked, self.model = self.directory / "unpacked", self.directory / "changed.tar.gz"
        with tarfile.open(MODEL) as archive:
            archive.extractall(unpacked)  # noqa: S202 (our own)
        for path in unpacked.rglob("*.json"):
            content = json.loads(path.read_text())
            if isinstance(content, dict):
                change(path.name, content)
                path.write_text(json.dumps(content))
        with tarfile.open(self.model, "w:gz") as archive:
            archive.add(unpacked, arcname="")
        shutil.rmtree(unpacked)

    def write_files(self) -> list[str]:
        """Write the project's files; the doctor's arguments that name them."""
        files = {"credentials": {"channels.MessengerInput": self.section}}
        if self.endpoints is not None:
            files["endpoints"] = self.endpoints
        for name, content in files.items():
            (self.directory / f"{name}.yml").write_text(yaml.safe_dump(content))
        named = [f"--{name}={self.directory / name}.yml" for name in ("credentials", "endpoints")]
        return [*named, f"--domain={self.directory / 'domain.yml'}", f"--model={self.model}"]


@asynccontextmanager
async def live_page(directory: Path) -> AsyncIterator[LivePage]:
    """Everything as it should be."""
    if not MODEL.exists():
        pytest.fail("There is no trained model; run these tests with `make test`.")
    webhook, action_server = Webhook(), ActionServer()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(running())
        path = "/webhooks/facebook/webhook"
        routes = [web.get(path, webhook.get), web.post(path, webhook.post)]
        webhook.url = await stack.enter_async_context(_served(routes)) + path
        routes = [
            web.get("/health", action_server.get_health),
            web.get("/actions", action_server.get_actions),
        ]
        action_server.url = await stack.enter_async_context(_served(routes))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        page = LivePage(
            url=url,
            http=http,
            directory=directory,
            webhook=webhook,
            action_server=action_server,
            section=_section(url, directory),
            endpoints={
                "action_endpoint": {"url": f"{action_server.url}/webhook"},
                "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": "tracker.db"},
            },
        )
        await page.change_app(webhook=webhook.url)
        yield page


def _section(url: str, directory: Path) -> dict[str, Any]:
    return {
        "verify": BOT.verify_token,
        "secret": BOT.secret,
        "page-access-token": BOT.page_access_token,
        "app-id": BOT.id,
        "graph-url": f"{url}/v25.0",
        "store": f"sqlite:///{directory / 'handover.db'}",
        "plans": {"default": {"return-intents": ["show_menu"]}, "sales": {"target-app": AGENT.id}},
    }


@asynccontextmanager
async def _served(routes: list[web.RouteDef]) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
