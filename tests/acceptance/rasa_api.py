"""Rasa's own HTTP API: what is in the tracker, and what the assistant is told to do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
from async_timeout import timeout

SAVE_LIMIT = timedelta(seconds=10)
LOOK_INTERVAL = timedelta(milliseconds=20)


class Rasa:
    """A running Rasa, which serves its API."""

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
