"""What holds for every response: each message is one that Meta takes, and nothing goes missing."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.dialogue.rendering.response import render
from channels.graph.pace import is_slow

Json = Any
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # busy machines

# Responses of any shape at all, under the names that Rasa gives the parts.
# A domain's YAML has dates besides, and keys that are no texts.
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
)
anything: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["text", "title", "type", "payload", "url", "message", "attachment", "tag"]
            )
            | st.text(max_size=5)
            | st.integers(0, 3)
            | st.none(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
PARTS = ("text", "quick_replies", "buttons", "custom", "image", "attachment", "elements")
shapeless = st.dictionaries(st.sampled_from(PARTS), anything)

# Responses as people write them: well shaped, but of any length.
words = st.text(min_size=1, max_size=40).filter(lambda text: text.strip())
long_texts = st.text(alphabet="word. \n👍é", max_size=50).map(lambda text: text * 100)
buttons = st.fixed_dictionaries(
    {"title": words},
    optional={
        "type": st.sampled_from(["postback", "web_url", "phone_number", "account_unlink"]),
        "payload": words | st.just("/" * 1001) | st.just("+16505551234"),
        "url": st.sampled_from(["https://example.com", "example.com"]),
        "icon": words,
    },
)
quick_replies = st.fixed_dictionaries(
    {"title": words},
    optional={
        "content_type": st.sampled_from(["text", "user_email"]),
        "payload": words | st.just("/" * 1001),
    },
)
elements = st.fixed_dictionaries(
    {"title": words | long_texts},
    optional={
        "subtitle": words | long_texts,
        "image_url": st.sampled_from(["https://example.com/cat.png", "cat.png"]),
        "price": words,
        "buttons": st.lists(buttons, max_size=8),
    },
)
pictures = st.just({"type": "image", "payload": {"url": "https://example.com/cat.png"}})
custom_messages = st.fixed_dictionaries(
    {},
    optional={
        "text": words | long_texts,
        "attachment": pictures,
        "quick_replies": st.lists(quick_replies, max_size=16),
        "metadata": words | long_texts,
        "tag": st.just("HUMAN_AGENT"),
        1: st.dates(),
    },
)
shaped = st.fixed_dictionaries(
    {},
    optional={
        "text": words | long_texts,
        "buttons": st.lists(buttons, max_size=20),
        "quick_replies": st.lists(quick_replies, max_size=20),
        "custom": custom_messages | st.lists(custom_messages, max_size=3),
        "image": st.sampled_from(["https://example.com/cat.png", "cat.png"]),
        "attachment": pictures | st.just("https://example.com/terms.pdf") | words,
        "elements": st.lists(elements, max_size=12),
    },
)


# Meta's rules, written from its pages (Meta facts 1.5) and not from the code under test.
BUTTON_KEYS = {
    *("type", "title", "payload", "url", "fallback_url", "messenger_extensions"),
    *("webview_height_ratio", "webview_share_button", "game_metadata"),
}


def characters(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def check_text(text: Json, most: int) -> None:
    assert isinstance(text, str)
    assert text.strip()
    assert characters(text) <= most


def check_address(url: Json) -> None:
    assert re.fullmatch(r"https?://[^\s/]\S*", url, re.IGNORECASE)


def check_button(button: dict[str, Json]) -> None:
    assert button.keys() <= BUTTON_KEYS
    needs = {"postback": ["title", "payload"], "web_url": ["title", "url"]}
    needs |= {"phone_number": ["title", "payload"], "account_link": ["url"], "account_unlink": []}
    needs |= {"game_play": ["title"]}
    assert set(needs[button["type"]]) <= button.keys()
    for key, most in {"title": 20, "payload": 1000}.items():
        if key in button:
            check_text(button[key], most)
    if "url" in button:
        check_address(button["url"])
    assert button["type"] != "phone_number" or button["payload"].startswith("+")


def check_quick_reply(reply: dict[str, Json]) -> None:
    assert reply["content_type"] in ("text", "user_phone_number", "user_email")
    if reply["content_type"] == "text":
        assert {"title", "payload"} <= reply.keys()
    for key, most in {"title": 20, "payload": 1000}.items():
        if key in reply:
            check_text(reply[key], most)


def check_element(element: dict[str, Json]) -> None:
    check_text(element["title"], 80)
    assert element.keys() & {"subtitle", "image_url", "default_action", "buttons"}
    assert element.keys() <= {"title", "subtitle", "image_url", "default_action", "buttons"}
    if "image_url" in element:
        check_address(element["image_url"])
    if "subtitle" in element:
        check_text(element["subtitle"], 80)
    if "buttons" in element:
        assert 1 <= len(element["buttons"]) <= 3
        for button in element["buttons"]:
            check_button(button)


def check_attachment(attachment: dict[str, Json]) -> None:
    assert isinstance(attachment["type"], str)
    assert isinstance(attachment["payload"], dict)
    payload = attachment["payload"]
    if payload.get("template_type") == "button":
        check_text(payload["text"], 640)
        assert 1 <= len(payload["buttons"]) <= 3
        for button in payload["buttons"]:
            check_button(button)
    if payload.get("template_type") == "generic":
        assert 1 <= len(payload["elements"]) <= 10
        for element in payload["elements"]:
            check_element(element)


def check_message(message: dict[str, Json]) -> None:
    assert ("text" in message) != ("attachment" in message)
    if "text" in message:
        check_text(message["text"], 1999)
    else:
        check_attachment(message["attachment"])
    if "quick_replies" in message:
        assert 1 <= len(message["quick_replies"]) <= 13
        for reply in message["quick_replies"]:
            check_quick_reply(reply)
    assert characters(message.get("metadata", "")) < 1000
    assert not message.keys() & {"tag", "messaging_type", "recipient", "sender"}


def template(message: dict[str, Json]) -> dict[str, Json]:
    return dict(message.get("attachment", {}).get("payload", {}))


def said(message: dict[str, Json]) -> str:
    """The text of a message, its white space apart."""
    return "".join((message.get("text") or template(message).get("text", "")).split())


def offered(messages: tuple[dict[str, Json], ...]) -> Iterator[str]:
    """The payloads behind all that can be tapped, from the first message to the last."""
    for message in messages:
        for choice in [*template(message).get("buttons", []), *message.get("quick_replies", [])]:
            yield choice["payload"]


@patient
@given(shapeless)
def test_a_response_of_any_shape_gives_messages_that_meta_takes(response: Json) -> None:
    for message in render(response).messages:
        check_message(message)


@patient
@given(shaped)
def test_a_response_of_any_length_gives_messages_that_meta_takes(response: Json) -> None:
    for message in render(response).messages:
        check_message(message)


@patient
@given(shapeless | shaped)
def test_rendering_changes_nothing_in_the_response(response: Json) -> None:
    before = copy.deepcopy(response)
    render(response)
    assert repr(response) == repr(before)


@patient
@given(shapeless | shaped)
def test_every_message_can_be_written_as_json(response: Json) -> None:
    messages = render(response).messages
    msgspec.json.encode(messages).decode()
    for message in messages:
        json.dumps(message, sort_keys=True)  # as what a turn has sent is kept
        is_slow(message)


@patient
@given(
    text=words | long_texts,
    buttons=st.lists(buttons, max_size=20),
    quick_replies=st.lists(quick_replies, max_size=20),
)
def test_no_text_is_lost_whatever_can_be_tapped_with_it(
    text: str, buttons: list[Json], quick_replies: list[Json]
) -> None:
    response = {"text": text, "buttons": buttons, "quick_replies": quick_replies}
    spoken = "".join(map(said, render(response).messages))
    assert spoken.startswith("".join(text.split()))


@patient
@given(count=st.integers(0, 30), replies=st.integers(0, 30), image=st.booleans())
def test_every_choice_is_offered_once_and_in_order(count: int, replies: int, image: bool) -> None:
    expected = [f"/button{i}" for i in range(count)] + [f"/reply{i}" for i in range(replies)]
    response = {
        "text": "Choose",
        "buttons": [{"title": "x", "payload": f"/button{i}"} for i in range(count)],
        "quick_replies": [{"title": "x", "payload": f"/reply{i}"} for i in range(replies)],
        "image": "https://example.com/cat.png" if image else None,
    }
    assert list(offered(render(response).messages)) == expected


@patient
@given(many=st.lists(buttons, max_size=20), image=st.booleans())
def test_quick_replies_are_on_the_last_message_alone(many: list[Json], image: bool) -> None:
    picture = {"image": "https://example.com/cat.png"} if image else {}
    messages = render({"text": "Choose", "buttons": many, **picture}).messages
    assert not any("quick_replies" in message for message in messages[:-1])


@patient
@given(st.lists(st.sampled_from(["bare", "subtitle", "image_url"]), max_size=25))
def test_elements_keep_their_order(details: list[str]) -> None:
    elements = [{"title": str(i), detail: "x"} for i, detail in enumerate(details)]
    shown: list[str] = []
    for message in render({"elements": elements}).messages:
        cards = template(message).get("elements", [])
        shown += [card["title"] for card in cards] or [message["text"]]
    assert shown == [str(i) for i in range(len(elements))]


def marked(value: Json, key: str = "") -> Json:
    """The same value with a sign in each text that a slot could have put there."""
    if isinstance(value, dict):
        return {name: marked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return f"ξ{value}" if isinstance(value, str) and key not in ("type", "content_type") else value


@patient
@given(shapeless | shaped)
def test_notes_never_quote_the_response(response: Json) -> None:
    assert not any("ξ" in note for note in render(marked(response)).notes)
