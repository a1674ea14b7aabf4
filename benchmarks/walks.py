"""How far an event walks through `channels`, on a page in memory: it counts calls, not time.

A walk is everything that the plugin does for a message and its reply, for a handover, or for a
timeout and its follow-up, until nothing is left to do; the store is SQLite. It counts

- the modules of `channels` that run code of their own;
- the crossings: calls of a Python function in one of these modules that come from another one.
  The caller is the nearest function of `channels` up the stack: what is in between (asyncio,
  functools, Rasa's part, the test's own code) is ignored. A call without such a function above it,
  as the first in a task or in the store's thread, comes from nowhere and is not a crossing. A
  property counts as a call; going on after an `await` does not.

What a fake does (Graph, clock) is left out, and so are what is done only the first time, and the
engine's housekeeping, except its search for what is due.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType, SimpleNamespace
from typing import Any, cast

from sanic.request import Request

from channels.core.settings.settings import parse_settings
from channels.store.sql import SqlStore
from channels.webhook.receiver import WebhookReceiver
from tests.scenario.world import ANNA, SECOND, TIMEOUT, World

FAKES = "tests.fakes"
_NOT_STARTED = -1  # `f_lasti` of a frame that has run nothing yet


class Page(World):
    """The world with a webhook, and a store on disk."""

    def __init__(self, url: str) -> None:
        super().__init__(lambda worker: SqlStore(url, worker=worker))
        self.settings = parse_settings(self.section)
        self.receiver = WebhookReceiver(
            settings=self.settings, clock=self.clock, engine=lambda: self.engine
        )

    async def open(self) -> None:
        await self.start()
        for housekeeping in self.engine._loops[1:]:  # the first looks for what is due
            housekeeping.cancel()

    async def post(self, words: str) -> None:
        """Deliver a user's message as Meta does, and wait until everything is done."""
        answer = await self.receiver.receive(self._request(words))
        if answer.status != 200:
            raise RuntimeError(f"The receiver answered {answer.status}.")
        await self.settle()

    def expect(self, *said: str) -> None:
        if self.said()[1:] != list(said):  # after what answers the greeting
            raise RuntimeError(f"The walk went elsewhere: the user has read {self.said()}.")

    def _request(self, words: str) -> Request:
        now = int(self.clock.now().timestamp() * 1000)
        people = {"sender": {"id": ANNA.user}, "recipient": {"id": ANNA.page}}
        update = {**people, "timestamp": now, "message": {"mid": f"m_{words}", "text": words}}
        entry = {"id": ANNA.page, "time": now, "messaging": [update]}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        signed = hmac.new(self.settings.secret.encode(), body, hashlib.sha256).hexdigest()
        request = SimpleNamespace(
            stream=_Stream(body),
            transport=SimpleNamespace(abort=lambda: None),
            headers={"X-Hub-Signature-256": f"sha256={signed}"},
        )
        return cast(Request, request)


class _Stream:
    """A request's body, as Sanic gives it to a streaming route."""

    request_max_size = 0

    def __init__(self, body: bytes) -> None:
        self._left: bytes | None = body

    async def read(self) -> bytes | None:
        body, self._left = self._left, None
        return body


Walk = Callable[[Page], Awaitable[None]]


class Footprints:
    """Records where the calls go, in every thread that starts after it."""

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.entered: dict[CodeType, int] = {}  # the functions' code, in order of first entry
        self.crossings: Counter[tuple[str, str]] = Counter()
        self._notes = False

    def listen(self) -> None:
        threading.setprofile(self._called)
        sys.setprofile(self._called)

    @staticmethod
    def stop_listening() -> None:
        sys.setprofile(None)
        threading.setprofile(cast(Any, None))

    @contextmanager
    def noting(self) -> Iterator[None]:
        self._notes = True
        try:
            yield
        finally:
            self._notes = False

    def _called(self, frame: FrameType, happening: str, _: object) -> None:
        if not self._notes or happening != "call" or frame.f_lasti != _NOT_STARTED:
            return
        module = _module(frame)
        if not module.startswith("channels.") or frame.f_code.co_name == "<module>":
            return
        caller = _nearest(frame.f_back)
        if caller.startswith(FAKES):
            return
        self.modules.add(module)
        self.entered.setdefault(frame.f_code, len(self.entered))
        if caller not in ("", module):
            self.crossings[caller, module] += 1


async def greeting(page: Page) -> None:
    """Makes the page do everything that is done only the first time."""
    await page.post("good morning")


async def message(page: Page) -> None:
    """From Meta's POST to the reply at Graph."""
    await page.post("hello")
    page.expect("re: hello")


async def action_handover(page: Page) -> None:
    """From Meta's POST to the pass of control, with what the bot says before."""
    await page.post("human")
    page.expect("connecting")
    if page.calls("pass_control") != 1:
        raise RuntimeError("Control was not passed.")


async def timeout(page: Page) -> None:
    """From the moment the plan's timeout is over to the follow-up at Graph."""
    await page.wait(TIMEOUT)
    page.expect("connecting", "re: timeout")


WALKS: dict[Walk, list[Walk]] = {
    message: [greeting],
    action_handover: [greeting],
    timeout: [greeting, action_handover],
}


async def measure(walk: Walk, before: list[Walk]) -> Footprints:
    """Take the walk on a page of its own, after those that must come before it."""
    footprints = Footprints()
    with tempfile.TemporaryDirectory() as folder:
        page = Page(f"sqlite:///{Path(folder, 'handover.db')}")
        footprints.listen()
        try:
            await page.open()
            for earlier in before:
                await earlier(page)
                await page.wait(SECOND)
            with footprints.noting():
                await walk(page)
        finally:
            footprints.stop_listening()
            await page.engine.stop()
    return footprints


async def report() -> str:
    """A table of the walks, with the busiest borders below it."""
    lines, borders = ["| walk | modules | crossings |", "|---|---:|---:|"], Counter[Any]()
    for walk, before in WALKS.items():
        await measure(walk, before)  # fills the caches
        found = await measure(walk, before)
        borders.update(found.crossings)
        total = sum(found.crossings.values())
        lines.append(f"| {walk.__name__} | {len(found.modules)} | {total} |")
    lines += ["", "The busiest borders of the three together:", ""]
    lines += [f"{count:4} {caller} → {to}" for (caller, to), count in borders.most_common(15)]
    return "\n".join(lines)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _nearest(frame: FrameType | None) -> str:
    """The module of `channels`, or the fake, that is next up the stack; "" if there is none."""
    while frame is not None:
        module = _module(frame)
        if module.startswith(("channels.", FAKES)):
            return module
        frame = frame.f_back
    return ""


if __name__ == "__main__":
    print(asyncio.run(report()))
