"""Events with odd fields: no field that nobody needs costs an event."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.briefing.turns import metadata_for_rasa, text_for_rasa
from channels.core.events import (
    Echo,
    SignOfLife,
    UserMessage,
)
from tests.unit.channels.webhook.delivery_samples import (
    decoded,
    delivery,
    item,
    message,
    texts,
)


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
        for unset in (False, "false", "False", "0", 0, None):
            marked[mark] = unset
            assert texts(delivery(message(**marked))) == ["hello"]

    def test_a_notice_of_metas_is_nobodys_words(self) -> None:
        notice = {"is_echo": True, "admin_text": "The conversation was handed back."}
        assert decoded(delivery(item(message=notice))) == []

    @pytest.mark.parametrize(
        ("fields", "by_ai"),
        [
            ({"ai_generated": "true"}, True),
            ({"ai_generated": "false"}, False),
            ({"metadata": '{"source": "axon"}'}, True),
            ({"metadata": '{"source":"axon","v":1}'}, True),
            ({"metadata": '{"source":"desk"}'}, False),
            ({"metadata": {"source": "axon"}}, True),
            ({"metadata": '{\n  "source" :\t"Axon"\n}'}, True),
            ({"metadata": {"source": "desk", "name": "axon"}}, False),
            ({}, False),
        ],
    )
    def test_an_echo_of_metas_ai_is_known_by_its_flag_or_its_metadata(
        self, fields: dict[str, Any], by_ai: bool
    ) -> None:
        [echo] = decoded(delivery(message(is_echo=True, **fields)))
        assert isinstance(echo, Echo)
        assert echo.by_ai is by_ai

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
            {"payload": {"generic": {"elements": [{"title": "Rye bread", "subtitle": "New"}]}}},
            {"payload": {"template_type": "generic", "elements": [{"title": "Rye bread"}]}},
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

    @pytest.mark.parametrize("parts", [{}, {"text": ""}, {"text": 7}, {"attachments": []}])
    def test_a_message_that_shows_nothing_is_a_sign_of_life(self, parts: dict[str, Any]) -> None:
        [event] = decoded(delivery(message(**{"text": None, **parts})))
        assert isinstance(event, SignOfLife)

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
