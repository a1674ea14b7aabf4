from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.contract.emulator_world import BOT, USER, Json, World, emulated, token_of

LARGEST = 25 * 1024**2
URL = "https://example.com/a.png"


def image(**payload: Any) -> Json:
    return {"attachment": {"type": "image", "payload": payload}}


async def uploaded(world: World, message: Json) -> str:
    status, answer = await world.graph(BOT, "me/message_attachments", {"message": message})
    assert status == 200, answer
    return str(answer["attachment_id"])


async def sent(world: World, message: Json) -> tuple[int, Json]:
    body = {"messaging_type": "RESPONSE", "recipient": {"id": USER}, "message": message}
    return await world.graph(BOT, "me/messages", body)


async def with_file(world: World, size: int) -> tuple[int, Json]:
    form = aiohttp.FormData()
    form.add_field("message", '{"attachment":{"type":"image","payload":{}}}')
    form.add_field("filedata", b"x" * size, filename="a.png", content_type="image/png")
    query = {"access_token": token_of(BOT)}
    url = f"{world.url}/v25.0/me/message_attachments"
    async with world.http.post(url, data=form, params=query) as answer:
        return answer.status, await answer.json()


async def test_a_reusable_attachment_is_sent_again_by_the_id_in_the_answer() -> None:
    async with emulated() as world:
        await world.user_says("hello")
        _, first = await sent(world, image(url=URL, is_reusable=True))
        status, _ = await sent(world, image(attachment_id=first["attachment_id"]))
        assert status == 200


async def test_a_send_that_is_not_reusable_tells_no_attachment() -> None:
    async with emulated() as world:
        await world.user_says("hello")
        _, answer = await sent(world, image(url=URL))
        assert "attachment_id" not in answer


@pytest.mark.parametrize(("days", "status"), [(89, 200), (91, 400)])
async def test_an_upload_lasts_ninety_days(days: int, status: int) -> None:
    async with emulated() as world:
        attachment = await uploaded(world, image(url=URL))
        later = timedelta(days=days).total_seconds()
        await world.done("POST", "clock", {"advance_seconds": later})
        await world.user_says("hello")
        assert (await sent(world, image(attachment_id=attachment)))[0] == status


async def test_an_upload_is_sent_as_what_it_is() -> None:
    async with emulated() as world:
        await world.user_says("hello")
        attachment = await uploaded(world, image(url=URL))
        message = {"attachment": {"type": "video", "payload": {"attachment_id": attachment}}}
        _, answer = await sent(world, message)
        assert answer["error"]["error_subcode"] == 2018074


@pytest.mark.parametrize(("size", "subcode"), [(LARGEST, None), (LARGEST + 1, 2018109)])
async def test_a_file_has_at_most_25_megabytes(size: int, subcode: int | None) -> None:
    async with emulated() as world:
        _, answer = await with_file(world, size)
        assert answer.get("error", {}).get("error_subcode") == subcode


@pytest.mark.parametrize(
    "message",
    [{"text": "no attachment"}, image(attachment_id="1"), image(), {"attachment": "image"}],
)
async def test_an_upload_needs_a_file_or_a_url(message: Json) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, "me/message_attachments", {"message": message})
        assert (status, answer["error"]["code"]) == (400, 100)


@pytest.mark.parametrize(
    "persona",
    [
        {"name": "", "profile_picture_url": URL},
        {"name": "n" * 51, "profile_picture_url": URL},
        {"name": "Rosa", "profile_picture_url": "a picture"},
    ],
)
async def test_a_persona_needs_a_short_name_and_a_picture(persona: Json) -> None:
    async with emulated() as world:
        status, answer = await world.graph(BOT, "me/personas", persona)
        assert (status, answer["error"]["code"]) == (400, 100)


async def test_a_send_with_an_unknown_persona_is_refused() -> None:
    async with emulated() as world:
        await world.user_says("hello")
        status, answer = await world.sends(BOT, persona_id="1234567890123456")
        assert (status, answer["error"]["code"]) == (400, 100)


async def test_a_persona_takes_no_other_verb() -> None:
    async with emulated() as world:
        made = {"name": "Rosa", "profile_picture_url": URL}
        _, persona = await world.graph(BOT, "me/personas", made)
        _, answer = await world.graph(BOT, persona["id"], method="PUT")
        assert answer["error"]["error_subcode"] == 33


async def test_an_echo_does_not_tell_the_persona() -> None:
    async with emulated() as world:
        await world.user_says("hello")
        made = {"name": "Rosa", "profile_picture_url": URL}
        _, persona = await world.graph(BOT, "me/personas", made)
        await world.sends(BOT, persona_id=persona["id"])
        [echo] = [one for one in await world.heard_by(BOT) if one.name == "echo"]
        assert "persona_id" not in echo.event["message"]
