"""The quick replies of a response."""

from __future__ import annotations

import pytest

from channels.core.meta.limits import INSTAGRAM
from channels.dialogue.rendering.response import render
from tests.unit.channels.dialogue.rendering.rendering_samples import (
    button_template,
    media,
    messages,
    notes,
    postbacks,
    quick_replies,
)


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
        assert "quick replies need it" in notes(response)

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
        assert "quick_replies has 14 items, and 13 fit: sent as buttons" in notes(response)

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

    def test_an_icon_that_meta_could_not_fetch_is_left_out(self) -> None:
        reply = quick_replies(1)[0]
        response = {"text": "?", "quick_replies": [{**reply, "image_url": "red.png"}]}
        assert messages(response) == [{"text": "?", "quick_replies": [reply]}]
        assert notes(response).startswith("quick_replies[0].image_url was left out: its URL is no")

    @pytest.mark.parametrize("kind", ["location", ["text"], {"text": 1}])
    def test_one_of_an_unknown_kind_is_left_out(self, kind: object) -> None:
        response = {"text": "?", "quick_replies": [{"content_type": kind}]}
        assert messages(response) == [{"text": "?"}]
        assert "its content_type is not one that Messenger has; allowed are text, user" in notes(
            response
        )


CONTACT = [{"content_type": "user_phone_number"}, {"content_type": "user_email"}]


class TestContacts:
    """Instagram switched off quick replies of these types on 2026-10-05."""

    def test_messenger_offers_them(self) -> None:
        response = {"text": "Your number?", "quick_replies": CONTACT}
        assert messages(response) == [response]
        assert notes(response) == ""

    def test_instagram_gets_the_text_and_the_log_a_note(self) -> None:
        rendered = render({"text": "Your number?", "quick_replies": CONTACT}, INSTAGRAM)
        assert list(rendered.messages) == [{"text": "Your number?"}]
        assert len(rendered.notes) == 2
        assert "switched off on Instagram" in rendered.notes[0]

    def test_the_others_stay(self) -> None:
        response = {"text": "How?", "quick_replies": [*CONTACT, *quick_replies(1)]}
        [message] = render(response, INSTAGRAM).messages
        assert message["quick_replies"] == quick_replies(1)

    def test_a_custom_message_is_no_other(self) -> None:
        custom = {"text": "Your number?", "quick_replies": CONTACT}
        assert list(render({"custom": custom}, INSTAGRAM).messages) == [{"text": "Your number?"}]
