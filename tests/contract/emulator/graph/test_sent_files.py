"""Pictures and files from the chat page: kept, sent by their address, and served as mere files."""

from __future__ import annotations

import pytest

from tests.contract.emulator_world import AGENT, BOT, USER, World, emulated

PIXEL = b"\x89PNG\r\n\x1a\n not a whole picture"


async def kept(world: World, name: str, media_type: str, content: bytes = PIXEL) -> dict[str, str]:
    url = f"{world.url}/_emulator/files"
    headers = {"Content-Type": media_type}
    async with world.http.post(url, params={"name": name}, data=content, headers=headers) as answer:
        assert answer.status == 201
        return dict(await answer.json())


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("cat.png", "image/png", "image"),
        ("song.mp3", "audio/mpeg", "audio"),
        ("clip.mp4", "video/mp4", "video"),
        ("terms.pdf", "application/pdf", "file"),
        ("drawing.svg", "image/svg+xml", "file"),
        ("page.html", "text/html", "file"),
    ],
)
async def test_a_file_is_served_as_it_was_sent_and_runs_nothing(
    name: str, media_type: str, kind: str
) -> None:
    async with emulated() as world:
        file = await kept(world, name, media_type)
        assert file["type"] == kind
        async with world.http.get(file["url"]) as answer:
            assert await answer.read() == PIXEL
            assert answer.headers["Content-Type"] == media_type
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            shown = "inline" if kind == "image" else "attachment"
            assert answer.headers["Content-Disposition"].startswith(shown)


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b\r\nX: y.png', "", "ü 猫.png", "x" * 999])
async def test_any_name_will_do(name: str) -> None:
    async with emulated() as world:
        file = await kept(world, name, "image/png")
        async with world.http.get(file["url"]) as answer:
            assert (answer.status, "X" in answer.headers) == (200, False)


async def test_an_empty_file_and_an_unknown_one_are_refused() -> None:
    async with emulated() as world:
        async with world.http.post(f"{world.url}/_emulator/files?name=a.png") as answer:
            assert (answer.status, "0 bytes" in await answer.text()) == (400, True)
        async with world.http.get(f"{world.url}/_emulator/files/nothing/here.png") as answer:
            assert (answer.status, "no such file" in await answer.text()) == (404, True)


async def test_an_operator_sends_a_picture_from_the_inbox() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        file = await kept(world, "cat.png", "image/png")
        attachment = {"type": file["type"], "payload": {"url": file["url"]}}
        await world.done("POST", f"inbox/{USER}/messages", {"attachments": [attachment]})
        echo = next(one for one in await world.heard_by(BOT) if one.name == "echo")
        assert echo.event["message"]["attachments"] == [attachment]
        assert "text" not in echo.event["message"]


async def test_an_operators_message_needs_something_in_it() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        status, answer = await world.control("POST", f"inbox/{USER}/messages", {})
        assert (status, answer["error"]) == (400, "A message needs a text or attachments.")


async def test_an_agents_app_sends_a_kept_file_by_its_address() -> None:
    async with emulated() as world:
        await world.user_says("hi")
        await world.moves(AGENT, "take")
        file = await kept(world, "cat.png", "image/png")
        attachment = {"type": file["type"], "payload": {"url": file["url"]}}
        status, _ = await world.sends(AGENT, message={"attachment": attachment})
        assert status == 200
