"""Messages, attachments, sender actions, personas and batches by client libraries."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.client_libraries import Library, RefusedError, libraries_with
from tests.clients.client_stage import BOT, NOBODY, USER, Json, Stage

TEXT = "50 % & more = ça va? 👋"
IMAGE = "https://example.com/picture.png"
FILE = "not really a picture"
REPLIES = [{"content_type": "text", "title": "Yes", "payload": "/affirm"}]
BUTTONS = [{"type": "postback", "title": "Menu", "payload": "/menu"}]
ELEMENTS = [{"title": "Shoes", "subtitle": "Red", "buttons": BUTTONS}]
MEDIA = [{"media_type": "image", "url": "https://example.com/photo", "buttons": BUTTONS}]
PERSONA = {"name": "Rosa", "picture": "https://example.com/rosa.png"}


def without_nothing(element: Any) -> Any:
    """JSON without the keys that a library fills with null."""
    if isinstance(element, dict):
        return {key: without_nothing(one) for key, one in element.items() if one is not None}
    return [without_nothing(one) for one in element] if isinstance(element, list) else element


async def sent(stage: Stage) -> Json:
    """What the app has sent last, as its thread has it."""
    thread = await stage.control("GET", f"threads/{USER}")
    newest = thread["messages"][-1]
    assert newest["from"] == BOT.id
    return without_nothing(newest)  # type: ignore[no-any-return]


@libraries_with("text")
async def test_a_text_arrives_as_it_was(library: Library, stage: Stage) -> None:
    await library.call("text", stage.access(), user=USER, text=TEXT)
    assert (await sent(stage))["text"] == TEXT


@libraries_with("text")
async def test_a_send_tells_the_id_of_its_message(library: Library, stage: Stage) -> None:
    answer = await library.call("text", stage.access(), user=USER, text=TEXT)
    mid = (await sent(stage))["mid"]
    assert mid in (answer.get("message_id"), answer.get("messageId"))


@libraries_with("quick_replies")
async def test_quick_replies_can_be_tapped(library: Library, stage: Stage) -> None:
    await library.call("quick_replies", stage.access(), user=USER, text="Sure?", replies=REPLIES)
    await stage.control("POST", f"users/{USER}/taps", {"title": "Yes"})
    thread = await stage.control("GET", f"threads/{USER}")
    assert thread["messages"][-1]["quick_reply"] == {"payload": "/affirm"}


@libraries_with("buttons")
async def test_a_button_template_can_be_tapped(library: Library, stage: Stage) -> None:
    await library.call("buttons", stage.access(), user=USER, text="Go on?", buttons=BUTTONS)
    await stage.control("POST", f"users/{USER}/taps", {"title": "Menu"})
    thread = await stage.control("GET", f"threads/{USER}")
    assert thread["messages"][-1]["postback"]["payload"] == "/menu"


@libraries_with("generic")
async def test_a_generic_template_arrives_as_it_was(library: Library, stage: Stage) -> None:
    await library.call("generic", stage.access(), user=USER, elements=ELEMENTS)
    [attachment] = (await sent(stage))["attachments"]
    assert attachment["payload"]["elements"] == ELEMENTS


@libraries_with("media")
async def test_a_media_template_arrives_as_it_was(library: Library, stage: Stage) -> None:
    await library.call("media", stage.access(), user=USER, elements=MEDIA)
    [attachment] = (await sent(stage))["attachments"]
    assert attachment["payload"]["elements"] == MEDIA


@libraries_with("image_url")
async def test_an_image_is_sent_by_its_url(library: Library, stage: Stage) -> None:
    await library.call("image_url", stage.access(), user=USER, image=IMAGE)
    assert (await sent(stage))["attachments"] == [{"type": "image", "payload": {"url": IMAGE}}]


@libraries_with("upload_url", "image_again")
async def test_an_upload_by_url_is_sent_by_its_id(library: Library, stage: Stage) -> None:
    uploaded = await library.call("upload_url", stage.access(), image=IMAGE)
    attachment_id = uploaded.get("attachment_id") or uploaded["attachmentId"]
    await library.call("image_again", stage.access(), user=USER, id=attachment_id)
    [attachment] = (await sent(stage))["attachments"]
    assert attachment["payload"] == {"attachment_id": attachment_id, "url": IMAGE}


@libraries_with("upload_file", "image_again")
async def test_an_uploaded_file_is_sent_by_its_id(library: Library, stage: Stage) -> None:
    uploaded = await library.call("upload_file", stage.access(), content=FILE)
    attachment_id = uploaded.get("attachment_id") or uploaded["attachmentId"]
    await library.call("image_again", stage.access(), user=USER, id=attachment_id)
    [attachment] = (await sent(stage))["attachments"]
    assert attachment["payload"]["url"].endswith("/picture.png")


@libraries_with("image_file")
async def test_a_file_is_sent_in_the_call_itself(library: Library, stage: Stage) -> None:
    await library.call("image_file", stage.access(), user=USER, content=FILE)
    [attachment] = (await sent(stage))["attachments"]
    assert attachment["payload"]["url"].endswith("/picture.png")


@libraries_with("image_again")
async def test_an_unknown_attachment_is_refused(library: Library, stage: Stage) -> None:
    with pytest.raises(RefusedError) as refused:
        await library.call("image_again", stage.access(), user=USER, id="1234567890123456")
    assert refused.value.codes == (100, 2018074)


@libraries_with("typing")
async def test_typing_is_shown(library: Library, stage: Stage) -> None:
    await library.call("typing", stage.access(), user=USER)
    assert (await stage.newest("typing"))["action"] == "typing_on"


@libraries_with("seen")
async def test_a_message_is_marked_as_seen(library: Library, stage: Stage) -> None:
    await library.call("seen", stage.access(), user=USER)
    assert (await stage.newest("typing"))["action"] == "mark_seen"


@libraries_with("react")
async def test_a_message_gets_a_reaction(library: Library, stage: Stage) -> None:
    thread = await stage.control("GET", f"threads/{USER}")
    mid = thread["messages"][-1]["mid"]
    await library.call("react", stage.access(), user=USER, message=mid, reaction="love")
    assert (await stage.newest("typing"))["action"] == "react"


@libraries_with("human")
async def test_a_persons_answer_goes_out_after_days(library: Library, stage: Stage) -> None:
    await stage.control("POST", "clock", {"advance_seconds": 5 * 24 * 3600})
    await library.call("human", stage.access(), user=USER, text=TEXT)
    assert (await sent(stage))["text"] == TEXT


@libraries_with("create_persona", "as_persona")
async def test_a_message_has_the_persona_that_was_made(library: Library, stage: Stage) -> None:
    made = await library.call("create_persona", stage.access(), **PERSONA)
    persona = made["id"]
    await library.call("as_persona", stage.access(), user=USER, text=TEXT, persona=persona)
    assert (await sent(stage))["persona_id"] == persona


@libraries_with("create_persona", "persona")
async def test_a_persona_is_read(library: Library, stage: Stage) -> None:
    made = await library.call("create_persona", stage.access(), **PERSONA)
    told = await library.call("persona", stage.access(), id=made["id"])
    assert (told["id"], told["name"]) == (made["id"], PERSONA["name"])


@libraries_with("create_persona", "personas", "delete_persona")
async def test_a_deleted_persona_is_listed_no_more(library: Library, stage: Stage) -> None:
    made = await library.call("create_persona", stage.access(), **PERSONA)
    listed = await library.call("personas", stage.access())
    await library.call("delete_persona", stage.access(), id=made["id"])
    left = await library.call("personas", stage.access())
    assert ([one["id"] for one in listed], left) == ([made["id"]], [])


@libraries_with("batch")
async def test_a_batch_answers_in_its_order(library: Library, stage: Stage) -> None:
    users = [USER, NOBODY, USER]
    answers = await library.call("batch", stage.access(), users=users, text="hello")
    assert [code for code, _ in answers] == [200, 400, 200]
    assert answers[1][1]["error"]["code"] == 100


@libraries_with("batch")
async def test_each_call_of_a_batch_is_performed(library: Library, stage: Stage) -> None:
    await library.call("batch", stage.access(), users=[USER, USER], text="hello")
    thread = await stage.control("GET", f"threads/{USER}")
    assert [one["text"] for one in thread["messages"][1:]] == ["hello", "hello"]
