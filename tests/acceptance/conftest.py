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

from demo.stack import MODEL, Stack

SAVE_LIMIT = timedelta(seconds=10)
LOOK_INTERVAL = timedelta(milliseconds=20)
HERE = Path(__file__).parent


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
        return [
            event["metadata"]["handover"]
            for event in await self.heard(user)
            if event["parse_data"]["intent"]["name"] == "handover_ended"
        ]

    async def _post(self, path: str, body: object) -> None:
        async with self._http.post(f"{self._url}/{path}", json=body) as answer:
            assert answer.status < 300, await answer.text()


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
        running.change_channel(admin_token="the-admin-token")
        running.change_plan("nowhere", target_app="999999999999999")
        await running.start()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def rasa(stack: Stack, http: ClientSession) -> Rasa:
    return Rasa(http, stack.rasa_url)


@pytest_asyncio.fixture(loop_scope="session")
async def chat(stack: Stack, new_user_id: Callable[[], str]) -> AsyncIterator[Conversation]:
    """A conversation of a user whom nobody has met yet; faults end with it."""
    user = new_user_id()
    await stack.platform.add_user(user, "Grace")
    yield Conversation(stack, user)
    await stack.platform.call("DELETE", "faults")
