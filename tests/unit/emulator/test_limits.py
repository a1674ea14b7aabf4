from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.rules.errors import GraphError
from emulator.rules.limits import (
    check_instagram_message,
    check_message,
    check_messaging_type,
    check_pass_metadata,
    is_human,
    sender_action,
)

Json = dict[str, Any]
PAGE = "https://example.com/a"
POSTBACK = {"type": "postback", "title": "Go", "payload": "/go"}
LINK = {"type": "web_url", "title": "Go", "url": PAGE}
CALL = {"type": "phone_number", "title": "Call", "payload": "+49 30 123456"}


def reply(**changes: Any) -> Json:
    return {"content_type": "text", "title": "Yes", "payload": "/yes", **changes}


def with_replies(*replies: Any) -> Json:
    return {"text": "?", "quick_replies": list(replies)}


def template(**payload: Any) -> Json:
    return {"attachment": {"type": "template", "payload": payload}}


def buttons(*given: Any, text: Any = "Pick") -> Json:
    return template(template_type="button", text=text, buttons=list(given))


def generic(*elements: Any) -> Json:
    return template(template_type="generic", elements=list(elements))


def media(kind: str, **payload: Any) -> Json:
    return {"attachment": {"type": kind, "payload": payload}}


ACCEPTED = [
    {"text": "x" * 2_000},
    {"text": "😀" * 2_000},
    {"text": "x", "metadata": "m" * 999},
    {"text": "x", "attachment": None, "metadata": None, "quick_replies": None},
    with_replies(*[reply()] * 13),
    with_replies(reply(title="t" * 20, payload="p" * 1_000), reply(payload="")),
    with_replies({"content_type": "user_email"}),
    media("image", url="https://example.com/a.png"),
    media("file", attachment_id="1"),
    {"attachments": [{"type": "image", "payload": {"url": "https://example.com/a.png"}}]},
    {"sticker_id": 369239263222822},
    buttons(POSTBACK, text="t" * 640),
    buttons(POSTBACK, {"type": "web_url", "title": "u" * 20, "url": "https://example.com"}),
    buttons({"type": "account_unlink"}, {"type": "account_link", "url": "https://example.com"}),
    buttons(CALL, {**LINK, "webview_height_ratio": "tall"}),
    generic(*[{"title": "t" * 80, "subtitle": "s" * 80, "buttons": [POSTBACK] * 3}] * 10),
    generic({"title": "t", "image_url": PAGE, "default_action": {"type": "web_url", "url": PAGE}}),
    template(template_type="media", elements=[]),
]

REFUSED = [
    {},
    {"text": ""},
    {"text": 5},
    {"text": "x" * 2_001},
    {"text": "x", "metadata": "m" * 1_000},
    {"text": "x", "metadata": 1},
    {"text": "x", **media("image", url=PAGE)},
    {"text": "x", "txt": "x"},
    {"quick_replies": [reply()]},
    with_replies(reply(title="t" * 21)),
    with_replies(reply(title="")),
    with_replies(reply(payload="p" * 1_001)),
    with_replies(reply(payload=None)),
    with_replies(reply(content_type="location")),
    with_replies("Yes"),
    {"text": "x", "quick_replies": {"title": "Yes"}},
    {"attachment": "image"},
    media("image"),
    media("sticker", url=PAGE),
    media("image", url="cat.png"),
    media("image", url="//example.com/cat.png"),
    media("image", url="https://example.com/my cat.png"),
    {"attachment": {"type": "image"}},
    template(template_type="list"),
    template(),
    buttons(),
    buttons(POSTBACK, text="t" * 641),
    buttons(POSTBACK, text=""),
    buttons({**POSTBACK, "title": "t" * 21}),
    buttons({**POSTBACK, "title": ""}),
    buttons({**POSTBACK, "payload": "p" * 1_001}),
    buttons({"type": "postback", "title": "Go"}),
    buttons({"type": "web_url", "title": "Go"}),
    buttons({"type": "share", "title": "Go"}),
    buttons("Go"),
    buttons({**LINK, "url": "www.example.com"}),
    buttons({**LINK, "href": PAGE}),
    buttons({**CALL, "payload": "030 123456"}),
    buttons({"type": "account_link", "url": "/login"}),
    with_replies(reply(image_url="red.png")),
    with_replies(reply(icon=PAGE)),
    generic({"title": "t" * 81, "subtitle": "s"}),
    generic({"title": "t", "subtitle": "s" * 81}),
    generic({"title": "t", "subtitle": ""}),
    generic({"title": "t", "subtitle": "s", "image_url": "cat.png"}),
    generic({"title": "t", "subtitle": "s", "image": PAGE}),
    generic({"title": "t", "subtitle": "s", "default_action": LINK}),
    generic({"title": "t", "subtitle": "s", "default_action": {"type": "web_url", "url": "a"}}),
    generic({"subtitle": "no title"}),
    generic("element"),
]


@pytest.mark.parametrize("message", ACCEPTED)
def test_a_message_within_the_limits_is_accepted(message: Json) -> None:
    check_message(message)


@pytest.mark.parametrize("message", REFUSED)
def test_a_message_beyond_a_limit_is_error_100(message: Json) -> None:
    with pytest.raises(GraphError) as refused:
        check_message(message)
    assert refused.value.code == 100


@pytest.mark.parametrize(
    "message",
    [
        with_replies(*[reply()] * 14),
        buttons(*[POSTBACK] * 4),
        generic(*[{"title": "t", "subtitle": "s"}] * 11),
        generic({"title": "t", "buttons": [POSTBACK] * 4}),
    ],
)
def test_a_list_that_is_too_long_is_error_105(message: Json) -> None:
    with pytest.raises(GraphError) as refused:
        check_message(message)
    assert refused.value.code == 105


@pytest.mark.parametrize(
    "message", [with_replies(), generic(), generic({"title": "t", "subtitle": "s", "buttons": []})]
)
def test_an_empty_list_is_error_194(message: Json) -> None:
    with pytest.raises(GraphError) as refused:
        check_message(message)
    assert refused.value.code == 194


@pytest.mark.parametrize(
    ("message", "subcode"), [({"text": ""}, 2018034), (generic({"title": "t"}), 2018035)]
)
def test_what_shows_too_little_has_a_subcode_of_its_own(message: Json, subcode: int) -> None:
    with pytest.raises(GraphError) as refused:
        check_message(message)
    assert refused.value.subcode == subcode


@pytest.mark.parametrize("message", [buttons(CALL), generic({"title": "t", "buttons": [CALL]})])
def test_instagram_has_no_buttons_but_links_and_postbacks(message: Json) -> None:
    check_message(message)
    with pytest.raises(GraphError):
        check_instagram_message(message, text_in="bytes")


KEYS = (
    "text attachment attachments quick_replies metadata type payload template_type "
    "buttons elements title subtitle url content_type"
)
keys = st.sampled_from(KEYS.split())
words = st.sampled_from(["text", "template", "button", "generic", "postback", "image", "", "x"])
shapes = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
)


@given(st.dictionaries(keys, shapes))
def test_a_message_of_any_shape_is_accepted_or_refused_as_meta_does(message: Json) -> None:
    with suppress(GraphError):
        check_message(message)


@pytest.mark.parametrize("messaging_type", ["RESPONSE", "UPDATE", "UTILITY"])
def test_a_known_messaging_type_is_accepted(messaging_type: str) -> None:
    check_messaging_type({"messaging_type": messaging_type})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messaging_type": "response"},
        {"messaging_type": "MESSAGE_TAG"},
        {"messaging_type": "MESSAGE_TAG", "tag": "CONFIRMED_EVENT_UPDATE"},
        {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"},
        {"messaging_type": "MESSAGE_TAG", "tag": "POST_PURCHASE_UPDATE"},
    ],
)
def test_a_missing_or_unknown_type_and_a_dead_tag_are_error_100(body: Json) -> None:
    with pytest.raises(GraphError) as refused:
        check_messaging_type(body)
    assert refused.value.code == 100


@pytest.mark.parametrize(
    ("body", "human"),
    [
        ({"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, True),
        ({"messaging_type": "RESPONSE", "tag": "HUMAN_AGENT"}, False),
        ({"messaging_type": "MESSAGE_TAG", "tag": "CUSTOMER_FEEDBACK"}, False),
    ],
)
def test_only_a_message_tagged_human_agent_is_a_humans(body: Json, human: bool) -> None:
    check_messaging_type(body)
    assert is_human(body) is human


def test_a_sender_action_may_be_in_capitals() -> None:
    assert sender_action({"sender_action": "TYPING_ON"}) == "typing_on"


def test_a_sender_action_goes_alone_and_is_known() -> None:
    assert sender_action({"sender_action": "mark_seen"}) == "mark_seen"
    with pytest.raises(GraphError) as together:
        sender_action({"sender_action": "mark_seen", "message": {"text": "x"}})
    assert (together.value.code, together.value.subcode) == (100, 2018014)


def test_pass_metadata_is_held_to_1000_characters() -> None:
    check_pass_metadata(None)
    check_pass_metadata("x" * 1_000)
    with pytest.raises(GraphError):
        check_pass_metadata("x" * 1_001)


@pytest.mark.parametrize(
    ("text_in", "longest"),
    [("bytes", "x" * 1_000), ("bytes", "é" * 500), ("characters", "😀" * 999)],
)
def test_an_instagram_text_is_shorter_in_bytes_or_characters(
    text_in: Literal["bytes", "characters"], longest: str
) -> None:
    check_instagram_message({"text": longest}, text_in=text_in)
    with pytest.raises(GraphError) as refused:
        check_instagram_message({"text": longest + "x"}, text_in=text_in)
    assert refused.value.code == 100


def test_instagrams_quick_replies_come_with_plain_text_only() -> None:
    check_instagram_message(with_replies(*[reply()] * 13), text_in="bytes")
    check_instagram_message(buttons(POSTBACK), text_in="bytes")
    with pytest.raises(GraphError) as refused:
        check_instagram_message({**buttons(POSTBACK), "quick_replies": [reply()]}, text_in="bytes")
    assert refused.value.code == 100


@pytest.mark.parametrize("message", REFUSED)
def test_what_messenger_refuses_instagram_refuses_too(message: Json) -> None:
    with pytest.raises(GraphError) as refused:
        check_instagram_message(message, text_in="characters")
    assert refused.value.code == 100
