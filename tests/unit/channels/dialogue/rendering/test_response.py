"""A response as a whole, its text, its custom messages, and what differs on Instagram."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import msgspec
import pytest
from rasa.shared.core.events import BotUttered

from channels.core.meta.limits import INSTAGRAM, MESSENGER
from channels.dialogue.rendering.fitting import LONGEST_TEXT, MOST_ITEMS
from channels.dialogue.rendering.response import render
from tests.unit.channels.dialogue.rendering.rendering_samples import (
    generic_template,
    media,
    messages,
    notes,
    quick_replies,
)


class TestResponse:
    def test_the_parts_come_in_rasas_order(self) -> None:
        response = {
            "elements": [{"title": "Card", "subtitle": "last"}],
            "attachment": "https://example.com/terms.pdf",
            "image": "https://example.com/cat.png",
            "custom": {"text": "custom"},
            "text": "text",
        }
        assert messages(response) == [
            {"text": "text"},
            {"text": "custom"},
            media("image", "https://example.com/cat.png"),
            media("file", "https://example.com/terms.pdf"),
            generic_template({"title": "Card", "subtitle": "last"}),
        ]

    def test_what_rasa_mixes_in_is_no_part_of_a_message(self) -> None:
        uttered = BotUttered("Hello", {"buttons": []}, {"utter_action": "utter_greet"}, 1.0)
        assert messages(uttered.message()) == [{"text": "Hello"}]

    @pytest.mark.parametrize(
        "response",
        [
            {},
            {"text": None, "buttons": None, "custom": None},
            {"text": "", "buttons": [], "quick_replies": [], "elements": [], "custom": {}},
            {"text": " \n "},
        ],
    )
    def test_nothing_to_send_is_no_message_and_no_note(self, response: dict[str, Any]) -> None:
        rendered = render(response)
        assert (rendered.messages, rendered.notes) == ((), ())

    def test_the_response_is_not_changed(self) -> None:
        response = {
            "text": "Choose",
            "buttons": [{"title": "A title that is far too long", "payload": "/a"}] * 5,
            "quick_replies": [{"title": "Red", "type": "postback"}],
            "custom": {"sender": {"id": "1"}, "message": {"text": "hi", "quick_replies": []}},
            "elements": [{"title": "Card", "buttons": [{"title": "More", "payload": "/more"}]}],
        }
        before = copy.deepcopy(response)
        render(response)
        assert response == before

    def test_other_limits_can_be_passed_in(self) -> None:
        limits = msgspec.structs.replace(MESSENGER, text=5)
        assert render({"text": "Hello there"}, limits).messages == (
            {"text": "Hello"},
            {"text": "there"},
        )

    def test_lone_surrogates_are_replaced_so_that_utf8_can_carry_the_message(self) -> None:
        response = {"custom": {"text": "a\ud83d", "quick_replies": [{"title": "b\ud83d"}]}}
        msgspec.json.encode(render(response).messages)
        assert "custom holds surrogates, which UTF-8 can't carry" in notes(response)

    def test_what_a_domain_may_hold_and_json_may_not_is_sent_as_text(self) -> None:
        response = {"custom": {"text": "hi", "day": date(2026, 10, 1), 1: {2: "a", "b": True}}}
        assert messages(response) == [
            {"text": "hi", "day": "2026-10-01", "1": {"2": "a", "b": True}}
        ]
        assert notes(response) == "custom holds a date, which JSON lacks: it is now a text."

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
    def test_a_number_that_json_lacks_is_not_sent_as_null(self, number: float) -> None:
        [message] = messages({"custom": {"text": "hi", "price": number}})
        assert message["price"] == str(number)

    @pytest.mark.parametrize("part", ["text", "buttons", "custom", "image", "elements"])
    @pytest.mark.parametrize("levels", [1, 10_000], ids=["holds itself", "deep"])
    def test_what_has_no_bottom_is_left_out_of_a_complete_response(
        self, part: str, levels: int
    ) -> None:
        top: dict[str, Any] = {}
        bottom = top
        for _ in range(levels):
            bottom["text"] = bottom = {}
        bottom["text"] = top if levels == 1 else "hi"
        response = {"attachment": "hello", part: [top]}
        assert messages(response) == [{"text": "Attachment: hello"}]
        assert (
            notes(response) == f"{part} was left out: it is nested too deeply, or contains itself."
        )


class TestText:
    def test_a_blank_line_begins_a_new_message(self) -> None:
        assert messages({"text": "One.\n\nTwo,\nand\n\n\n\nthree."}) == [
            {"text": "One."},
            {"text": "Two,\nand"},
            {"text": "three."},
        ]

    def test_a_text_with_choices_is_one_message(self) -> None:
        [message] = messages({"text": "One.\n\nTwo?", "quick_replies": quick_replies(2)})
        assert message["text"] == "One.\n\nTwo?"

    def test_1999_characters_are_one_message(self) -> None:
        assert messages({"text": "x" * 1999}) == [{"text": "x" * 1999}]

    def test_2000_characters_are_two_messages(self) -> None:
        assert messages({"text": "x" * 2000}) == [{"text": "x" * 1999}, {"text": "x"}]

    def test_very_many_paragraphs_share_messages(self) -> None:
        assert len(messages({"text": "x\n\n" * 1000})) == 2

    @pytest.mark.parametrize(
        "response", [{"text": "x " * 10**6}, {"custom": {"text": "x" * 10**6}}]
    )
    def test_of_a_text_that_nobody_can_read_the_beginning_is_sent(
        self, response: dict[str, Any]
    ) -> None:
        sent = "".join(message["text"] for message in messages(response))
        assert 20_000 <= len(sent) <= LONGEST_TEXT
        assert sent.endswith("…")
        assert "and was cut after" in notes(response)

    def test_of_a_list_that_nobody_can_look_through_the_beginning_is_sent(self) -> None:
        cards = [{"title": f"Card {i}", "subtitle": "x"} for i in range(MOST_ITEMS + 1)]
        assert len(messages({"elements": cards})) == MOST_ITEMS / 10
        assert f"elements has {MOST_ITEMS + 1} items" in notes({"elements": cards})

    def test_a_number_is_sent_as_text(self) -> None:
        assert messages({"text": 42}) == [{"text": "42"}]

    def test_what_is_no_text_is_left_out_and_the_rest_is_sent(self) -> None:
        response = {"text": {"en": "Hi"}, "image": "https://example.com/cat.png"}
        assert messages(response) == [media("image", "https://example.com/cat.png")]
        assert notes(response) == ("text was left out: its value must be a text, but is an object.")


class TestCustom:
    def test_a_message_object_is_sent_as_it_is(self) -> None:
        custom = {"attachment": {"type": "template", "payload": {"template_type": "receipt"}}}
        assert messages({"custom": custom}) == [custom]

    def test_each_of_a_list_is_sent(self) -> None:
        assert messages({"custom": [{"text": "a"}, {"text": "b"}]}) == [
            {"text": "a"},
            {"text": "b"},
        ]

    def test_a_long_text_is_split_and_the_rest_stays_with_the_last_piece(self) -> None:
        custom = {"text": "x" * 2500, "quick_replies": quick_replies(1), "metadata": "m"}
        assert messages({"custom": custom}) == [
            {"text": "x" * 1999},
            {"text": "x" * 501, "metadata": "m", "quick_replies": quick_replies(1)},
        ]

    def test_a_request_is_unwrapped_and_what_the_channel_sets_is_refused(self) -> None:
        custom = {
            "recipient": {"id": "1"},
            "messaging_type": "MESSAGE_TAG",
            "tag": "HUMAN_AGENT",
            "message": {"text": "hi"},
        }
        assert messages({"custom": custom}) == [{"text": "hi"}]
        assert notes({"custom": custom}) == (
            "custom can't set messaging_type, recipient, tag, which the channel sets: left out."
        )

    def test_a_bare_message_cannot_be_tagged_either(self) -> None:
        custom = {"text": "hi", "tag": "HUMAN_AGENT", "sender": {"id": "2"}}
        assert messages({"custom": custom}) == [{"text": "hi"}]
        assert "custom can't set sender, tag" in notes({"custom": custom})

    def test_unknown_keys_beside_a_message_are_left_out_with_a_note(self) -> None:
        custom = {"message": {"text": "hi"}, "delay": 5}
        assert messages({"custom": custom}) == [{"text": "hi"}]
        assert "keys beside its message" in notes({"custom": custom})

    def test_text_and_attachment_are_sent_one_after_the_other(self) -> None:
        picture = media("image", "https://example.com/cat.png")
        custom = {"text": "Look", **picture, "quick_replies": quick_replies(1)}
        assert messages({"custom": custom}) == [
            {"text": "Look"},
            {**picture, "quick_replies": quick_replies(1)},
        ]
        assert "sent as two" in notes({"custom": custom})

    def test_quick_replies_beyond_thirteen_are_left_out_with_a_note(self) -> None:
        response = {"custom": {"text": "?", "quick_replies": quick_replies(15)}}
        assert messages(response) == [{"text": "?", "quick_replies": quick_replies(13)}]
        assert "custom.quick_replies has 2 more than a message can carry" in notes(response)

    @pytest.mark.parametrize("metadata", ["m" * 950, "m" * 1000, {"a": 1}])
    def test_metadata_that_meta_would_refuse_is_left_out(self, metadata: Any) -> None:
        response = {"custom": {"text": "hi", "metadata": metadata}}
        assert messages(response) == [{"text": "hi"}]
        assert "custom.metadata was left out" in notes(response)

    @pytest.mark.parametrize(
        ("custom", "reason"),
        [
            ("hi", "it must be an object with keys and values, but is a text."),
            ({"message": "hi"}, "its message must be an object with keys and values"),
            ({"card": 1}, "it has neither text nor attachment; write it as in the Send API."),
            ({"quick_replies": []}, "it has neither text nor attachment"),
            ({"attachment": "https://example.com/cat.png"}, "its attachment must be an object"),
        ],
    )
    def test_one_that_cannot_be_sent_is_left_out_and_the_others_are_sent(
        self, custom: Any, reason: str
    ) -> None:
        response = {"custom": [custom, {"text": "hi"}]}
        assert messages(response) == [{"text": "hi"}]
        assert notes(response).startswith(f"custom[0] was left out: {reason}")


class TestInstagram:
    def test_a_text_is_split_by_its_bytes(self) -> None:
        rendered = render({"text": "é" * 800}, INSTAGRAM)
        assert [len(message["text"].encode()) for message in rendered.messages] == [998, 602]

    def test_quick_replies_never_ride_on_an_image(self) -> None:
        response = {
            "text": "Look",
            "image": "https://example.com/i.png",
            "quick_replies": [{"title": "Nice", "payload": "/rate_good"}],
        }
        text, image, choices = render(response, INSTAGRAM).messages
        assert "quick_replies" not in text
        assert "quick_replies" not in image
        assert choices["text"] == "Nice"
        assert choices["quick_replies"][0]["payload"] == "/rate_good"

    def test_nor_do_those_of_a_custom_message(self) -> None:
        nice = {"content_type": "text", "title": "Nice", "payload": "/rate_good"}
        image = media("image", "https://example.com/i.png")
        rendered = render({"custom": {**image, "quick_replies": [nice]}}, INSTAGRAM)
        assert list(rendered.messages) == [image, {"text": "Nice", "quick_replies": [nice]}]


class TestPersonas:
    @pytest.mark.parametrize(
        "custom",
        [
            {"persona_id": "77", "message": {"text": "Hi"}},
            {"persona_id": 77, "text": "Hi"},
            {"message": {"text": "Hi", "persona_id": "77"}},
        ],
    )
    def test_a_persona_passes_through(self, custom: dict[str, Any]) -> None:
        assert messages({"custom": custom}) == [{"text": "Hi", "persona_id": "77"}]
        assert notes({"custom": custom}) == ""

    def test_a_persona_of_the_whole_response_says_all_of_it(self) -> None:
        told = messages({"text": "Hi", "image": "https://i", "persona_id": 77})
        assert [message["persona_id"] for message in told] == ["77", "77"]
        custom = {"persona_id": "78", "text": "Me"}
        told = messages({"text": "Hi", "custom": custom, "persona_id": "77"})
        assert [message["persona_id"] for message in told] == ["77", "78"]

    def test_instagram_has_no_persona_for_a_response_either(self) -> None:
        rendered = render({"text": "Hi", "persona_id": "77"}, INSTAGRAM)
        assert rendered.messages == ({"text": "Hi"},)
        assert rendered.notes == (
            "it can't set persona_id, because Instagram has no personas: left out.",
        )

    def test_each_piece_of_a_long_text_is_the_persona_s(self) -> None:
        told = messages({"custom": {"persona_id": "77", "text": "x" * 2500}})
        assert [message["persona_id"] for message in told] == ["77", "77"]

    @pytest.mark.parametrize("odd", ["", "Ada", [], {}, True, -1, 1.5])
    def test_what_is_no_persona_s_id_is_left_out(self, odd: object) -> None:
        custom = {"persona_id": odd, "text": "Hi"}
        assert messages({"custom": custom}) == [{"text": "Hi"}]
        assert "persona_id" in notes({"custom": custom})

    def test_instagram_has_none(self) -> None:
        rendered = render({"custom": {"persona_id": "77", "text": "Hi"}}, INSTAGRAM)
        assert list(rendered.messages) == [{"text": "Hi"}]
        assert "no personas" in rendered.notes[0]
