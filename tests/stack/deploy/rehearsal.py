"""`python -m tests.stack.deploy.rehearsal FILE` does as a compose file says, and plays handovers.

It prints as JSON what has happened. It takes root, in namespaces of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, TCPConnector

from demo.transcript import texts_of
from tests.stack.deploy.compose import Service, read
from tests.stack.deploy.containers import Container, Network
from tests.stack.deploy.images import AUTHORITY, image_of
from tests.stack.deploy.outside import DOMAIN, Outside

SECRETS = {"DB_PASSWORD": "DatabasePassword1", "REDIS_PASSWORD": "redis-password"}
ADMIN_TOKEN = "the-bots-admin-token"
CHANNEL = "/webhooks/facebook"
PORT = 5005
PUBLISHED = 443
ENDED = 'rasa_handover_sessions_ended_total{reason="keyword"} '
READY_LIMIT = timedelta(minutes=5)  # each imports Rasa, on a machine that may be busy
LEASE_LIMIT = timedelta(minutes=5)  # what a killed worker had in hand is taken over by then
USERS = [f"248701654321000{number:02}" for number in range(4)]
LOOK_INTERVAL = timedelta(milliseconds=200)


class Rehearsal:
    """The containers of a compose file, and what was seen of them."""

    def __init__(self, file: Path, directory: Path, logs: Path, scale: dict[str, int]) -> None:
        self._network = Network(directory)
        self.outside = Outside(logs, self._network)
        self._file = file
        self._directory = directory
        self._logs = logs
        self._scale = scale
        self.containers: dict[str, list[Container]] = {}
        self.seen: dict[str, Any] = {
            "order": [],
            "healthy": [],
            "ends": {},
            "written": {},
            "ended": {},
        }

    async def start(self) -> None:
        """Start Meta and then all services, each after those that it waits for."""
        await self.outside.start()
        bot = self.outside.platform.bot
        variables = {
            "HANDOVER_DOMAIN": DOMAIN,
            "MESSENGER_VERIFY_TOKEN": bot.verify_token,
            "MESSENGER_APP_SECRET": bot.secret,
            "MESSENGER_PAGE_ACCESS_TOKEN": bot.page_access_token,
            "MESSENGER_APP_ID": bot.id,
            "HANDOVER_ADMIN_TOKEN": ADMIN_TOKEN,
            **SECRETS,
        }
        for service in read(self._file, variables):
            await self._await_health(service.healthy_before)
            await self._start(service)

    async def _start(self, service: Service) -> None:
        image = image_of(service, self._directory)
        names = [f"{service.name}-{n + 1}" for n in range(self._scale.get(service.name, 1))]
        self.containers[service.name] = [
            Container(name, service, image, self._network, self._logs) for name in names
        ]
        for container in self.containers[service.name]:
            container.write(AUTHORITY, self.outside.authority.read_bytes())
            if PUBLISHED in service.ports:
                self._network.name(DOMAIN, container.address)
            await container.start()
            self.seen["order"].append(container.name)

    async def _await_health(self, services: tuple[str, ...]) -> None:
        for container in (one for name in services for one in self.containers[name]):
            assert container.service.health is not None
            await container.healthy(container.service.health)
            self.seen["order"].append(f"{container.name} is healthy")

    async def stop(self) -> None:
        """Stop the services in the opposite order, as Docker Compose does."""
        for service in reversed(list(self.containers.values())):
            statuses = await asyncio.gather(*(container.stop() for container in service))
            self.seen["ends"].update(
                {one.name: status for one, status in zip(service, statuses, strict=True)}
            )
        await self.outside.stop()


class Play:
    """What people do, and what is seen of the bot from outside."""

    def __init__(self, rehearsal: Rehearsal, http: ClientSession) -> None:
        self._rehearsal = rehearsal
        self._platform = rehearsal.outside.platform
        self._http = http
        self.rasa = rehearsal.containers["rasa"]
        self.seen = rehearsal.seen

    async def until_ready(self) -> None:
        """Return once each container of Rasa's takes deliveries, by all of its workers."""
        for container in self.rasa:
            await asyncio.wait_for(self._at_work(container), READY_LIMIT.total_seconds())

    async def look_from_outside(self) -> None:
        """What the proxy lets through."""
        paths = ("", "health", "metrics", "webhook", "handovers/", "handovers")
        urls = ["/", "/version", *(f"{CHANNEL}/{path}" for path in paths)]
        self.seen["outside"] = {url: await self._status(f"https://{DOMAIN}{url}") for url in urls}
        token = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        listed = f"https://{DOMAIN}{CHANNEL}/handovers"
        self.seen["with token"] = await self._status(listed, headers=token)

    async def hand_over(self) -> None:
        """Everybody asks for a person, and gets one."""
        for user in USERS:
            await self._platform.add_user(user, f"User {user[-1]}")
            await self._platform.user_says(user, "I want to talk to a person")
        for user in USERS:
            await self._owned(user, self._platform.inbox_app_id)
            await self._platform.inbox_says(user, "What can I do for you?")

    async def come_back(self) -> None:
        """Everybody writes a keyword, and is asked how it was; each is heard once."""
        for user in USERS:
            await self._owned(user, self._platform.bot.id)
            await self._hears(user, "How was the chat with our team?")
        self.seen["said"] = {
            user: texts_of(await self._platform.thread(user), self._platform.bot.id)
            for user in USERS
        }

    async def write(self, text: str, users: list[str]) -> None:
        for user in users:
            await self._platform.user_says(user, text)

    async def look_inside(self) -> None:
        """What the containers of Rasa's tell of themselves, and where they have written."""
        for container in self.rasa:
            self.seen["written"][container.name] = container.written()
            self.seen["ended"][container.name] = _figure(await self._metrics(container), ENDED)
            if container.service.health is not None:
                await container.healthy(container.service.health)
                self.seen["healthy"].append(container.name)

    async def _owned(self, user: str, app: str) -> None:
        await self._platform.wait_until(
            user,
            lambda thread: thread["owner"] == app,
            f"{app} did not get the thread",
            limit=LEASE_LIMIT,
        )

    async def _hears(self, user: str, words: str) -> None:
        await self._platform.wait_until(
            user,
            lambda thread: any(words in one for one in texts_of(thread, self._platform.bot.id)),
            f"the bot did not say {words}",
            limit=LEASE_LIMIT,
        )

    async def _at_work(self, container: Container) -> None:
        while True:
            if await self._is_at_work(container):
                return
            await asyncio.sleep(LOOK_INTERVAL.total_seconds())

    async def _is_at_work(self, container: Container) -> bool:
        workers = int(container.service.environment.get("SANIC_WORKERS", 1))
        if await self._status(self._url(container, f"{CHANNEL}/")) != 200:
            return False
        if workers > 1 and len(counters(container.written())) < workers:
            return False
        return ENDED in await self._metrics(container)  # a file is there before it is filled

    async def _metrics(self, container: Container) -> str:
        async with self._http.get(self._url(container, f"{CHANNEL}/metrics")) as answer:
            return await answer.text()

    async def _status(self, url: str, **options: Any) -> int | None:
        with contextlib.suppress(ClientError):
            async with self._http.get(url, **options) as answer:
                return answer.status
        return None

    def _url(self, container: Container, path: str) -> str:
        return f"http://{container.address}:{PORT}{path}"


async def rehearse(rehearsal: Rehearsal) -> dict[str, Any]:
    """Run it all; one of Rasa's containers is killed in the middle of handovers."""
    await rehearsal.start()
    trust = ssl.create_default_context(cafile=str(rehearsal.outside.authority))
    async with ClientSession(connector=TCPConnector(force_close=True, ssl=trust)) as http:
        play = Play(rehearsal, http)
        await play.until_ready()
        await play.look_from_outside()
        await play.hand_over()
        # What one of several replicas has in hand when it is killed waits for a minute.
        early = USERS[:2] if len(play.rasa) == 1 else []
        await play.write("menu", early)
        await play.rasa[0].kill()
        await play.write("menu", [user for user in USERS if user not in early])
        await play.come_back()
        await play.until_ready()
        await play.look_inside()
    await rehearsal.stop()
    return rehearsal.seen


def counters(written: dict[str, list[str]]) -> list[str]:
    """The files of the workers' figures: each worker that is at work has one."""
    return [file for file in written["/metrics"] if file.startswith("counter_")]


def _figure(metrics: str, name: str) -> float:
    (line,) = (line for line in metrics.splitlines() if line.startswith(name))
    return float(line.removeprefix(name))


def _scale(said: str) -> tuple[str, int]:
    service, _, count = said.partition("=")
    return service, int(count)


def main() -> int:
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--scale", type=_scale, action="append", default=[])
    parser.add_argument("--directory", type=Path, required=True, help="an empty one")
    parser.add_argument("--logs", type=Path, required=True)
    options = parser.parse_args()
    rehearsal = Rehearsal(options.file, options.directory, options.logs, dict(options.scale))
    json.dump(asyncio.run(rehearse(rehearsal)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
