"""Bodies that are odd as a whole: what can be read of them is read."""

from __future__ import annotations

import json

import pytest

from channels.core.errors import MalformedDelivery
from channels.core.events import (
    Array,
)
from tests.unit.channels.webhook.delivery_samples import (
    PAGE,
    decoded,
    delivery,
    item,
    keys,
    message,
    texts,
    with_text,
)


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"{",
            b"hub.mode=subscribe",
            b"\xff",
            b"{} {}",
            b"NaN",
            b'{"object":"page","entry":[NaN]}',
            b'{"object":"page","entry":["\x01"]}',
            b'{"object":"page","entry":["\\ud8"]}',
            b"[" * 100_000,
        ],
        ids=range(11),
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

    def test_a_byte_order_mark_before_the_json_is_skipped(self) -> None:
        assert texts(b"\xef\xbb\xbf" + delivery(message())) == ["hello"]

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
        decoded(b'{"object": 7, "entry": {}}')
        assert caplog.messages == [
            f"A part of a delivery was left out (1 times): what is no {what}."
            for what in ("message", "text", "list")
        ]


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
