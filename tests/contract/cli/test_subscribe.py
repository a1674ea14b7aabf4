"""`subscribe`: what it would call, what it calls, and that doctor finds nothing more to do."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cli.doctor.checks.app import INSTAGRAM_FIELDS, PAGE_FIELDS
from cli.doctor.findings import Outcome
from cli.main import main
from tests.contract.live_page import BOT, LivePage, live_page

Printed = tuple[int, str, str]
Subscribe = Callable[..., Awaitable[Printed]]
OF_SUBSCRIPTIONS = {
    *("app-subscription", "app-subscription-instagram", "page-subscription", "webhook-address"),
}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[LivePage]:
    async with live_page(tmp_path) as live:
        yield live


@pytest.fixture
def subscribe(page: LivePage, capsys: pytest.CaptureFixture[str]) -> Subscribe:
    """Runs the command; its status, and what it printed on each stream."""

    async def run(*arguments: str) -> Printed:
        credentials = page.write_files()[0]
        capsys.readouterr()
        status = await asyncio.to_thread(main, ["subscribe", credentials, *arguments])
        return (status, *capsys.readouterr())

    return run


async def bot(page: LivePage) -> dict[str, Any]:
    config = await page.control("GET", "config")
    app: dict[str, Any] = next(one for one in config["apps"] if one["id"] == BOT.id)
    return app


async def test_where_all_is_subscribed_there_is_nothing_to_do(subscribe: Subscribe) -> None:
    told = "Nothing to do: the app and each Page have subscribed to all fields.\n"
    assert await subscribe() == (0, told, "")


async def test_an_app_that_requires_its_secret_gets_it_with_each_call(
    page: LivePage, subscribe: Subscribe
) -> None:
    await page.change_app(require_app_secret=True, subscribed_fields=["messages"])
    assert (await subscribe("--yes"))[0] == 0
    wrong = [one for one in await page.examined() if one.outcome is Outcome.WRONG]
    assert wrong == []


async def test_what_is_missing_is_subscribed_and_the_rest_is_kept(
    page: LivePage, subscribe: Subscribe
) -> None:
    await page.change_app(
        app_fields=["messages", "message_reads"],
        subscribed_fields=["messages", "message_reactions"],
    )
    status, printed, _ = await subscribe("--yes")
    assert status == 0
    assert "Done: POST /me/subscribed_apps, with the Page's token: the app gets" in printed
    now = await bot(page)
    assert set(now["app_fields"]) == {*PAGE_FIELDS, "message_reads"}
    assert set(now["subscribed_fields"]) == {*PAGE_FIELDS, "message_reactions"}
    found = [one for one in await page.examined() if one.check in OF_SUBSCRIPTIONS]
    assert {one.outcome for one in found} == {Outcome.OK}
    assert (await subscribe())[1].startswith("Nothing to do")


async def test_no_field_is_taken_off_where_those_that_there_are_can_t_be_read(
    page: LivePage, subscribe: Subscribe
) -> None:
    before = (await bot(page))["subscribed_fields"]
    unread = {"data": [{"id": BOT.id, "subscribed_fields": None}]}
    await page.break_calls("subscribed_apps", body=unread)
    status, _, complaint = await subscribe("--yes")
    assert (status, "can't be read" in complaint) == (1, True)
    assert (await bot(page))["subscribed_fields"] == before


@pytest.mark.parametrize(("arguments", "status"), [(["--dry-run"], 0), ([], 1)])
async def test_nothing_is_changed_unless_somebody_agrees(
    page: LivePage,
    subscribe: Subscribe,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("no\n"))
    await page.change_app(subscribed_fields=["messages"])
    before = await bot(page)
    found, printed, _ = await subscribe(*arguments)
    assert found == status
    assert "the app gets messaging_postbacks, messaging_handovers, standby, message_echoes" in (
        printed
    )
    assert await bot(page) == before


async def test_a_new_app_is_told_where_the_bot_is(page: LivePage, subscribe: Subscribe) -> None:
    url = page.webhook.url
    await page.change_app(webhook=None, app_fields=[], subscribed_fields=[])
    status, _, error = await subscribe("--yes")
    assert (status, "--webhook-url https://YOUR.HOST" in error) == (1, True)
    assert (await subscribe("--yes", "--webhook-url", url))[0] == 0
    assert (await bot(page))["webhook"] == url


async def test_a_bot_that_does_not_answer_is_told(page: LivePage, subscribe: Subscribe) -> None:
    await page.change_app(app_fields=["messages"])
    status, _, error = await subscribe("--yes", "--webhook-url", "http://127.0.0.1:9/webhook")
    assert status == 1
    assert "Meta called the callback URL, and did not get the right answer." in error


async def test_instagram_is_subscribed_where_it_is_in_use(
    page: LivePage, subscribe: Subscribe
) -> None:
    await page.change_app(instagram_fields=["messages"])
    assert (await subscribe("--yes"))[0] == 0
    assert set((await bot(page))["instagram_fields"]) == set(INSTAGRAM_FIELDS)


async def test_no_secret_is_printed(page: LivePage, subscribe: Subscribe) -> None:
    await page.change_app(app_fields=["messages"], subscribed_fields=["messages"])
    printed = "".join(map(str, await subscribe("--dry-run")))
    for secret in (BOT.secret, BOT.page_access_token, BOT.verify_token):
        assert secret not in printed
