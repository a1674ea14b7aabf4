"""The chat page as it is served, and who may ask the emulator for what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import emulator
from tests.contract.emulator_world import BOT, USER, World, emulated, token_of

FILES = Path(emulator.__file__).parent / "chat" / "static"
ELSEWHERE = "https://evil.example"


async def fetched(world: World, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    async with world.http.get(world.url + path, headers=headers) as answer:
        return answer.status, dict(answer.headers), await answer.text()


async def test_the_page_is_at_the_root_and_all_that_it_names_is_there() -> None:
    async with emulated() as world:
        status, headers, page = await fetched(world, "/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        named = set(re.findall(r'(?:href|src)="(/[^"]+)"', page))
        files = {path.relative_to(FILES).as_posix() for path in FILES.rglob("*.*")}
        named |= {f"/_chat/{file}" for file in files - {"index.html"}}
        assert len(named) > 35
        for path in sorted(named):
            status, headers, _ = await fetched(world, path)
            assert (path, status) == (path, 200)
            assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_may_run_its_own_scripts_alone_and_be_framed_by_nobody() -> None:
    async with emulated() as world:
        _, headers, page = await fetched(world, "/")
        policy = dict(
            rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/_emulator/config"),
        ("POST", f"/_emulator/users/{USER}/messages"),
        ("POST", "/_emulator/reset"),
        ("POST", f"/v25.0/me/messages?access_token={token_of(BOT)}"),
    ],
)
async def test_a_page_of_another_site_is_refused(method: str, path: str) -> None:
    async with emulated() as world:
        await world.user_says("hi")
        async with world.http.request(
            method,
            world.url + path,
            data='{"text": "from elsewhere"}',
            headers={"Origin": ELSEWHERE, "Content-Type": "text/plain"},
        ) as answer:
            assert answer.status == 403
            assert ELSEWHERE in (await answer.json())["error"]
        happened = (await world.done("GET", "log?kind=message,call"))["entries"]
        assert [one["text"] for one in happened] == ["hi"]


@pytest.mark.parametrize("path", ["/", "/_chat/main.js", "/_emulator/config"])
async def test_a_foreign_name_that_leads_here_is_refused(path: str) -> None:
    async with emulated() as world:
        status, _, text = await fetched(world, path, Host="evil.example")
        assert status == 403
        assert token_of(BOT) not in text


async def test_another_site_can_neither_read_nor_embed_an_answer() -> None:
    async with emulated() as world:
        _, headers, _ = await fetched(world, "/_emulator/config")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers


async def test_graph_answers_under_any_name() -> None:
    async with emulated() as world:
        path = f"/v25.0/me?access_token={token_of(BOT)}"
        assert (await fetched(world, path, Host="graph.example.com"))[0] == 200
