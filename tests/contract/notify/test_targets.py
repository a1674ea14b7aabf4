"""Real targets: a webhook that is signed as Standard Webhooks has it, and Apprise."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from channels.core.errors import SettingsError
from channels.core.events import Thread
from channels.core.notices import Notice, NoticeKind
from channels.core.settings.notify import parse_notify
from channels.notify.targets import AppriseTarget, NotTaken, Target, target_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOTICE = Notice(
    id="msg_5f0c_opened",
    kind=NoticeKind.OPENED,
    at=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    session_id="5f0c",
    thread=Thread(page="111", user="222"),
    plan="default",
    target_app="900",
    state="active",
    opened_by="bot",
    reason=None,
    opened_at=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    active_at=None,
    first_answer_at=None,
    ended_at=None,
    operator_messages=0,
    user_messages=0,
)


@dataclass
class Receiver:
    """A server that notes what it gets, and answers as it is told."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        if request.path != "/hook":
            self.followed.append(request.path)
            return web.Response()
        self.got.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status, headers=self.headers)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.receive)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


@asynccontextmanager
async def target(**keys: Any) -> AsyncIterator[Target]:
    [settings] = parse_notify("notify", [keys])
    target = target_of(settings)
    try:
        yield target
    finally:
        await target.close()


async def test_a_receiver_finds_the_signature_right(receiver: Receiver) -> None:
    async with target(url=receiver.url, secret=SECRET) as hook:
        await hook.tell(NOTICE, datetime.now(timezone.utc))

    [(headers, body)] = receiver.got
    told = Webhook(SECRET).verify(body, headers)
    assert told["type"] == "handover.opened"
    assert told["data"]["user"] == "222"
    assert {name.lower(): value for name, value in headers.items()}["webhook-id"] == NOTICE.id
    assert headers["Content-Type"] == "application/json"


def test_the_signature_is_that_of_the_specifications_example() -> None:
    signed = Webhook(SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, timezone.utc),
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("status", "is_away"), [(302, False), (400, False), (410, False), (429, True), (503, True)]
)
async def test_what_is_no_success_is_a_failure_and_no_redirect_is_followed(
    receiver: Receiver, status: int, is_away: bool
) -> None:
    receiver.status, receiver.headers = status, {"Location": "/elsewhere"}
    async with target(url=receiver.url, secret=SECRET) as hook:
        with pytest.raises(NotTaken, match=f"status {status}") as raised:
            await hook.tell(NOTICE, NOTICE.at)
    assert raised.value.is_away is is_away
    assert receiver.followed == []


async def test_a_receiver_gets_no_cookie_of_its_own_back(receiver: Receiver) -> None:
    receiver.headers = {"Set-Cookie": "seen=before"}
    url = receiver.url.replace("127.0.0.1", "localhost")  # no client keeps those of a number
    async with target(url=url, secret=SECRET) as hook:
        for _ in range(2):
            await hook.tell(NOTICE, NOTICE.at)

    assert ["Cookie" in headers for headers, _ in receiver.got] == [False, False]


async def test_a_receiver_that_is_not_there_is_away() -> None:
    async with target(url="http://127.0.0.1:1/token-in-the-path", secret=SECRET) as hook:
        with pytest.raises(NotTaken) as raised:
            await hook.tell(NOTICE, NOTICE.at)
    assert raised.value.is_away
    assert "token" not in str(raised.value)


def as_apprise(url: str, scheme: str = "json") -> str:
    return url.replace("http://", f"{scheme}://")


async def test_apprise_tells_people_in_words(receiver: Receiver) -> None:
    receiver.status = 200
    async with target(apprise=as_apprise(receiver.url)) as chat:
        await chat.tell(NOTICE, NOTICE.at)

    [(_, body)] = receiver.got
    told = json.loads(body)
    assert told["title"] == "Somebody is waiting for an answer"
    assert told["message"] == "Plan default, user 222, page 111."


class _Failing:
    async def async_notify(self, **_: object) -> bool:
        raise ValueError("https://hooks.example.com/a-secret")


async def test_an_error_in_apprise_is_told_without_its_words() -> None:
    with pytest.raises(NotTaken, match=r"^ValueError$"):
        await AppriseTarget(_Failing()).tell(NOTICE, NOTICE.at)


async def test_what_apprise_can_not_deliver_is_tried_again_and_no_redirect_followed(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status, receiver.headers = 302, {"Location": "/elsewhere"}
    async with target(apprise=as_apprise(receiver.url)) as chat:
        with pytest.raises(NotTaken) as raised:
            await chat.tell(NOTICE, NOTICE.at)
    assert raised.value.is_away
    assert receiver.followed == []
    assert caplog.text == ""


@pytest.mark.parametrize("url", ["nonsense://a/b", "slack://only-one-of-three"])
def test_what_apprise_does_not_know_is_a_mistake_in_the_settings(url: str) -> None:
    [settings] = parse_notify("notify", [{"apprise": url}])
    with pytest.raises(SettingsError, match="does not understand") as raised:
        target_of(settings)
    assert "only-one" not in str(raised.value)


@pytest.mark.parametrize("separator", [", ", " "])
def test_several_addresses_in_one_are_refused_since_one_that_fails_repeats_it_to_all(
    separator: str,
) -> None:
    both = separator.join(["json://one/token", "json://two/token"])
    [settings] = parse_notify("notify", [{"apprise": both}])
    with pytest.raises(SettingsError, match="more than one address") as raised:
        target_of(settings)
    assert "token" not in str(raised.value)


def test_without_apprise_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    [settings] = parse_notify("notify", [{"apprise": "slack://a/b/c"}])
    with pytest.raises(SettingsError, match=r"pip install 'rasa-handover\[notify\]'"):
        target_of(settings)
