"""Deliveries that are odd, old, repeated, or another Page's, over real HTTP on a Sanic server."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.core.events import Event
from channels.engine.engine import INBOX_RETENTION
from channels.engine.intake import Intake
from tests.search.fuzz.raw_requests import PAGE, delivery, message
from tests.search.fuzz.served_channel import BOT, ServedChannel


class TestDeliveries:
    async def test_nothing_of_another_page_is_stored_or_handled(
        self, channel: ServedChannel, user: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The app is subscribed to it as well, and the bot has no token for it."""
        assert await channel.delivers(delivery(message(user, "here"))) == 200
        await channel.hears(user, "here")
        stored: list[Event] = []
        accept = Intake.accept

        async def accept_and_note(intake: Intake, events: Sequence[Event], **named: Any) -> None:
            stored.extend(events)
            await accept(intake, events, **named)

        monkeypatch.setattr(Intake, "accept", accept_and_note)
        elsewhere = delivery(message(user, "elsewhere")).replace(PAGE.encode(), b"777000777000777")
        assert await channel.delivers(elsewhere) == 200
        assert await channel.delivers(delivery(message(user, "here again"))) == 200
        assert await channel.hears(user, "here again") == ["here", "here again"]
        assert [event.thread.page for event in stored] == [PAGE]

    async def test_an_old_delivery_that_somebody_repeats_is_acknowledged_and_left_out(
        self, channel: ServedChannel, user: str
    ) -> None:
        old = datetime.now(timezone.utc) - timedelta(days=3)
        assert await channel.delivers(delivery(message(user, "old", at=old))) == 200
        assert await channel.delivers(delivery(message(user, "new"))) == 200
        assert await channel.hears(user, "new") == ["new"]

    @pytest.mark.parametrize("array", ["messaging", "standby"])
    @pytest.mark.parametrize(
        "told",
        [
            {"message": {"mid": "m_old", "text": "menu"}},
            {"message": {"mid": "m_old", "text": "menu", "is_echo": True, "app_id": 7}},
            {"postback": {"title": "Back", "payload": "/back"}},
            {"pass_thread_control": {"new_owner_app_id": BOT.id}},
            {"take_thread_control": {"previous_owner_app_id": BOT.id, "new_owner_app_id": 7}},
            {"request_thread_control": {"requested_owner_app_id": 7}},
        ],
        ids=["message", "echo", "postback", "pass", "take", "request"],
    )
    async def test_nothing_old_reaches_the_engine(
        self,
        channel: ServedChannel,
        user: str,
        array: str,
        told: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """It could end a handover, begin one, or be answered years later."""
        accepted: list[Event] = []

        async def accept(_: Intake, events: Sequence[Event], **__: object) -> None:
            accepted.extend(events)

        monkeypatch.setattr(Intake, "accept", accept)
        new = datetime.now(timezone.utc) - INBOX_RETENTION + timedelta(minutes=1)
        for at in (new - timedelta(minutes=2), new):
            item = {"sender": {"id": user}, "recipient": {"id": PAGE}, **told}
            item["timestamp"] = int(at.timestamp() * 1000)
            entry = {"id": PAGE, array: [item]}
            body = json.dumps({"object": "page", "entry": [entry]}).encode()
            assert await channel.delivers(body) == 200
        assert [new - event.at < timedelta(seconds=1) for event in accepted] == [True]

    async def test_the_same_delivery_again_is_acknowledged_and_handled_once(
        self, channel: ServedChannel, user: str
    ) -> None:
        body = delivery(message(user, "once"))
        assert [await channel.delivers(body) for _ in range(3)] == [200, 200, 200]
        assert await channel.delivers(delivery(message(user, "last"))) == 200
        assert await channel.hears(user, "last") == ["once", "last"]

    async def test_a_thousand_events_are_all_handled_in_order(
        self, channel: ServedChannel, user: str
    ) -> None:
        texts = [str(number) for number in range(1000)]
        assert await channel.delivers(delivery(*(message(user, text) for text in texts))) == 200
        assert await channel.hears(user, texts[-1]) == texts

    @pytest.mark.parametrize(
        "alien", ["1", "{}", '{"app_roles":{"1":["x"]}}', '{"sender":{"id":"1"}}']
    )
    async def test_a_hundred_thousand_aliens_hold_nobody_up(
        self, channel: ServedChannel, user: str, alien: str
    ) -> None:
        aliens = ",".join([alien] * 100_000)
        body = delivery(message(user, "between"), "ALIENS").replace(b'"ALIENS"', aliens.encode())
        posting = asyncio.create_task(channel.delivers(body))
        assert await _longest_turn(posting) < 0.1
        assert posting.result() == 200
        await channel.hears(user, "between")

    @pytest.mark.parametrize(
        "odd",
        [
            b'"\\ud83d"',
            b'"\\u0000"',
            b"1e400",
            b"1" * 10_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'"\xff\xfe"',
            b'"' + b"x" * 100_000 + b'"',
        ],
        ids=["half an emoji", "NUL", "1e400", "digits", "nesting", "no UTF-8", "long"],
    )
    @pytest.mark.parametrize("place", ["sender", "id", "timestamp", "mid", "text", "payload"])
    async def test_what_is_odd_anywhere_takes_no_neighbour_along(
        self, channel: ServedChannel, user: str, place: str, odd: bytes
    ) -> None:
        around = message(user, "before"), _odd(user, place), message(user, "after")
        assert await channel.delivers(delivery(*around).replace(b'"ODD"', odd)) == 200
        assert "before" in await channel.hears(user, "after")


async def _longest_turn(task: asyncio.Task[int]) -> float:
    """The longest time, in seconds, that the event loop has worked without a turn for others.

    Time in which it does not work, because this machine does something else, is not counted.
    """
    longest = 0.0
    while not task.done():
        before = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - before)
    return longest


def _odd(user: str, place: str) -> dict[str, Any]:
    """A message that has something odd at that place."""
    if place == "id":
        return {**message(user, "odd"), "sender": {"id": "ODD"}}
    if place in ("mid", "text"):
        return {
            **message(user, "odd"),
            "message": {"mid": f"m_{user}", "text": "odd", place: "ODD"},
        }
    if place == "payload":
        attached = [{"type": "image", "payload": {"url": "https://x", "odd": "ODD"}}]
        return {**message(user, "odd"), "message": {"mid": f"m_{user}", "attachments": attached}}
    return {**message(user, "odd"), place: "ODD"}
