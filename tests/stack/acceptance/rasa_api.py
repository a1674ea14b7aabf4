"""What a running Rasa tells of itself: its own HTTP API, and the channel's operator API."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import datetime, timedelta
from typing import Any

from aiohttp import ClientSession
from async_timeout import timeout

from demo.platform import WAIT_LIMIT

ADMIN_TOKEN = "the-bots-admin-token"
ADMIN = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
LOOK_INTERVAL = timedelta(milliseconds=20)


class Rasa:
    """Rasa's own API: what is in the tracker, and what the assistant is told to do."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def set_slot(self, user: str, name: str, value: object) -> None:
        event = {"event": "slot", "name": name, "value": value}
        await self._post(f"conversations/{user}/tracker/events", event)

    async def hand_over(self, user: str, plan: str) -> None:
        """Let `action_handover` run with the slot `handover_plan` set, and then Rasa listen."""
        await self.set_slot(user, "handover_plan", plan)
        path = f"conversations/{user}/execute?output_channel=facebook"
        await self._post(path, {"name": "action_handover"})
        listening = {"event": "action", "name": "action_listen"}
        await self._post(f"conversations/{user}/tracker/events", listening)

    async def trigger(self, user: str, intent: str, *, output_channel: str = "facebook") -> None:
        path = f"conversations/{user}/trigger_intent?output_channel={output_channel}"
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
        """The texts that the tracker has, once the last is `until`; an event's is "<its intent>".

        Rasa answers before it saves its tracker, and tells nobody when it has.
        """
        async with timeout(WAIT_LIMIT.total_seconds()):
            while True:
                texts = [text_of(event) for event in await self.heard(user)]
                if texts[-1:] == [until]:
                    return texts
                await asyncio.sleep(LOOK_INTERVAL.total_seconds())

    async def endings(self, user: str) -> list[dict[str, Any]]:
        """The handover metadata of each `handover_ended` in the tracker, once it ends with one."""
        await self.texts(user, until="<handover_ended>")
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


def text_of(event: dict[str, Any]) -> str:
    """What the user said; of an event of the channel's, which has no text, "<its intent>"."""
    text: str | None = event["text"]
    return f"<{event['parse_data']['intent']['name']}>" if text is None else text


def moment(text: str) -> datetime:
    """A moment as the operator API writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Handovers:
    """The operator API, which shows the state of a user's session."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = f"{url}/handovers"

    async def now(self) -> datetime:
        """What time it is to the bot."""
        async with self._http.get(self._url, headers=ADMIN) as answer:
            answer.raise_for_status()
            return moment((await answer.json())["now"])

    async def statistics(self) -> dict[str, Any]:
        async with self._http.get(f"{self._url}/statistics", headers=ADMIN) as answer:
            answer.raise_for_status()
            statistics: dict[str, Any] = await answer.json()
            return statistics

    async def sheet(self) -> list[dict[str, str]]:
        """The rows of sessions.csv."""
        async with self._http.get(f"{self._url}/sessions.csv", headers=ADMIN) as answer:
            answer.raise_for_status()
            return list(csv.DictReader(io.StringIO(await answer.text())))

    async def ended_of(self, user: str) -> list[dict[str, Any]]:
        """The user's sessions that are over, the last first."""
        async with self._http.get(f"{self._url}/ended", headers=ADMIN) as answer:
            answer.raise_for_status()
            ended = (await answer.json())["handovers"]
            return [one for one in ended if one["user"] == user]

    async def of(self, user: str) -> dict[str, Any] | None:
        """The user's open session."""
        async with self._http.get(f"{self._url}/{user}", headers=ADMIN) as answer:
            if answer.status == 404:
                return None
            answer.raise_for_status()
            session: dict[str, Any] = await answer.json()
            return session

    async def give_back(self, user: str) -> None:
        """Let the bot take the user's thread back, as an operator asks."""
        async with self._http.post(f"{self._url}/{user}/return", headers=ADMIN) as answer:
            answer.raise_for_status()

    async def until(self, user: str, state: str, *, limit: timedelta = WAIT_LIMIT) -> Any:
        """The user's open session once it is in that state."""
        return await self._until(user, "state", state, limit)

    async def until_ended(self, user: str, *, limit: timedelta = WAIT_LIMIT) -> None:
        """Return once the user has no open session any more."""
        async with timeout(limit.total_seconds()):
            while True:
                if await self.of(user) is None:
                    return
                await asyncio.sleep(LOOK_INTERVAL.total_seconds())

    async def until_counted(self, user: str, messages: str, count: int) -> Any:
        """The user's open session once this many `user_messages` or `operator_messages` count."""
        return await self._until(user, messages, count, WAIT_LIMIT)

    async def _until(self, user: str, key: str, value: object, limit: timedelta) -> Any:
        async with timeout(limit.total_seconds()):
            while True:
                session = await self.of(user)
                if session is not None and session[key] == value:
                    return session
                await asyncio.sleep(LOOK_INTERVAL.total_seconds())
