"""The operators' own tools in the emulator: notices, contexts, and a look at the bot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from tests.contract.emulator_world import (
    BOT,
    INSTAGRAM,
    INSTAGRAM_USER,
    USER,
    World,
    emulated,
)

NOTICE = {
    "type": "handover.opened",
    "timestamp": "2026-11-29T10:00:00+00:00",
    "data": {"event": "opened", "user": USER, "plan": "default"},
}
Json = dict[str, Any]


async def tells(
    world: World,
    *,
    secret: str,
    notice: Any = NOTICE,
    at: datetime | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, Json]:
    """The bot's webhook for operators: status and JSON."""
    at, body = at or datetime.now(timezone.utc), json.dumps(notice)
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }
    url = f"{world.url}/_emulator/notices"
    async with world.http.post(url, data=body, headers=signed | (headers or {})) as answer:
        return answer.status, await answer.json()


async def secret_of(world: World) -> str:
    return str((await world.done("GET", "config"))["desk"]["notify_secret"])


async def notices_of(world: World) -> list[Json]:
    return list((await world.done("GET", "log?kind=notice"))["entries"])


async def test_a_signed_notice_is_kept_in_the_log_with_its_user() -> None:
    async with emulated() as world:
        assert (await tells(world, secret=await secret_of(world)))[0] == 200
        [kept] = await notices_of(world)
        assert (kept["verified"], kept["user"], kept["notice"]) == (True, USER, NOTICE)


async def test_a_notice_that_comes_once_more_is_marked() -> None:
    async with emulated() as world:
        secret = await secret_of(world)
        for _ in range(2):
            assert (await tells(world, secret=secret))[0] == 200
        assert [one["repeated"] for one in await notices_of(world)] == [False, True]


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "no-comma"},
        {"webhook-signature": "v1,not base64"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-id": "msg_2"},
    ],
)
async def test_what_is_not_signed_right_is_refused_and_its_words_are_not_kept(
    headers: dict[str, str],
) -> None:
    async with emulated() as world:
        status, answer = await tells(world, secret=await secret_of(world), headers=headers)
        assert status == 401
        assert "not signed with the secret" in answer["error"]
        [kept] = await notices_of(world)
        assert kept["verified"] is False
        assert "notice" not in kept


async def test_a_notice_of_another_secret_or_of_yesterday_is_refused() -> None:
    async with emulated() as world:
        other = "whsec_" + "A" * 44
        assert (await tells(world, secret=other))[0] == 401
        yesterday = datetime.now(timezone.utc) - timedelta(days=1)
        assert (await tells(world, secret=await secret_of(world), at=yesterday))[0] == 401


@pytest.mark.parametrize("notice", [[], "words", {"data": None}, {"data": {"user": None}}])
async def test_a_signed_notice_of_another_shape_is_kept_all_the_same(notice: Any) -> None:
    async with emulated() as world:
        assert (await tells(world, secret=await secret_of(world), notice=notice))[0] == 200
        [kept] = await notices_of(world)
        assert (kept["user"], kept["notice"]) == ("", notice)


async def test_the_secret_can_be_changed_and_outlives_a_reset() -> None:
    async with emulated() as world:
        secret = "whsec_" + "B" * 44
        await world.done("PUT", "desk", {"notify_secret": secret})
        await world.done("POST", "reset")
        assert await secret_of(world) == secret
        assert (await tells(world, secret=secret))[0] == 200


@pytest.mark.parametrize("secret", ["", "short", "whsec_not base64 at all ....", 7])
async def test_what_is_no_key_of_standard_webhooks_is_no_secret(secret: object) -> None:
    async with emulated() as world:
        status, answer = await world.control("PUT", "desk", {"notify_secret": secret})
        assert (status, "notify_secret" in answer["error"]) == (400, True)


async def test_each_emulator_makes_a_secret_of_its_own() -> None:
    async with emulated() as one, emulated() as other:
        assert await secret_of(one) != await secret_of(other)


@asynccontextmanager
async def bot_server(
    routes: dict[str, web.Response],
) -> AsyncIterator[tuple[str, list[web.Request]]]:
    """A bot's own server, with the requests that have come to it."""
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        found = routes.get(request.path)
        return found if found is not None else web.Response(status=404, text="no such page")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def looks(world: World, url: str | None) -> Json:
    """What the emulator sees of a bot with this webhook."""
    await world.done("PUT", f"apps/{BOT}", {"webhook": url})
    return dict(await world.done("GET", f"bot/{USER}"))


async def test_the_open_handover_is_asked_for_with_the_operator_token() -> None:
    open_one = {"plan": "sales", "ends_at": "2026-11-29T12:00:00Z"}
    routes = {
        "/webhooks/facebook/health": web.json_response({"status": "ok", "problems": []}),
        f"/webhooks/facebook/handovers/{USER}": web.json_response(open_one),
    }
    async with emulated() as world, bot_server(routes) as (url, asked):
        await world.done("PUT", "desk", {"operator_token": "a-token"})
        seen = await looks(world, f"{url}/webhooks/facebook/webhook")
        assert (seen["handover"], seen["problems"], seen["error"]) == (open_one, [], None)
        assert asked[-1].headers["Authorization"] == "Bearer a-token"
        assert "Authorization" not in asked[0].headers


async def test_without_the_token_nobody_is_asked_for_handovers() -> None:
    async with emulated() as world, bot_server({}) as (url, asked):
        seen = await looks(world, f"{url}/webhooks/facebook/webhook")
        assert (seen["handover"], seen["problems"], seen["error"]) == (None, [], None)
        assert [one.path for one in asked] == ["/webhooks/facebook/health"]


async def test_what_the_bot_says_is_wrong_is_told() -> None:
    problem = {"part": "token", "message": "Meta refuses the token.", "remedy": "Make a new one."}
    health = web.json_response({"status": "failing", "problems": [problem]}, status=503)
    async with emulated() as world, bot_server({"/b/health": health}) as (url, _):
        assert (await looks(world, f"{url}/b/webhook"))["problems"] == [problem]


async def test_a_bot_that_does_not_run_is_told_with_the_reason() -> None:
    async with emulated() as world, bot_server({}) as (url, _):
        pass
    async with emulated() as world:
        seen = await looks(world, f"{url}/webhooks/facebook/webhook")
        assert "connect" in seen["error"].lower()
        assert (await looks(world, None))["webhook"] is None


async def test_a_context_is_opened_by_its_address() -> None:
    context = {"plan": "sales", "said": []}
    async with emulated() as world, bot_server({"/c": web.json_response(context)}) as (url, _):
        assert await world.done("POST", "context", {"url": f"{url}/c"}) == context


async def test_what_is_no_context_is_said_to_be_none() -> None:
    routes = {
        "/gone": web.json_response(
            {"error": "There is no such context, or it has expired."}, status=404
        ),
        "/moved": web.Response(status=302, headers={"Location": "/c"}),
        "/c": web.json_response({}),
        "/words": web.Response(text="hello"),
        "/much": web.Response(body=b'"' + b"x" * 2_000_000 + b'"'),
    }
    async with emulated() as world, bot_server(routes) as (url, _):
        for path in ("/gone", "/moved", "/words", "/much"):
            status, answer = await world.control("POST", "context", {"url": url + path})
            assert (path, status) == (path, 400)
            assert "HTTP status" in answer["error"]
        for address in ("file:///etc/passwd", "javascript:alert(1)", "", "http://[", "http://"):
            status, answer = await world.control("POST", "context", {"url": address})
            assert (address, status) == (address, 400), answer


async def test_a_person_on_instagram_is_asked_for_by_the_account_too() -> None:
    open_one = {"plan": "default"}
    routes = {f"/b/handovers/{INSTAGRAM}:{INSTAGRAM_USER}": web.json_response(open_one)}
    async with emulated() as world, bot_server(routes) as (url, _):
        await world.done("PUT", "desk", {"operator_token": "a-token"})
        await world.done("PUT", f"apps/{BOT}", {"webhook": f"{url}/b/webhook"})
        seen = await world.done("GET", f"bot/{INSTAGRAM_USER}")
        assert seen["handover"] == open_one
