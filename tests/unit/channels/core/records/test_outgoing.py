"""What becomes of what the bot says: pure decisions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NoSuchUser,
    NotThreadOwner,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from channels.core.events import Array, Attachment, Echo, Thread
from channels.core.records.outgoing import Fate, fate_of, is_echoed

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
STRANGE = GraphUnavailable("Server error", others_answered=True)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (GraphThrottled("Slow down", retry_after=timedelta(hours=1)), Fate.WAIT),
        (GraphUnavailable("Down"), Fate.WAIT),
        (GraphTimeout("No answer"), Fate.WAIT),
        (TokenRefused("Expired"), Fate.WAIT),
        (WindowClosed("Too late"), Fate.HOLD),
        (NotThreadOwner("Another app"), Fate.LOST),
        (UserUnreachable("Blocked"), Fate.DROP),
        (NoSuchUser("Another page's"), Fate.GIVE_UP),
        (GraphRefused("Invalid"), Fate.GIVE_UP),
        (STRANGE, Fate.WAIT),
    ],
)
def test_each_error_says_what_becomes_of_the_message(error: GraphError, fate: Fate) -> None:
    assert fate_of(error, waited_out=False) is fate


def test_a_message_that_meta_alone_of_all_does_not_take_is_given_up_in_the_end() -> None:
    assert fate_of(STRANGE, waited_out=True) is Fate.GIVE_UP


@pytest.mark.parametrize("error", [GraphUnavailable("Down"), TokenRefused("Expired")])
def test_an_outage_is_waited_for_without_end(error: GraphError) -> None:
    assert fate_of(error, waited_out=True) is Fate.WAIT


def echo(text: str | None, *attachments: Attachment) -> Echo:
    return Echo(
        key="1",
        thread=Thread(page="1", user="2"),
        at=NOW,
        received_at=NOW,
        array=Array.MESSAGING,
        text=text,
        attachments=attachments,
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("How are you?\r\n", "How are you?"),
        ("one\n\n\ntwo", "one two"),
        ("a\0b", "ab"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("bell\a", "bell"),
        ("a\N{NO-BREAK SPACE}b", "a b"),
        ("zero\N{ZERO WIDTH SPACE}width", "zerowidth"),
        ("\N{BYTE ORDER MARK}hello", "hello"),
        ("\N{RIGHT-TO-LEFT MARK}שלום", "שלום"),
        ("soft\N{SOFT HYPHEN}", "soft"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "café"),
        ("\N{ANGSTROM SIGN}", "Å"),
        ("❤\N{VARIATION SELECTOR-16}", "❤"),
        ("👩\N{ZERO WIDTH JOINER}💻", "👩💻"),
        ("half an emoji \N{REPLACEMENT CHARACTER}", "half an emoji"),
    ],
)
def test_an_echo_is_known_by_what_a_reader_sees(said: str, shown: str) -> None:
    assert is_echoed({"text": said}, echo(shown))
    assert is_echoed({"text": shown}, echo(said))


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("👍", "🙏"),
        ("\U0001fae1", "\U0001fae0"),  # younger than the Unicode that Python 3.10 knows
        ("ok", "ok?"),
        ("Yes", "No"),
        ("1", "2"),
        ("hello", None),
    ],
)
def test_an_echo_of_other_words_is_somebody_else_s(said: str, other: str | None) -> None:
    assert not is_echoed({"text": said}, echo(other))


def test_a_file_is_known_by_there_being_one() -> None:
    picture = {"attachment": {"type": "image", "payload": {"url": "https://example.com/1"}}}
    assert is_echoed(picture, echo(None, Attachment(type="image", url="https://example.com/2")))
    assert not is_echoed(picture, echo("What can I do for you?"))
