"""The elements, the image and the attachment of a response."""

from __future__ import annotations

from typing import Any

import pytest

from channels.dialogue.rendering.response import render
from tests.unit.channels.dialogue.rendering.rendering_samples import (
    generic_template,
    media,
    messages,
    notes,
    postbacks,
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
        response = {
            "elements": [
                {"title": "Card", "image_url": "https://example.com/a", "buttons": postbacks(4)}
            ]
        }
        assert messages(response) == [
            generic_template(
                {
                    "title": "Card",
                    "image_url": "https://example.com/a",
                    "buttons": postbacks(4)[:3],
                },
                {
                    "title": "Card",
                    "image_url": "https://example.com/a",
                    "buttons": postbacks(4)[3:],
                },
            )
        ]
        assert notes(response) == "elements[0].buttons has 4 items: sent on 2 cards."

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
        assert {note.split(" ")[0] for note in render(response).notes} == {
            "elements[0].image_url",
            "elements[0].default_action",
            "elements[0].subtitle",
        }

    def test_what_meta_cannot_open_or_does_not_know_is_left_out_and_the_card_is_sent(self) -> None:
        card = {"title": "Card", "subtitle": "s"}
        wrong = {
            "image_url": "cat.png",
            "default_action": {"type": "web_url", "url": "example.com"},
            "price": "5",
        }
        response = {"elements": [{**card, **wrong}]}
        assert messages(response) == [generic_template(card)]
        assert sorted(note.partition(";")[0] for note in render(response).notes) == [
            "elements[0] has keys that no element has: these were left out.",
            "elements[0].default_action was left out: its url is no web address",
            "elements[0].image_url was left out: its URL is no web address",
        ]

    def test_a_card_that_opens_a_page_is_sent_without_what_only_a_button_has(self) -> None:
        page = {"type": "web_url", "url": "https://example.com", "webview_height_ratio": "tall"}
        card = {"title": "Card", "default_action": {**page, "title": "Open"}}
        assert messages({"elements": [card]}) == [
            generic_template({"title": "Card", "default_action": page})
        ]


class TestImageAndAttachment:
    def test_an_image_is_sent_by_its_url(self) -> None:
        url = "https://example.com/cat"
        assert messages({"image": url}) == [media("image", url)]

    def test_an_image_that_is_no_url_is_left_out(self) -> None:
        response = {"text": "Look", "image": {"src": "cat.png"}}
        assert messages(response) == [{"text": "Look"}]
        assert notes(response) == "image was left out: its URL must be a text, but is an object."

    def test_an_image_that_meta_could_not_fetch_is_left_out(self) -> None:
        response = {"text": "Look", "image": "cat.png"}
        assert messages(response) == [{"text": "Look"}]
        assert notes(response) == (
            "image was left out: its URL is no web address; write all of it, with https:// before "
            "it."
        )

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
            (["https://example.com/cat.png"], "its URL must be a text, but is a list."),
        ],
    )
    def test_one_that_cannot_be_sent_is_left_out(self, attachment: Any, reason: str) -> None:
        response = {"text": "Look", "attachment": attachment}
        assert messages(response) == [{"text": "Look"}]
        assert notes(response).startswith(f"attachment was left out: {reason}")
