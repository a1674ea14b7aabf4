"""Real processes: the emulator, the action server and `rasa run` with a trained model."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from async_timeout import timeout
from conversation import Conversation

from demo.platform import WAIT_LIMIT
from demo.stack import MODEL, Stack

SAVE_LIMIT = timedelta(seconds=10)
LOOK_INTERVAL = timedelta(milliseconds=20)
HERE = Path(__file__).parent
ADMIN_TOKEN = "the-admin-token"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(one_loop, append=False)


class Rasa:
    """Rasa's own HTTP API: what is in the tracker, and what the assistant is told to do."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def set_slot(self, user: str, name: str, value: object) -> None:
        event = {"event": "slot", "name": name, "value": value}
        await self._post(f"conversations/{user}/tracker/events", event)

    async def hand_over(self, user: str, plan: str) -> None:
        """Let `action_handover` run with the slot `handover_plan` set."""
        await self.set_slot(user, "handover_plan", plan)
        path = f"conversations/{user}/execute?output_channel=facebook"
        await self._post(path, {"name": "action_handover"})

    async def trigger(self, user: str, intent: str) -> None:
        path = f"conversations/{user}/trigger_intent?output_channel=facebook"
        await self._post(path, {"name": intent})

    async def tracker(self, user: str) -> dict[str, Any]:
        url = f"{self._url}/conversations/{user}/tracker?include_events=ALL"
        async with self._http.get(url) as answer:
            answer.raise_for_status()
            tracker: dict[str, Any] = await answer.json()
            return tracker

    async def heard(self, user: str) -> list[dict[str, Any]]:
        """What the tracker has of the user and of the channel, in order."""
        tracker = await self.tracker(user)
        return [event for event in tracker["events"] if event["event"] == "user"]

    async def texts(self, user: str, *, until: str) -> list[str]:
        """The texts that the tracker has, once the last is `until`.

        Rasa answers before it saves its tracker, and tells nobody when it has.
        """
        async with timeout(SAVE_LIMIT.total_seconds()):
            while True:
                texts = [event["text"] for event in await self.heard(user)]
                if texts[-1:] == [until]:
                    return texts
                await asyncio.sleep(LOOK_INTERVAL.total_seconds())

    async def endings(self, user: str) -> list[dict[str, Any]]:
        """The handover metadata of each `handover_ended` in the tracker, once it ends with one."""
        await self.texts(user, until="EXTERNAL: handover_ended")
        return await self._told_of(user, "handover_ended")

    async def beginnings(self, user: str) -> list[dict[str, Any]]:
        """The handover metadata of each `handover_started` in the tracker."""
        return await self._told_of(user, "handover_started")

    async def _told_of(self, user: str, intent: str) -> list[dict[str, Any]]:
        return [
            event["metadata"]["handover"]
            for event in await self.heard(user)
            if event["parse_data"]["intent"]["name"] == intent
        ]

    async def _post(self, path: str, body: object) -> None:
        async with self._http.post(f"{self._url}/{path}", json=body) as answer:
            assert answer.status < 300, await answer.text()


class Handovers:
    """The operator API, which shows the state of a user's session."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = f"{url}/handovers"

    async def of(self, user: str) -> dict[str, Any] | None:
        """The user's open session."""
        async with self._http.get(f"{self._url}/{user}", headers=ADMIN) as answer:
            if answer.status == 404:
                return None
            answer.raise_for_status()
            session: dict[str, Any] = await answer.json()
            return session

    async def until(self, user: str, state: str, *, limit: timedelta = WAIT_LIMIT) -> Any:
        """The user's open session once it is in that state."""
        return await self._until(user, "state", state, limit)

    async def until_counted(self, user: str, messages: str, count: int) -> Any:
        """The user's open session once so many `user_messages` or `operator_messages` count."""
        return await self._until(user, messages, count, WAIT_LIMIT)

    async def _until(self, user: str, key: str, value: object, limit: timedelta) -> Any:
        async with timeout(limit.total_seconds()):
            while True:
                session = await self.of(user)
                if session is not None and session[key] == value:
                    return session
                await asyncio.sleep(LOOK_INTERVAL.total_seconds())


@pytest.fixture(scope="session")
def model() -> Path:
    if not MODEL.exists():
        pytest.fail("There is no trained model; run these tests with `make test`.")
    return MODEL


@pytest.fixture(scope="session")
def new_user_id() -> Callable[[], str]:
    numbers = itertools.count(24_870_165_432_200_000)
    return lambda: str(next(numbers))


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(model: Path, directory: Path) -> AsyncIterator[Stack]:
    async with Stack(directory, model=model) as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("nowhere", target_app="999999999999999")
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hasty_stack(
    model: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """A stack with short times, whose clock tests move and whose Rasa they start anew."""
    async with Stack(tmp_path_factory.mktemp("hasty"), model=model) as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("default", timeout="5s")
        running.change_plan("sales", owner_probe="10s", return_intents=["show_menu"])
        running.change_plan("idle", idle_timeout="3s")
        running.change_plan("unanswered", unanswered_timeout="3s", timeout="5s")
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def unrouted_stack(
    model: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """A stack whose Page has no default app: Conversation Routing is off."""
    async with Stack(tmp_path_factory.mktemp("unrouted"), model=model) as running:
        running.change_channel(admin_token=ADMIN_TOKEN)
        running.change_plan("default", owner_probe="10s")
        await running.start()
        await running.platform.call("PUT", "routing", {"mode": "off"})
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def rasa(stack: Stack, http: ClientSession) -> Rasa:
    return Rasa(http, stack.rasa_url)


@pytest.fixture
def handovers(stack: Stack, http: ClientSession) -> Handovers:
    return Handovers(http, stack.channel_url)


@pytest_asyncio.fixture(loop_scope="session")
async def chat(stack: Stack, new_user_id: Callable[[], str]) -> AsyncIterator[Conversation]:
    """A conversation of a user whom nobody has met yet; faults end with it."""
    user = new_user_id()
    await stack.platform.add_user(user, "Grace")
    yield Conversation(stack, user)
    await stack.platform.call("DELETE", "faults")
