"""The buttons of a response."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.meta.limits import INSTAGRAM
from channels.dialogue.rendering.response import render
from tests.unit.channels.dialogue.rendering.rendering_samples import (
    button_template,
    messages,
    notes,
    postbacks,
    quick_replies,
)


def the_button(button: Any) -> dict[str, Any]:
    """What `button` becomes under a text."""
    [message] = messages({"text": "Choose", "buttons": [button]})
    [rendered] = message["attachment"]["payload"]["buttons"]
    return dict(rendered)


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

    def test_with_a_url_and_a_payload_one_is_a_postback(self) -> None:
        button = {"title": "Site", "payload": "/site"}
        both = {**button, "url": "https://example.com"}
        assert the_button(both) == {"type": "postback", **button}

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

    def test_keys_that_no_button_has_are_left_out_with_a_note(self) -> None:
        button = {"title": "Yes", "payload": "/affirm", "icon": "check"}
        assert the_button(button).keys() == {"type", "title", "payload"}
        assert notes({"text": "Choose", "buttons": [button]}) == (
            "buttons[0] has keys that no postback button has: these were left out."
        )

    def test_a_number_to_call_is_kept_as_it_is_written(self) -> None:
        button = {"type": "phone_number", "title": "Call", "payload": "+49 (30) 123-456"}
        assert the_button(button) == button

    def test_instagram_gets_only_links_and_postbacks(self) -> None:
        call = {"type": "phone_number", "title": "Call", "payload": "+16505551234"}
        rendered = render({"text": "Choose", "buttons": [call, *postbacks(1)]}, INSTAGRAM)
        assert rendered.messages == (button_template("Choose", postbacks(1)),)
        assert (
            "its type is not one that Instagram has; allowed are postback, web_url."
            in (rendered.notes[0])
        )

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
        assert notes(response) == "buttons has 13 items, and 3 fit: sent as quick replies."

    def test_more_than_thirteen_are_several_templates_which_name_their_buttons(self) -> None:
        response = {"text": "Choose", "buttons": postbacks(14)}
        rendered = messages(response)
        assert rendered[:2] == [
            button_template("Choose", postbacks(14)[:3]),
            button_template("Option 3 · Option 4 · Option 5", postbacks(14)[3:6]),
        ]
        assert rendered[4:] == [button_template("Option 12 · Option 13", postbacks(14)[12:])]
        assert notes(response) == "buttons has 14 items, and 3 fit: sent in several messages."

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
            "text is missing, and buttons need it: their titles take its place."
        )

    def test_a_button_that_has_no_title_needs_none(self) -> None:
        assert messages({"buttons": [{"type": "account_unlink"}]}) == [
            button_template("…", [{"type": "account_unlink"}])
        ]

    @pytest.mark.parametrize(
        ("button", "reason"),
        [
            ("Yes", "it must be an object with keys and values, but is a text."),
            (None, "it must be an object with keys and values, but is null."),
            ({"payload": "/yes"}, "its title is missing or blank; give it one."),
            ({"title": ["Yes"]}, "its title must be a text, but is a list."),
            ({"title": "Yes", "payload": {"a": 1}}, "its payload must be a text, but is an object"),
            ({"title": "Yes", "payload": "/" * 1001}, "its payload has 1001 characters, and 1000"),
            ({"title": "Site", "type": "web_url"}, "its url is missing or blank; give it one."),
            ({"title": "Site", "url": "www.example.com"}, "its url is no web address"),
            ({"title": "Call", "type": "phone_number"}, "its payload is missing or blank"),
            (
                {"title": "Call", "type": "phone_number", "payload": "+49 30 123456 or mail us"},
                "its payload must be a phone number",
            ),
            (
                {"title": "Call", "type": "phone_number", "payload": "030 123456"},
                "its payload must be a phone number with its country code, such as +16505551234.",
            ),
            ({"title": "Yes", "type": "vertical"}, "its type is not one that Messenger has; "),
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
        assert notes(response) == "buttons was left out: it must be a list, but is an object."
