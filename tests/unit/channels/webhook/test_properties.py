"""What holds for every delivery: nothing makes decoding fail, and each event can be stored."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timezone
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.core.briefing.turns import metadata_for_rasa, text_for_rasa
from channels.core.errors import MalformedDelivery
from channels.core.events import Event, Postback, UserMessage
from channels.webhook.decoding import decode_delivery

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
EVENT: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # busy machines

texts = st.text(st.characters(codec=None), max_size=20)  # lone surrogates too
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts | st.sampled_from(["null", "11", "/x"])
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


def mostly_as(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 19).flatmap(lambda chance: json_values if chance == 19 else part)


def meta_object(*fields: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object of Meta's: `parts` are mostly as documented, `fields` are anything at all."""
    mostly = {name: mostly_as(part) for name, part in parts.items()}
    anything = dict.fromkeys((*fields, "new_field"), json_values)
    return st.fixed_dictionaries(mostly, optional=anything)


ids = st.sampled_from(["22", 22])
senders = meta_object(id=st.sampled_from(["22", 22, "33", "11"]))  # 11 is the page itself
kinds = {
    "message": meta_object(
        *("mid", "is_echo", "app_id", "metadata", "is_unsupported", "is_deleted", "is_self"),
        *("referral", "reply_to", "sticker_id"),
        text=texts,
        quick_reply=st.none() | meta_object(payload=texts),
        attachments=st.lists(
            meta_object("url", "title", type=texts, payload=meta_object(url=texts)), max_size=3
        ),
    ),
    "postback": meta_object("mid", "referral", title=texts, payload=texts),
    "message_edit": meta_object("num_edit", mid=texts, text=texts),
    "optin": meta_object("ref", "user_ref", "payload"),
    "referral": meta_object("ref", "ad_id"),
    "account_linking": meta_object("authorization_code", status=texts),
    "pass_thread_control": meta_object("metadata", previous_owner_app_id=ids, new_owner_app_id=ids),
    "take_thread_control": meta_object("metadata", previous_owner_app_id=ids, new_owner_app_id=ids),
    "request_thread_control": meta_object("metadata", requested_owner_app_id=ids),
}
items = st.sampled_from(sorted(kinds)).flatmap(
    lambda kind: meta_object(
        *("timestamp", "prior_message", *(kinds.keys() - {kind})),
        **{"sender": senders, "recipient": meta_object(id=ids), kind: kinds[kind]},
    )
)
arrays = st.lists(items, max_size=1)
wrapped = st.lists(meta_object("field", value=items), max_size=1)
entries = meta_object("time", id=st.just("11"), messaging=arrays, standby=arrays, changes=wrapped)
deliveries = entries.map(lambda entry: {"object": "page", "entry": [entry]})


def decode(delivery: object) -> list[Event]:
    return decode_delivery(json.dumps(delivery).encode(), NOW)


def decode_unless_malformed(body: bytes) -> None:
    with contextlib.suppress(MalformedDelivery):
        decode_delivery(body, NOW)


@given(st.binary())
def test_any_bytes_are_decoded_or_malformed(body: bytes) -> None:
    decode_unless_malformed(body)


@patient
@given(deliveries, st.data())
def test_a_delivery_with_changed_bytes_is_decoded_or_malformed(
    delivery: object, data: st.DataObject
) -> None:
    body = bytearray(json.dumps(delivery).encode())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    decode_unless_malformed(bytes(body))


@given(json_values)
def test_any_json_at_all_is_no_error(delivery: object) -> None:
    assert decode(delivery) == []


@patient
@given(deliveries)
def test_every_event_comes_back_from_the_store_as_it_was(delivery: object) -> None:
    for event in decode(delivery):
        assert EVENT.decode(msgspec.json.encode(event)) == event


@patient
@given(deliveries)
def test_no_event_holds_what_utf8_or_postgresql_can_not_hold(delivery: object) -> None:
    for event in decode(delivery):
        for part in (event.thread.key, *msgspec.structs.asdict(event).values()):
            if isinstance(part, str):
                assert "\0" not in part
                part.encode()


@patient
@given(deliveries)
def test_rasa_can_be_told_of_everything_that_a_user_says(delivery: object) -> None:
    for event in decode(delivery):
        if isinstance(event, (UserMessage, Postback)):
            assert text_for_rasa(event)
            json.dumps(metadata_for_rasa(event)).encode()


@patient
@given(st.text(min_size=1), items)
def test_whatever_else_a_message_holds_its_text_arrives(text: str, item: dict[str, Any]) -> None:
    rest = item.get("message")
    message = {**(rest if isinstance(rest, dict) else {}), "text": text}
    for mark in ("is_echo", "is_deleted", "is_unsupported", "is_self", "ai_generated"):
        message.pop(mark, None)
    entry = {"id": "11", "messaging": [{**item, "sender": {"id": "22"}, "message": message}]}
    [event] = decode({"object": "page", "entry": [entry]})
    assert isinstance(event, UserMessage)
    assert event.text == text.replace("\0", "\ufffd")
