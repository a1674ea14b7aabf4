"""What becomes of a message that its author takes back or edits, whichever comes first."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from channels.core.events import (
    Array,
    Attachment,
    Echo,
    Edited,
    Event,
    Postback,
    SignOfLife,
    TakenBack,
    Thread,
    UserMessage,
    message_key,
)
from channels.core.records.amendments import (
    amended,
    as_kept,
    forestalled,
    in_its_place,
    keys_of_message,
)

NOON = datetime(2026, 10, 1, 12, tzinfo=timezone.utc)
THREAD = Thread(page="1", user="2")
KEYS = ["1/messaging/m", "1/standby/m"]
COMMON: dict[str, Any] = {
    "thread": THREAD,
    "array": Array.STANDBY,
    "at": NOON,
    "received_at": NOON + timedelta(seconds=1),
    "mid": "m",
}
CAT = Attachment(type="image", url="https://cdn.example/cat.jpg")
MESSAGE = UserMessage(key=KEYS[1], text="Helo", attachments=(CAT,), **COMMON)
ECHO = Echo(key=KEYS[1], text="Helo", attachments=(CAT,), app_id="7", **COMMON)
TAKEN_BACK = TakenBack(key="back", **COMMON)
EDITED = Edited(key="edit", text="Hello", number=1, **COMMON)
SIGN = SignOfLife(key=KEYS[1], **COMMON)


def test_a_message_is_looked_for_on_both_arrays() -> None:
    assert keys_of_message(TAKEN_BACK) == KEYS


@pytest.mark.parametrize("event", [MESSAGE, ECHO])
def test_an_edited_message_has_the_newer_text(event: UserMessage | Echo) -> None:
    assert amended(event, EDITED) == replace(event, text="Hello", edits=1)


@pytest.mark.parametrize("edits", [1, 2])
def test_an_edit_that_is_late_changes_nothing(edits: int) -> None:
    assert amended(replace(MESSAGE, edits=edits), EDITED) is None


def test_of_what_a_user_takes_back_only_that_they_were_there_is_kept() -> None:
    assert amended(MESSAGE, TAKEN_BACK) == SIGN


def test_of_what_the_page_takes_back_only_that_it_has_written_is_kept() -> None:
    assert amended(ECHO, TAKEN_BACK) == replace(ECHO, text=None, attachments=())


@pytest.mark.parametrize(
    "event",
    [
        replace(MESSAGE, thread=Thread(page="1", user="3")),
        Postback(key=KEYS[1], title="Yes", **COMMON),
    ],
)
@pytest.mark.parametrize("amendment", [TAKEN_BACK, EDITED])
def test_other_events_stay_as_they_are(event: Event, amendment: TakenBack | Edited) -> None:
    assert amended(event, amendment) is None


@pytest.mark.parametrize(
    ("known", "left"), [([], KEYS), (KEYS[:1], KEYS[1:]), (KEYS, [])], ids=["none", "one", "both"]
)
def test_what_is_taken_back_before_it_comes_counts_as_known(
    known: list[str], left: list[str]
) -> None:
    assert forestalled(TAKEN_BACK, known) == [replace(SIGN, key=key) for key in left]


def test_an_edit_that_comes_before_its_message_stands_in_its_place() -> None:
    assert in_its_place(EDITED, ["another"]) == UserMessage(
        key=message_key("1", Array.STANDBY, "m"), text="Hello", edits=1, **COMMON
    )


@pytest.mark.parametrize("known", KEYS)
def test_an_edit_of_a_message_that_is_known_is_one(known: str) -> None:
    assert in_its_place(EDITED, ["another", known]) is EDITED


@pytest.mark.parametrize("event", [replace(EDITED, by_page=True), TAKEN_BACK, MESSAGE])
def test_nothing_else_stands_in_the_place_of_a_message(event: Event) -> None:
    assert in_its_place(event, []) is event


def test_an_edit_is_kept_without_its_text_for_its_message_has_it() -> None:
    assert as_kept(EDITED) == replace(EDITED, text="")
    assert as_kept(MESSAGE) is MESSAGE
