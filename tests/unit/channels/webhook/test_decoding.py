"""Each event that Meta documents, as a file, and what the channel makes of it.

The files in tests/fixtures/webhooks are named after Meta's events; "standby_" stands before
those of the `standby` array. They are escaped as Meta escapes what it signs.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.core.events import (
    Act,
    Array,
    Attachment,
    ControlPassed,
    ControlRequested,
    ControlTaken,
    Echo,
    Edited,
    Event,
    Platform,
    Postback,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
)
from channels.webhook.decoding import decode_delivery

FIXTURES = Path(__file__).parents[3] / "fixtures" / "webhooks"

PAGE, USER = "220011223344556", "7012345678901234"
OUR_APP, AGENT_APP, PAGE_INBOX = "1600000000000001", "1600000000000002", "263902037430900"
SENT = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
NOW = SENT + timedelta(seconds=1)

CAT, DOG = "https://cdn.example/cat.jpg", "https://cdn.example/dog.jpg"
STICKER = {"url": CAT, "sticker_id": 369239263222822}
LINK = {"url": "https://example.com/a", "title": "A page"}
HOURS = {"url": "https://example.com/hours", "title": "Our opening hours"}
POSTER = {"ref": "poster", "source": "SHORTLINK", "type": "OPEN_THREAD"}
AD = {
    "product": {"id": "4711"},
    "ref": "summer",
    "source": "ADS",
    "type": "OPEN_THREAD",
    "ad_id": "6001",
    "ads_context_data": {"ad_title": "Sale", "photo_url": CAT, "post_id": "9"},
}
MEDIA_TEMPLATE = {
    "template_type": "media",
    "sharable": False,
    "elements": [{"media_type": "image", "attachment_id": 1745504518999123}],
}

ON_MESSAGING: dict[str, Any] = {
    "key": "",
    "thread": Thread(page=PAGE, user=USER),
    "array": Array.MESSAGING,
    "at": SENT,
    "received_at": NOW,
}
ON_STANDBY = {**ON_MESSAGING, "array": Array.STANDBY}

EVENTS: dict[str, Event] = {
    "message": UserMessage(
        **ON_MESSAGING, mid="m_text", text="Grüße, ich möchte mit jemandem reden 👋"
    ),
    "message_quick_reply": UserMessage(
        **ON_MESSAGING, mid="m_quick_reply", text="Talk to a person", payload="/request_agent"
    ),
    "message_reply_to": UserMessage(
        **ON_MESSAGING,
        mid="m_reply",
        text="that one",
        context={"reply_to": {"mid": "m_earlier", "is_self_reply": False}},
    ),
    "message_referral": UserMessage(
        **ON_MESSAGING,
        mid="m_product",
        text="Do you have it in green?",
        context={"referral": AD},
    ),
    "message_prior_message": UserMessage(
        **ON_MESSAGING,
        mid="m_prior",
        text="Is the shop open?",
        context={"prior_message": {"source": "checkbox_plugin", "identifier": "cart-17"}},
    ),
    "message_commands": UserMessage(**ON_MESSAGING, mid="m_command", text="/flights"),
    "message_image": UserMessage(
        **ON_MESSAGING,
        mid="m_image",
        attachments=(Attachment(type="image", url=CAT, payload={"url": CAT}),),
    ),
    "message_images": UserMessage(
        **ON_MESSAGING,
        mid="m_images",
        attachments=(
            Attachment(type="image", url=CAT, payload={"url": CAT}),
            Attachment(type="image", url=DOG, payload={"url": DOG}),
        ),
    ),
    "message_sticker": UserMessage(
        **ON_MESSAGING,
        mid="m_sticker",
        attachments=(Attachment(type="sticker", url=CAT, payload=STICKER),),
    ),
    "message_sticker_as_image": UserMessage(
        **ON_MESSAGING,
        mid="m_old_sticker",
        attachments=(Attachment(type="image", url=CAT, payload=STICKER),),
        context={"sticker_id": 369239263222822},
    ),
    "message_sticker_twice": UserMessage(
        **ON_MESSAGING,
        mid="m_sticker_twice",
        attachments=(Attachment(type="sticker", url=CAT, payload=STICKER),),
        context={"sticker_id": 369239263222822},
    ),
    "message_sticker_bare": UserMessage(
        **ON_MESSAGING,
        mid="m_sticker_bare",
        attachments=(Attachment(type="sticker", payload={"sticker_id": 369239263222822}),),
        context={"sticker_id": 369239263222822},
    ),
    "message_shared_link": UserMessage(
        **ON_MESSAGING,
        mid="m_shared",
        attachments=(Attachment(type="fallback", url=HOURS["url"], payload=HOURS),),
    ),
    "message_shared_link_odd_payload": UserMessage(
        **ON_MESSAGING,
        mid="m_shared_blob",
        attachments=(Attachment(type="fallback", url=HOURS["url"], payload=HOURS),),
    ),
    "message_reel_relative": UserMessage(
        **ON_MESSAGING,
        mid="m_reel",
        attachments=(
            Attachment(
                type="ig_reel",
                url="https://www.instagram.com/reel/1234512345/",
                payload={"url": "/reel/1234512345/", "reel_video_id": 1234512345},
            ),
        ),
    ),
    "message_fallback": UserMessage(
        **ON_MESSAGING,
        mid="m_link",
        text="look https://example.com/a",
        attachments=(Attachment(type="fallback", url=LINK["url"], payload=LINK),),
    ),
    "message_fallback_null_payload": UserMessage(
        **ON_MESSAGING,
        mid="m_null_payload",
        attachments=(Attachment(type="fallback", payload={"title": "Attachment unavailable"}),),
    ),
    "echo_of_our_app": Echo(
        **ON_MESSAGING, mid="m_ours", app_id=OUR_APP, text="Hello!", metadata='{"turn":7}'
    ),
    "echo_of_page_inbox": Echo(
        **ON_MESSAGING, mid="m_inbox", app_id=PAGE_INBOX, text="Hi, this is Ada. How can I help?"
    ),
    "echo_of_page_inbox_14_digits": Echo(
        **ON_MESSAGING, mid="m_inbox_14", app_id="26390203743090", text="Hi, this is Ada."
    ),
    "echo_of_template": Echo(
        **ON_MESSAGING,
        mid="m_template",
        app_id=AGENT_APP,
        attachments=(Attachment(type="template", payload=MEDIA_TEMPLATE),),
    ),
    "echo_of_meta_ai": Echo(
        **ON_MESSAGING,
        mid="m_ai",
        by_ai=True,
        app_id=PAGE_INBOX,
        text="I can answer that.",
        metadata='{"source":"axon"}',
    ),
    "messaging_postback": Postback(
        **ON_MESSAGING, mid="m_postback", title="Talk to a person", payload="/request_agent"
    ),
    "messaging_postback_get_started": Postback(
        **ON_MESSAGING, title="Get Started", payload="/greet", context={"referral": POSTER}
    ),
    "messaging_postback_in_changes": Postback(
        **ON_MESSAGING, mid="m_wrapped", title="Menu", payload="/menu"
    ),
    "pass_thread_control": ControlPassed(
        **ON_MESSAGING,
        previous_owner=PAGE_INBOX,
        new_owner=OUR_APP,
        metadata='{"note":"solved"}',
    ),
    "pass_thread_control_null_owner": ControlPassed(**ON_MESSAGING, new_owner=OUR_APP),
    "pass_thread_control_null_text_owner": ControlPassed(**ON_MESSAGING, new_owner=OUR_APP),
    "pass_thread_control_missing_owner": ControlPassed(**ON_MESSAGING, new_owner=OUR_APP),
    "take_thread_control": ControlTaken(
        **ON_MESSAGING, previous_owner=OUR_APP, new_owner=PAGE_INBOX, metadata="taken by Ada"
    ),
    "take_thread_control_null_owner": ControlTaken(**ON_MESSAGING, new_owner=AGENT_APP),
    "request_thread_control": ControlRequested(
        **ON_MESSAGING, requested_owner=AGENT_APP, metadata="please"
    ),
    "standby_message": UserMessage(**ON_STANDBY, mid="m_standby", text="Is anybody there?"),
    "standby_message_quick_reply": UserMessage(
        **ON_STANDBY, mid="m_standby_quick_reply", text="Back to bot", payload="/back_to_bot"
    ),
    "standby_message_image": UserMessage(
        **ON_STANDBY,
        mid="m_standby_image",
        attachments=(Attachment(type="image", url=CAT, payload={"url": CAT}),),
    ),
    "standby_message_in_changes": UserMessage(**ON_STANDBY, mid="m_wrapped_standby", text="hello"),
    "standby_postback": Postback(**ON_STANDBY, mid="m_standby_postback", title="Back to bot"),
    "standby_echo": Echo(
        **ON_STANDBY, mid="m_standby_echo", app_id=PAGE_INBOX, text="Yes, I am reading."
    ),
}
INSTAGRAM = Thread(page="17841400000000000", user=USER, platform=Platform.INSTAGRAM)
EVENTS["instagram_message"] = UserMessage(
    **{**ON_MESSAGING, "thread": INSTAGRAM}, mid="m_instagram", text="hello"
)
EVENTS["instagram_echo"] = Echo(
    **{**ON_MESSAGING, "thread": INSTAGRAM}, mid="m_instagram_echo", text="Hello!"
)
EVENTS["instagram_post_twice"] = UserMessage(
    **{**ON_MESSAGING, "thread": INSTAGRAM},
    mid="m_post",
    attachments=(
        Attachment(
            type="ig_post",
            url="https://cdn.example/post",
            payload={"ig_post_media_id": "99", "title": "Shoes", "url": "https://cdn.example/post"},
        ),
    ),
)
EVENTS["instagram_reply_to_story"] = UserMessage(
    **{**ON_MESSAGING, "thread": INSTAGRAM},
    mid="m_story",
    text="Nice!",
    context={"reply_to": {"story": {"id": "77", "url": "https://cdn.example/story"}}},
)
EVENTS["echo_without_app_id"] = Echo(
    **ON_MESSAGING,
    mid="m_of_a_post",
    attachments=(Attachment(type="template", payload={"title": "Our new shoes"}),),
)
OPTIN = {
    "type": "notification_messages",
    "notification_messages_token": "8812",
    "title": "News",
    "payload": "/news",
}
IN_INSTAGRAM = {**ON_MESSAGING, "thread": INSTAGRAM}
EVENTS |= {
    "message_deleted": TakenBack(**ON_MESSAGING, mid="m_text"),
    "instagram_message_deleted": TakenBack(**IN_INSTAGRAM, mid="m_unsent"),
    "echo_deleted": TakenBack(**ON_MESSAGING, mid="m_inbox", by_page=True),
    "message_edit": Edited(**ON_MESSAGING, mid="m_text", text="Guten Tag", number=1),
    "standby_message_edit": Edited(
        **ON_STANDBY, mid="m_standby", text="Is somebody there?", number=2
    ),
    "message_unsupported": SignOfLife(**ON_MESSAGING, mid="m_unsupported"),
    "instagram_unsupported_type": SignOfLife(**IN_INSTAGRAM, mid="m_odd"),
    "instagram_ephemeral": SignOfLife(**IN_INSTAGRAM, mid="m_ephemeral"),
    "messaging_optin": Act(**ON_MESSAGING, name="optin", details=OPTIN),
    "messaging_referral": Act(**ON_MESSAGING, name="referral", details=POSTER),
    "standby_referral": Act(**ON_STANDBY, name="referral", details=POSTER),
    "messaging_account_linking": Act(
        **ON_MESSAGING,
        name="account_linking",
        details={"status": "linked", "authorization_code": "code-1"},
    ),
    "messaging_account_unlinking": Act(
        **ON_MESSAGING, name="account_linking", details={"status": "unlinked"}
    ),
}
LEFT_OUT = {
    "app_roles": "it has no sender",
    "instagram_message_edit_of_nothing": "nobody has edited anything",
    "instagram_message_edit_without_sender": "nobody has edited anything",
    "messaging_optin_of_user_ref": "it names no user",
    "feed_comment": "it is no message",
    "feed_comment_of_sender_id": "it is no message",
    "instagram_comment": "it is no message",
    "instagram_message_to_self": "the account wrote to itself",
    "mention": "it is no message",
    "ratings": "it is no message",
    "inbox_labels": "no user said it",
    "message_admin_text": "Meta wrote it",
    "message_ai_generated": "Meta's AI wrote it",
    "message_delivery": "no user said it",
    "message_reaction": "no user said it",
    "message_read": "no user said it",
    "messaging_postback_user_ref_in_changes": "it names no user",
    "policy_enforcement": "it has no sender",
    "standby_delivery": "no user said it",
    "standby_read": "no user said it",
}


def read(name: str) -> list[Event]:
    return decode_delivery((FIXTURES / f"{name}.json").read_bytes(), NOW)


def test_each_documented_event_has_an_expectation() -> None:
    assert {path.stem for path in FIXTURES.glob("*.json")} == {
        *EVENTS,
        *LEFT_OUT,
    }


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_is_decoded_whole(name: str) -> None:
    [event] = read(name)
    assert msgspec.structs.replace(event, key="") == EVENTS[name]


@pytest.mark.parametrize("name", sorted(LEFT_OUT))
def test_an_event_with_nothing_for_us_is_left_out(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert read(name) == []
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []
