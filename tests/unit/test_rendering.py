from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from rasa.shared.core.events import BotUttered

from channels.limits import INSTAGRAM, MESSENGER
from channels.rendering import render


def messages(response: dict[str, Any]) -> list[dict[str, Any]]:
    return list(render(response).messages)


def notes(response: dict[str, Any]) -> str:
    return "\n".join(render(response).notes)


def postbacks(count: int) -> list[dict[str, Any]]:
    return [
        {"type": "postback", "title": f"Option {i}", "payload": f"/option{i}"} for i in range(count)
    ]


def quick_replies(count: int) -> list[dict[str, Any]]:
    return [
        {"content_type": "text", "title": f"Option {i}", "payload": f"/option{i}"}
        for i in range(count)
    ]


def button_template(text: str, buttons: list[dict[str, Any]]) -> dict[str, Any]:
    payload = {"template_type": "button", "text": text, "buttons": buttons}
    return {"attachment": {"type": "template", "payload": payload}}


def generic_template(*elements: dict[str, Any]) -> dict[str, Any]:
    payload = {"template_type": "generic", "elements": list(elements)}
    return {"attachment": {"type": "template", "payload": payload}}


def media(media_type: str, url: str) -> dict[str, Any]:
    return {"attachment": {"type": media_type, "payload": {"url": url}}}


def the_button(button: Any) -> dict[str, Any]:
    """What `button` becomes under a text."""
    [message] = messages({"text": "Choose", "buttons": [button]})
    [rendered] = message["attachment"]["payload"]["buttons"]
    return dict(rendered)


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
        assert "held surrogates" in notes(response)


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

    def test_a_number_is_sent_as_text(self) -> None:
        assert messages({"text": 42}) == [{"text": "42"}]

    def test_what_is_no_text_is_left_out_and_the_rest_is_sent(self) -> None:
        response = {"text": {"en": "Hi"}, "image": "https://example.com/cat.png"}
        assert messages(response) == [media("image", "https://example.com/cat.png")]
        assert notes(response) == ("text was left out: its value must be a text, and is an object.")


class TestButtons:
    def test_up_to_three_are_a_template_with_the_text(self) -> None:
        response = {"text": "Choose", "buttons": postbacks(3)}
        assert messages(response) == [button_template("Choose", postbacks(3))]
        assert notes(response) == ""

    def test_without_a_type_one_is_a_postback(self) -> None:
        button = {"title": "Yes", "payload": "/affirm"}
        assert the_button(button) == {"type": "postback", **button}

    def test_with_a_url_alone_one_opens_it(self) -> None:
        button = {"title": "Site", "url": "https://example.com"}
        assert the_button(button) == {"type": "web_url", **button}

    def test_without_a_payload_a_postback_sends_its_title(self) -> None:
        title = "A title that is far too long"
        assert the_button({"title": title})["payload"] == title

    def test_keys_of_metas_own_are_kept(self) -> None:
        button = {
            "type": "web_url",
            "title": "Site",
            "url": "https://example.com",
            "webview_height_ratio": "tall",
        }
        assert the_button(button) == button

    def test_numbers_stand_for_texts(self) -> None:
        assert the_button({"title": 0, "payload": 5}) == {
            "type": "postback",
            "title": "0",
            "payload": "5",
        }

    def test_a_title_of_twenty_characters_is_whole(self) -> None:
        assert the_button({"title": "x" * 20})["title"] == "x" * 20

    def test_a_longer_title_is_shortened_and_noted(self) -> None:
        response = {"text": "Choose", "buttons": [{"title": "x" * 21, "payload": "/x"}]}
        assert messages(response) == [
            button_template(
                "Choose", [{"type": "postback", "title": "x" * 19 + "…", "payload": "/x"}]
            )
        ]
        assert "buttons[0].title has 21 characters, and 20 fit: it was shortened" in notes(response)

    def test_four_to_thirteen_postbacks_become_quick_replies(self) -> None:
        response = {"text": "Choose", "buttons": postbacks(13)}
        assert messages(response) == [{"text": "Choose", "quick_replies": quick_replies(13)}]
        assert notes(response) == "buttons are 13, and 3 fit: sent as quick replies."

    def test_more_than_thirteen_are_several_templates_which_name_their_buttons(self) -> None:
        response = {"text": "Choose", "buttons": postbacks(14)}
        rendered = messages(response)
        assert rendered[:2] == [
            button_template("Choose", postbacks(14)[:3]),
            button_template("Option 3 · Option 4 · Option 5", postbacks(14)[3:6]),
        ]
        assert rendered[4:] == [button_template("Option 12 · Option 13", postbacks(14)[12:])]
        assert notes(response) == "buttons are 14, and 3 fit: sent in several messages."

    def test_more_than_three_with_a_link_among_them_are_several_templates(self) -> None:
        link = {"type": "web_url", "title": "Site", "url": "https://example.com"}
        assert messages({"text": "Choose", "buttons": [*postbacks(3), link]}) == [
            button_template("Choose", postbacks(3)),
            button_template("Site", [link]),
        ]

    def test_a_text_too_long_for_a_template_goes_ahead_but_for_its_end(self) -> None:
        text = "x" * 630 + ".\n\nWhich one?"
        assert messages({"text": text, "buttons": postbacks(1)}) == [
            {"text": "x" * 630 + "."},
            button_template("Which one?", postbacks(1)),
        ]

    def test_what_goes_ahead_is_in_as_few_messages_as_it_can_be(self) -> None:
        text = " ".join(["word"] * 300) + ".\n\nWhich one?"
        assert len(messages({"text": text, "buttons": postbacks(1)})) == 2

    def test_without_a_text_they_are_named_by_it(self) -> None:
        response = {"text": None, "buttons": postbacks(2)}
        assert messages(response) == [button_template("Option 0 · Option 1", postbacks(2))]
        assert notes(response) == (
            "text is missing, and buttons need one: their titles stand in for it."
        )

    def test_a_button_that_has_no_title_needs_none(self) -> None:
        assert messages({"buttons": [{"type": "account_unlink"}]}) == [
            button_template("…", [{"type": "account_unlink"}])
        ]

    @pytest.mark.parametrize(
        ("button", "reason"),
        [
            ("Yes", "it must be an object with keys and values, and is a text."),
            (None, "it must be an object with keys and values, and is null."),
            ({"payload": "/yes"}, "its title is missing or blank; give it one."),
            ({"title": ["Yes"]}, "its title must be a text, and is a list."),
            ({"title": "Yes", "payload": {"a": 1}}, "its payload must be a text, and is an object"),
            ({"title": "Yes", "payload": "/" * 1001}, "its payload has 1001 characters, and 1000"),
            ({"title": "Site", "type": "web_url"}, "its url is missing or blank; give it one."),
            ({"title": "Call", "type": "phone_number"}, "its payload is missing or blank"),
            ({"title": "Yes", "type": "vertical"}, "its type is none that Messenger has; allowed"),
        ],
    )
    def test_one_that_cannot_be_sent_is_left_out_and_the_others_are_sent(
        self, button: Any, reason: str
    ) -> None:
        response = {"text": "Choose", "buttons": [button, *postbacks(1)]}
        assert messages(response) == [button_template("Choose", postbacks(1))]
        assert notes(response).startswith(f"buttons[0] was left out: {reason}")

    def test_if_none_can_be_sent_the_text_is(self) -> None:
        assert messages({"text": "Choose", "buttons": [{"payload": "/a"}]}) == [{"text": "Choose"}]

    def test_what_is_no_list_is_left_out(self) -> None:
        response = {"text": "Choose", "buttons": {"title": "Yes", "payload": "/affirm"}}
        assert messages(response) == [{"text": "Choose"}]
        assert notes(response) == "buttons was left out: it must be a list, and is an object."


class TestQuickReplies:
    def test_they_ride_on_the_text(self) -> None:
        response = {"text": "Choose", "quick_replies": quick_replies(13)}
        assert messages(response) == [{"text": "Choose", "quick_replies": quick_replies(13)}]
        assert notes(response) == ""

    def test_they_ride_on_the_last_piece_of_a_long_text(self) -> None:
        first, last = messages({"text": "x" * 2500, "quick_replies": quick_replies(1)})
        assert "quick_replies" not in first
        assert last["quick_replies"] == quick_replies(1)

    def test_they_ride_on_the_last_message_since_an_earlier_ones_vanish(self) -> None:
        image = "https://example.com/cat.png"
        response = {"text": "Choose", "quick_replies": quick_replies(2), "image": image}
        assert messages(response) == [
            {"text": "Choose"},
            {**media("image", image), "quick_replies": quick_replies(2)},
        ]
        assert "moved to the last message" in notes(response)

    def test_beside_buttons_both_are_kept(self) -> None:
        response = {"text": "?", "buttons": postbacks(2), "quick_replies": quick_replies(2)}
        assert messages(response) == [
            {**button_template("?", postbacks(2)), "quick_replies": quick_replies(2)}
        ]

    def test_without_a_text_they_are_named_by_it(self) -> None:
        response = {"quick_replies": quick_replies(2)}
        assert messages(response) == [
            {"text": "Option 0 · Option 1", "quick_replies": quick_replies(2)}
        ]
        assert "quick replies need one" in notes(response)

    def test_an_image_alone_carries_them(self) -> None:
        image = "https://example.com/cat.png"
        response = {"image": image, "quick_replies": quick_replies(2)}
        assert messages(response) == [{**media("image", image), "quick_replies": quick_replies(2)}]
        assert notes(response) == ""

    def test_those_that_a_custom_message_brought_come_first(self) -> None:
        custom = {"text": "Which?", "quick_replies": quick_replies(3)[:1]}
        response = {"custom": custom, "quick_replies": quick_replies(3)[1:]}
        assert messages(response) == [{"text": "Which?", "quick_replies": quick_replies(3)}]

    def test_those_that_a_custom_message_left_no_room_for_become_buttons(self) -> None:
        custom = {"text": "Which?", "quick_replies": quick_replies(12)}
        response = {"text": "?", "quick_replies": quick_replies(2), "custom": custom}
        assert messages(response) == [button_template("?", postbacks(2)), custom]

    def test_more_than_thirteen_become_buttons_which_do_not_vanish(self) -> None:
        email = {"content_type": "user_email"}
        response = {"text": "?", "quick_replies": [*quick_replies(13), email]}
        rendered = messages(response)
        assert rendered[0] == button_template("?", postbacks(13)[:3])
        assert rendered[4] == {
            **button_template("Option 12", postbacks(13)[12:]),
            "quick_replies": [email],
        }
        assert "quick_replies are 14, and 13 fit: sent as buttons" in notes(response)

    def test_a_type_that_rasas_channel_ignores_is_ignored(self) -> None:
        reply = {"type": "postback", "title": "Red", "payload": "/red"}
        response = {"text": "?", "quick_replies": [reply]}
        assert messages(response) == [
            {
                "text": "?",
                "quick_replies": [{"content_type": "text", "title": "Red", "payload": "/red"}],
            }
        ]
        assert notes(response) == ""

    def test_other_keys_are_left_out_with_a_note(self) -> None:
        reply = {**quick_replies(1)[0], "url": "https://example.com"}
        response = {"text": "?", "quick_replies": [reply]}
        assert messages(response) == [{"text": "?", "quick_replies": quick_replies(1)}]
        assert "quick_replies[0] has keys that no quick reply has" in notes(response)

    def test_an_icon_is_kept(self) -> None:
        reply = {**quick_replies(1)[0], "image_url": "https://example.com/red.png"}
        assert messages({"text": "?", "quick_replies": [reply]}) == [
            {"text": "?", "quick_replies": [reply]}
        ]

    def test_one_of_an_unknown_kind_is_left_out(self) -> None:
        response = {"text": "?", "quick_replies": [{"content_type": "location"}]}
        assert messages(response) == [{"text": "?"}]
        assert "its content_type is none that Messenger has; allowed are text, user" in notes(
            response
        )


class TestElements:
    def test_ten_share_a_template(self) -> None:
        elements = [{"title": f"Card {i}", "subtitle": "s"} for i in range(11)]
        assert messages({"elements": elements}) == [
            generic_template(*elements[:10]),
            generic_template(*elements[10:]),
        ]

    def test_buttons_are_given_a_type(self) -> None:
        element = {"title": "Card", "buttons": [{"title": "More", "payload": "/more"}]}
        button = {"type": "postback", "title": "More", "payload": "/more"}
        assert messages({"elements": [element]}) == [
            generic_template({"title": "Card", "buttons": [button]})
        ]

    def test_with_more_than_three_buttons_a_card_is_shown_again(self) -> None:
        response = {"elements": [{"title": "Card", "image_url": "u", "buttons": postbacks(4)}]}
        assert messages(response) == [
            generic_template(
                {"title": "Card", "image_url": "u", "buttons": postbacks(4)[:3]},
                {"title": "Card", "image_url": "u", "buttons": postbacks(4)[3:]},
            )
        ]
        assert notes(response) == "elements[0].buttons are 4: sent on 2 cards."

    def test_an_empty_list_of_buttons_is_not_sent(self) -> None:
        element = {"title": "Card", "subtitle": "s", "buttons": []}
        assert messages({"elements": [element]}) == [
            generic_template({"title": "Card", "subtitle": "s"})
        ]

    def test_long_titles_and_subtitles_are_shortened_and_noted(self) -> None:
        response = {"elements": [{"title": "t" * 81, "subtitle": "s" * 81}]}
        assert messages(response) == [
            generic_template({"title": "t" * 79 + "…", "subtitle": "s" * 79 + "…"})
        ]
        assert "elements[0].title has 81 characters, and 80 fit" in notes(response)
        assert "elements[0].subtitle has 81 characters, and 80 fit" in notes(response)

    def test_a_bare_title_is_sent_as_text_in_its_place(self) -> None:
        cards = [{"title": f"Card {i}", "subtitle": "s"} for i in range(2)]
        response = {"elements": [cards[0], {"title": "t" * 81}, cards[1]]}
        assert messages(response) == [
            generic_template(cards[0]),
            {"text": "t" * 81},
            generic_template(cards[1]),
        ]
        assert "elements[1] has only a title" in notes(response)

    @pytest.mark.parametrize("element", ["Card", None, {"subtitle": "s"}, {"title": " "}])
    def test_one_that_cannot_be_sent_is_left_out_and_the_others_are_sent(
        self, element: Any
    ) -> None:
        card = {"title": "Card", "subtitle": "s"}
        response = {"elements": [element, card]}
        assert messages(response) == [generic_template(card)]
        assert "elements[0] was left out" in notes(response)

    def test_a_wrong_detail_is_left_out_and_the_card_is_sent(self) -> None:
        element = {"title": "Card", "subtitle": ["s"], "image_url": 7, "default_action": "x"}
        response = {"elements": [{**element, "buttons": postbacks(1)}]}
        assert messages(response) == [generic_template({"title": "Card", "buttons": postbacks(1)})]
        assert [note.split(" ")[0] for note in render(response).notes] == [
            "elements[0].image_url",
            "elements[0].default_action",
            "elements[0].subtitle",
        ]


class TestImageAndAttachment:
    def test_an_image_is_sent_by_its_url(self) -> None:
        url = "https://example.com/cat"
        assert messages({"image": url}) == [media("image", url)]

    def test_an_image_that_is_no_url_is_left_out(self) -> None:
        response = {"text": "Look", "image": {"src": "cat.png"}}
        assert messages(response) == [{"text": "Look"}]
        assert notes(response) == "image was left out: its URL must be a text, and is an object."

    def test_an_attachment_in_metas_own_json_is_sent_as_it_is(self) -> None:
        attachment = {"type": "audio", "payload": {"attachment_id": "1", "is_reusable": True}}
        assert messages({"attachment": attachment}) == [{"attachment": attachment}]

    @pytest.mark.parametrize(
        ("url", "media_type"),
        [
            ("https://example.com/cat.PNG?size=2", "image"),
            ("https://example.com/a/song.mp3", "audio"),
            ("http://example.com/film.mp4#t=3", "video"),
            ("https://example.com/terms.pdf", "file"),
        ],
    )
    def test_the_url_of_a_file_is_sent_as_what_it_is(self, url: str, media_type: str) -> None:
        assert messages({"attachment": url}) == [media(media_type, url)]

    @pytest.mark.parametrize(
        "attachment",
        ["https://example.com", "https://example.com/terms", "https://example.zip", "terms.pdf"],
    )
    def test_any_other_text_is_said_as_rasas_own_channel_does(self, attachment: str) -> None:
        assert messages({"attachment": attachment}) == [{"text": f"Attachment: {attachment}"}]

    @pytest.mark.parametrize(
        ("attachment", "reason"),
        [
            ({"payload": {}}, "its attachment type is missing or blank; give it one."),
            ({"type": "image"}, "its attachment payload must be an object with keys and values"),
            (["https://example.com/cat.png"], "its URL must be a text, and is a list."),
        ],
    )
    def test_one_that_cannot_be_sent_is_left_out(self, attachment: Any, reason: str) -> None:
        response = {"text": "Look", "attachment": attachment}
        assert messages(response) == [{"text": "Look"}]
        assert notes(response).startswith(f"attachment was left out: {reason}")


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
            "custom can't set messaging_type, recipient, tag, as the channel does: left out."
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
        assert "custom.quick_replies had 2 more than a message can carry" in notes(response)

    @pytest.mark.parametrize("metadata", ["m" * 1000, {"a": 1}])
    def test_metadata_that_meta_would_refuse_is_left_out(self, metadata: Any) -> None:
        response = {"custom": {"text": "hi", "metadata": metadata}}
        assert messages(response) == [{"text": "hi"}]
        assert "custom.metadata was left out" in notes(response)

    @pytest.mark.parametrize(
        ("custom", "reason"),
        [
            ("hi", "it must be an object with keys and values, and is a text."),
            ({"message": "hi"}, "its message must be an object with keys and values"),
            ({"card": 1}, "it has neither text nor attachment; write it as the Send API has it."),
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
