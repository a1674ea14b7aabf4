"""What Meta's payloads may look like besides the documented shapes, and what the keys are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels.core.briefing.turns import metadata_for_rasa, text_for_rasa
from channels.core.errors import MalformedDelivery
from channels.core.events import (
    Array,
    ControlPassed,
    ControlRequested,
    Echo,
    Event,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
)
from channels.webhook.decoding import decode_delivery

PAGE, USER = "11", "22"
SENT_MS = 1788000000000
SENT = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
NOW = SENT + timedelta(seconds=1)
NOBODY = [None, "null", ""]


def item(**changes: Any) -> dict[str, Any]:
    return {"sender": {"id": USER}, "recipient": {"id": PAGE}, "timestamp": SENT_MS, **changes}


def message(mid: str = "m_1", text: Any = "hello", **changes: Any) -> dict[str, Any]:
    return item(message={"mid": mid, "text": text, **changes})


def delivery(*items: Any, array: str = "messaging", page: Any = PAGE) -> bytes:
    body = {"object": "page", "entry": [{"id": page, "time": SENT_MS, array: list(items)}]}
    return json.dumps(body).encode()


def with_text(escaped: bytes) -> bytes:
    """A delivery whose text has these very bytes between its quotes."""
    return delivery(message(text="TEXT")).replace(b"TEXT", escaped)


def decoded(body: bytes) -> list[Event]:
    return decode_delivery(body, NOW)


def texts(body: bytes) -> list[str | None]:
    """What Rasa would read of a delivery of messages; of those that tell nothing, nothing."""
    events = decoded(body)
    assert all(isinstance(event, (UserMessage, SignOfLife, TakenBack)) for event in events)
    return [event.text for event in events if isinstance(event, UserMessage)]


def keys(body: bytes) -> list[str]:
    return [event.key for event in decoded(body)]


class TestIds:
    def test_numbers_become_texts(self) -> None:
        passed = item(
            sender={"id": 22},
            recipient={"id": 11},
            pass_thread_control={"previous_owner_app_id": 1, "new_owner_app_id": 2},
        )
        [event] = decoded(delivery(passed, page=11))
        assert isinstance(event, ControlPassed)
        assert event.thread == Thread(page="11", user="22")
        assert (event.previous_owner, event.new_owner) == ("1", "2")

    @pytest.mark.parametrize("nobody", NOBODY)
    def test_nobody_owns_the_thread_however_meta_writes_it(self, nobody: object) -> None:
        passed = item(
            pass_thread_control={"previous_owner_app_id": nobody, "new_owner_app_id": nobody}
        )
        [event] = decoded(delivery(passed))
        assert isinstance(event, ControlPassed)
        assert (event.previous_owner, event.new_owner) == (None, None)

    @pytest.mark.parametrize("odd", [True, 1.5, [], {"id": "1"}])
    def test_what_can_be_no_id_is_nobody(self, odd: object) -> None:
        asked = item(request_thread_control={"requested_owner_app_id": odd})
        [event] = decoded(delivery(asked))
        assert isinstance(event, ControlRequested)
        assert event.requested_owner is None

    @pytest.mark.parametrize("sender", [None, [], USER, {}, {"id": None}, {"id": "null"}])
    def test_an_event_without_a_user_is_left_out(self, sender: object) -> None:
        assert decoded(delivery({**message(), "sender": sender})) == []

    def test_the_page_is_the_entrys_id_whoever_the_recipient_is(self) -> None:
        [event] = decoded(delivery({**message(), "recipient": {"id": "99"}}))
        assert event.thread.page == PAGE

    def test_an_event_of_control_that_names_the_page_as_its_sender_is_the_users(self) -> None:
        swapped = item(
            sender={"id": PAGE}, recipient={"id": USER}, take_thread_control={"metadata": "x"}
        )
        [event] = decoded(delivery(swapped))
        assert event.thread == Thread(page=PAGE, user=USER)

    def test_what_the_page_wrote_is_an_echo_even_without_the_mark(self) -> None:
        unmarked = {**message(), "sender": {"id": PAGE}, "recipient": {"id": USER}}
        [event] = decoded(delivery(unmarked))
        assert isinstance(event, Echo)
        assert event.thread.user == USER


class TestTimestamps:
    @pytest.mark.parametrize("written", [SENT_MS, str(SENT_MS), float(SENT_MS)])
    def test_milliseconds_are_read_as_a_number_or_as_text(self, written: object) -> None:
        [event] = decoded(delivery({**message(), "timestamp": written}))
        assert (event.at, event.received_at) == (SENT, NOW)

    @pytest.mark.parametrize(
        "written",
        [
            None,
            "null",
            "",
            "soon",
            True,
            [],
            {},
            0,
            -1,
            SENT_MS // 1000,  # seconds
            10**30,
            str(10**30),
            "9" * 5000,
            SENT_MS + 86_400_000,  # tomorrow
        ],
    )
    def test_an_impossible_time_is_the_time_of_receipt(self, written: object) -> None:
        [event] = decoded(delivery({**message(), "timestamp": written}))
        assert event.at == NOW

    def test_a_clock_of_ours_that_is_behind_leaves_metas_time_as_it_is(self) -> None:
        an_hour_ahead = SENT_MS + 3_600_000
        [event] = decoded(delivery({**message(), "timestamp": an_hour_ahead}))
        assert event.at == SENT + timedelta(hours=1)

    def test_a_missing_time_is_the_time_of_receipt(self) -> None:
        undated = message()
        del undated["timestamp"]
        [event] = decoded(delivery(undated))
        assert event.at == NOW


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"{",
            b"hub.mode=subscribe",
            b"\xff",
            b"\xef\xbb\xbf{}",
            b"{} {}",
            b"NaN",
            b'{"object":"page","entry":[NaN]}',
            b'{"object":"page","entry":["\x01"]}',
            b'{"object":"page","entry":["\\ud8"]}',
            b"[" * 100_000,
        ],
        ids=range(12),
    )
    def test_what_is_not_json_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedDelivery, match="not JSON"):
            decoded(body)

    @pytest.mark.parametrize(
        "body",
        [
            b"[]",
            b"1",
            b'"page"',
            b"true",
            b"null",
            b"{}",
            b'{"object":"page"}',
            b'{"object":"page","entry":null}',
            b'{"object":"page","entry":{}}',
            b'{"object":"page","entry":[]}',
            b'{"object":"page","entry":[null,1,"x",[],{}]}',
            b'{"object":"page","entry":[{"id":"11"}]}',
            b'{"object":"page","entry":[{"id":"11","messaging":null,"standby":{}}]}',
            b'{"object":"page","entry":[{"id":"11","messaging":[null,1,"x",[],{}]}]}',
            b'{"object":"page","entry":[{"id":"11","changes":[null,{},{"value":1}]}]}',
            b'{"object":7,"entry":[]}',
            b'{"object":"\\ud800"}',
        ],
    )
    def test_json_without_events_is_no_error(self, body: bytes) -> None:
        assert decoded(body) == []

    @pytest.mark.parametrize("object_", ["whatsapp_business_account", "user", "", None, 1])
    def test_another_object_than_page_or_instagram_has_nothing_for_us(
        self, object_: object
    ) -> None:
        entry = {"id": PAGE, "messaging": [message()]}
        body = json.dumps({"object": object_, "entry": [entry]}).encode()
        assert decoded(body) == []

    def test_an_entry_without_messaging_is_read_for_its_standby(self) -> None:
        [event] = decoded(delivery(message(), array="standby"))
        assert event.array is Array.STANDBY

    def test_an_entry_without_a_page_is_left_out(self) -> None:
        assert decoded(delivery(message(), page=None)) == []


class TestSeveralEvents:
    def test_all_entries_and_all_their_events_come_in_metas_order(self) -> None:
        entries = [
            {"id": PAGE, "messaging": [message("m_1", "1"), message("m_2", "2")]},
            {"id": PAGE, "standby": [message("m_3", "3")]},
            {"id": PAGE, "messaging": [message("m_4", "4")]},
        ]
        assert texts(json.dumps({"object": "page", "entry": entries}).encode()) == list("1234")

    def test_a_thousand_events_are_all_decoded(self) -> None:
        sent = [message(f"m_{number}", str(number)) for number in range(1000)]
        assert texts(delivery(*sent)) == [str(number) for number in range(1000)]

    @pytest.mark.parametrize(
        "alien",
        [
            None,
            7,
            [],
            {"new_event": {"x": 1}},
            item(new_event={"x": 1}),
            item(message=[]),
            item(message="secret words"),
            item(message={}),
            item(postback={}),
            item(postback="secret words"),
            item(pass_thread_control=[]),
        ],
    )
    def test_an_alien_event_does_not_take_its_neighbours_along(self, alien: object) -> None:
        assert texts(delivery(message("m_1", "1"), alien, message("m_2", "2"))) == ["1", "2"]

    def test_an_alien_entry_does_not_take_its_neighbours_along(self) -> None:
        entries = [{"id": {}}, {"id": PAGE, "messaging": [message()]}]
        assert texts(json.dumps({"object": "page", "entry": entries}).encode()) == ["hello"]

    def test_what_can_not_be_read_is_logged_without_its_words(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        decoded(delivery(item(message=["secret words"])))
        assert "A part of a delivery was left out" in caplog.text
        assert "secret words" not in caplog.text


def test_a_mid_of_any_length_makes_a_key_that_an_index_can_hold() -> None:
    (event,) = decoded(delivery(item(message={"mid": "m" * 5000, "text": "hi"})))
    assert len(event.key) < 600


class TestOddFields:
    @pytest.mark.parametrize("odd", [None, 1, 1.5, True, "x", [], {}, [{}], {"id": {}}])
    @pytest.mark.parametrize(
        "field", ["recipient", "timestamp", "postback", "pass_thread_control", "new_field"]
    )
    def test_an_odd_field_beside_a_message_does_not_lose_it(self, field: str, odd: object) -> None:
        assert texts(delivery({**message(), field: odd})) == ["hello"]

    @pytest.mark.parametrize("odd", [None, 1, 1.5, True, "x", [], {}, [{}, 7], {"payload": 7}])
    @pytest.mark.parametrize(
        "field", ["mid", "quick_reply", "attachments", "app_id", "metadata", "reply_to", "nlp"]
    )
    def test_an_odd_field_of_a_message_does_not_lose_its_text(self, field: str, odd: Any) -> None:
        assert texts(delivery(message(**{field: odd}))) == ["hello"]

    @pytest.mark.parametrize("number", [b"1e999", b"9" * 5000])
    def test_a_number_that_nothing_can_hold_does_not_lose_a_text(self, number: bytes) -> None:
        located = message(attachments=[{"type": "location", "payload": {"lat": "LAT"}}])
        assert texts(delivery(located).replace(b'"LAT"', number)) == ["hello"]

    def test_a_nest_that_is_read_by_nobody_does_not_lose_a_text(self) -> None:
        nest = b"[" * 200 + b"]" * 200
        assert texts(delivery(message(nlp="NEST")).replace(b'"NEST"', nest)) == ["hello"]

    @pytest.mark.parametrize("payload", [None, "", 7, {}, []])
    def test_a_message_with_nothing_but_an_odd_quick_reply_is_left_out(
        self, payload: object
    ) -> None:
        assert texts(delivery(message(text=None, quick_reply={"payload": payload}))) == []

    @pytest.mark.parametrize("mark", ["is_deleted", "is_unsupported", "ai_generated"])
    def test_a_marked_message_is_left_out_even_with_a_text(self, mark: str) -> None:
        marked: dict[str, Any] = {mark: True}
        assert texts(delivery(message(**marked))) == []
        marked[mark] = False
        assert texts(delivery(message(**marked))) == ["hello"]

    @pytest.mark.parametrize(
        "kind",
        [
            *("audio", "file", "image", "sticker", "video", "fallback", "reel", "ig_reel"),
            *("post", "ig_post", "appointment_booking", "template", "not_known_yet"),
        ],
    )
    def test_attachments_of_every_type_are_kept(self, kind: str) -> None:
        sent = {"type": kind, "payload": {"url": "https://cdn.example/x"}}
        [event] = decoded(delivery(message(attachments=[sent])))
        assert isinstance(event, UserMessage)
        [attachment] = event.attachments
        assert (attachment.type, attachment.url) == (kind, "https://cdn.example/x")

    @pytest.mark.parametrize("payload", [None, {}, [], "BLOB", 7])
    def test_a_shared_link_is_told_by_what_stands_beside_its_payload(self, payload: object) -> None:
        link = {
            "type": "fallback",
            "title": "Hours",
            "url": "https://x.example/",
            "payload": payload,
        }
        [event] = decoded(delivery(message(text=None, attachments=[link])))
        assert isinstance(event, UserMessage)
        assert text_for_rasa(event) == "https://x.example/"
        assert metadata_for_rasa(event)["attachments"] == [
            {"type": "fallback", "payload": {"url": "https://x.example/", "title": "Hours"}}
        ]

    @pytest.mark.parametrize("payload", [{"url": None}, {"title": "Hours"}, {"id": "7"}])
    def test_an_address_beside_a_payload_without_one_counts(self, payload: object) -> None:
        link = {"type": "fallback", "title": None, "url": "https://x.example/", "payload": payload}
        [event] = decoded(delivery(message(text=None, attachments=[link])))
        assert isinstance(event, UserMessage)
        assert text_for_rasa(event) == "https://x.example/"

    @pytest.mark.parametrize(
        "told",
        [
            {"payload": {"product": {"elements": [{"id": "7", "title": "Rye bread"}]}}},
            {"title": "Rye bread", "payload": {"template_type": "generic", "elements": []}},
        ],
    )
    def test_a_shared_product_is_told_by_its_name(self, told: dict[str, Any]) -> None:
        [event] = decoded(delivery(message(text=None, attachments=[{"type": "template", **told}])))
        assert isinstance(event, UserMessage)
        assert text_for_rasa(event) == "Rye bread"

    @pytest.mark.parametrize("product", [None, 7, [], {}, {"elements": [7]}, {"elements": [{}]}])
    def test_a_product_in_an_odd_shape_is_a_template(self, product: object) -> None:
        sent = {"type": "template", "payload": {"product": product}}
        [event] = decoded(delivery(message(text=None, attachments=[sent])))
        assert isinstance(event, UserMessage)
        assert text_for_rasa(event) == "template"

    def test_a_link_without_an_address_is_told_by_its_title(self) -> None:
        link = {"type": "fallback", "title": "Hours", "url": None, "payload": None}
        [event] = decoded(delivery(message(text=None, attachments=[link])))
        assert isinstance(event, UserMessage)
        assert text_for_rasa(event) == "Hours"

    @pytest.mark.parametrize("payload", [None, {}, "", 7, {"url": None}])
    def test_a_link_that_tells_nothing_is_a_sign_of_life(self, payload: object) -> None:
        link = {"type": "fallback", "title": None, "url": None, "payload": payload}
        [event] = decoded(delivery(message(text=None, attachments=[link])))
        assert isinstance(event, SignOfLife)

    @pytest.mark.parametrize(
        ("kind", "address", "text"),
        [
            ("fallback", "/l.php?u=x", "https://www.facebook.com/l.php?u=x"),
            ("reel", "/reel/12/", "https://www.facebook.com/reel/12/"),
            ("ig_reel", "/reel/12/", "https://www.instagram.com/reel/12/"),
            ("image", "//cdn.example/x.jpg", "https://cdn.example/x.jpg"),
            ("fallback", "My Documents/x.doc", "My Documents/x.doc"),
            ("image", "HTTPS://cdn.example/x", "HTTPS://cdn.example/x"),
        ],
    )
    def test_a_relative_address_keeps_its_slash(self, kind: str, address: str, text: str) -> None:
        sent = {"type": kind, "payload": {"url": address}}
        [event] = decoded(delivery(message(text=None, attachments=[sent])))
        assert isinstance(event, UserMessage)
        assert text_for_rasa(event) == text
        assert metadata_for_rasa(event)["attachments"][0]["payload"] == {"url": address}

    @pytest.mark.parametrize("odd", [None, "x", 7, [], {}, [{"ref": "x"}]])
    def test_what_is_told_of_a_message_in_an_odd_shape_is_left_out(self, odd: object) -> None:
        sent = message(referral=odd, reply_to=odd, sticker_id=[odd])
        [event] = decoded(delivery({**sent, "prior_message": odd}))
        assert isinstance(event, UserMessage)
        assert event.context == {}

    def test_two_images_and_two_stickers_that_differ_all_stay(self) -> None:
        listed = [
            {"type": kind, "payload": {"url": f"https://cdn.example/{kind}{n}", "sticker_id": n}}
            for kind in ("image", "sticker")
            for n in ((1, 2) if kind == "image" else ("3", 4))
        ]
        [event] = decoded(delivery(message(attachments=listed)))
        assert isinstance(event, UserMessage)
        assert len(event.attachments) == 4

    @pytest.mark.parametrize("url", ["https://bad[", "//[", "/[x", "http://[::1"])
    def test_an_address_that_is_none_loses_nothing(self, url: str) -> None:
        [event] = decoded(delivery(message(attachments=[{"type": "x", "payload": {"url": url}}])))
        assert isinstance(event, UserMessage)
        assert event.text == "hello"

    @pytest.mark.parametrize("payload", [None, [], "x", 7, {"url": None}, {"url": 7}])
    def test_an_attachment_without_a_url_is_kept(self, payload: object) -> None:
        [event] = decoded(delivery(message(attachments=[{"payload": payload}])))
        assert isinstance(event, UserMessage)
        assert [(one.type, one.url) for one in event.attachments] == [("unknown", None)]

    @pytest.mark.parametrize(
        ("written", "number"),
        [("37", 37), (3, 3), (2.0, 2), (None, 1), ("x", 1), ([], 1), (-1, None), ("0", None)],
    )
    def test_the_number_of_an_edit_may_be_a_text(self, written: object, number: int | None) -> None:
        edit = {"mid": "m_1", "text": "hello", "num_edit": written}
        told = [event.number for event in decoded(delivery(item(message_edit=edit)))]  # type: ignore[union-attr]
        assert told == ([] if number is None else [number])

    @pytest.mark.parametrize(
        "edit", [{}, {"mid": "m_1"}, {"text": "hello"}, {"mid": None, "text": "x"}, [], "x", 7]
    )
    def test_an_edit_of_nothing_or_to_nothing_is_left_out(self, edit: object) -> None:
        assert decoded(delivery(item(message_edit=edit))) == []

    def test_a_deletion_without_a_mid_says_nothing(self) -> None:
        assert decoded(delivery(message(None, is_deleted=True))) == []  # type: ignore[arg-type]

    @pytest.mark.parametrize("odd", [None, "x", 7, [], {}])
    def test_an_act_of_which_nothing_is_told_is_left_out(self, odd: object) -> None:
        assert decoded(delivery(item(optin=odd, referral=odd, account_linking=odd))) == []


class TestCharacters:
    """JSON may hold what UTF-8 and PostgreSQL can't: U+FFFD stands in for it."""

    @pytest.mark.parametrize(
        ("escaped", "text"),
        [
            (rb"a\ud83d\ude00b", "a😀b"),
            (rb"a\uD83D\uDE00b", "a😀b"),
            (rb"a\ud83d", "a\ufffd"),
            (rb"a\ud83d b", "a\ufffd b"),
            (rb"a\uDE00b", "a\ufffdb"),
            (rb"\ude00\ud83d", "\ufffd\ufffd"),
            (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
            (rb"\ud83d\u0041", "\ufffdA"),
            (rb"\\ud83d \" \/ \ud83d", '\\ud83d " / \ufffd'),
            (b"a\xffb", "a\ufffdb"),
            ("ä😀".encode(), "ä😀"),
            (rb"a\u0000b", "a\ufffdb"),
        ],
    )
    def test_a_text_keeps_all_that_is_a_character(self, escaped: bytes, text: str) -> None:
        assert texts(with_text(escaped)) == [text]

    def test_half_an_emoji_in_one_event_changes_no_key_of_another(self) -> None:
        sound, broken = item(postback={"title": "Menü/"}), message(text="CUT")
        alone = delivery(sound)
        together = delivery(sound, broken).replace(b"CUT", rb"\ud83d")
        assert keys(together)[0] == keys(alone)[0]

    def test_nul_in_an_id_is_replaced_too(self) -> None:
        [event] = decoded(delivery(message(mid="m\0")))
        assert event.key == "11/messaging/m\ufffd"


class TestKeys:
    def test_a_key_holds_page_array_and_mid(self) -> None:
        assert keys(delivery(message("m_7"))) == ["11/messaging/m_7"]

    def test_taking_back_and_editing_have_keys_of_their_own(self) -> None:
        edit = {"mid": "m_7", "text": "hi"}
        edits = [item(message_edit={**edit, "num_edit": number}) for number in (1, 2)]
        told = keys(delivery(message("m_7"), message("m_7", is_deleted=True), *edits))
        assert len(set(told)) == 4

    def test_the_same_event_in_two_deliveries_has_the_same_key(self) -> None:
        tap = item(postback={"title": "Menu", "payload": "/menu"})
        assert keys(delivery(tap)) == keys(delivery(message(), tap))[1:]

    @pytest.mark.parametrize("event", [message(), item(postback={"title": "Menu"})])
    def test_the_same_event_in_both_arrays_has_two_keys(self, event: dict[str, Any]) -> None:
        assert keys(delivery(event)) != keys(delivery(event, array="standby"))

    @pytest.mark.parametrize("event", [message(), item(postback={"title": "Menu"})])
    def test_the_same_event_of_two_pages_has_two_keys(self, event: dict[str, Any]) -> None:
        assert keys(delivery(event)) != keys(delivery(event, page="12"))

    @pytest.mark.parametrize("mid", [None, "", 7])
    def test_two_events_without_a_mid_have_two_keys(self, mid: object) -> None:
        first, second = (message(mid, text) for text in ("1", "2"))  # type: ignore[arg-type]
        assert len(set(keys(delivery(first, second)))) == 2

    def test_a_tap_of_the_same_button_later_is_another_event(self) -> None:
        tap = item(postback={"title": "Menu"})
        later = {**tap, "timestamp": SENT_MS + 1}
        assert len(set(keys(delivery(tap, later)))) == 2
