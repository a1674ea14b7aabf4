"""What Meta's webhook tells us, as typed values.

Sources: Messenger Platform, Webhook Events (messages, message_echoes, messaging_postbacks,
messaging_handovers, standby). Ids are strings, whatever Meta wrote them as; "nobody" is None.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import msgspec


class Platform(enum.Enum):
    """Where a thread is; the value is the name of its channel in Rasa (`channel:` in a domain)."""

    MESSENGER = "facebook"
    INSTAGRAM = "instagram"

    # Threads are used as keys everywhere, and their hash calls Enum's own, which is slow Python.
    __hash__ = object.__hash__


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation of one user with one page, or with one Instagram account.

    `page` is the id that Meta's webhook gives: the page's, or the Instagram account's.
    """

    page: str
    user: str
    platform: Platform = Platform.MESSENGER

    @property
    def key(self) -> str:
        """One string for the thread, the same in the store, in queues and in logs' hashes."""
        return f"{self.page}:{self.user}"


class Array(enum.Enum):
    """The array of a delivery in which an event came: the best sign of who owns the thread."""

    MESSAGING = "messaging"
    STANDBY = "standby"


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """An image, audio, file, location … that somebody sent."""

    type: str
    url: str | None = None
    payload: dict[str, Any] = {}


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What all events share: `key` is the same for each delivery of the same event."""

    key: str
    thread: Thread
    array: Array
    at: datetime
    received_at: datetime


class UserMessage(_Event, frozen=True, kw_only=True, tag="user_message"):
    """The user wrote, tapped a quick reply (then `payload` is set), or sent attachments.

    `context` is what else Meta says, in Meta's own form: `referral`, `reply_to`, `sticker_id`,
    `prior_message`. `edits` is how often the user had edited the message to arrive at this text.
    """

    mid: str | None = None
    text: str | None = None
    payload: str | None = None
    attachments: tuple[Attachment, ...] = ()
    context: dict[str, Any] = {}
    edits: int = 0


class Postback(_Event, frozen=True, kw_only=True, tag="postback"):
    """The user tapped a button or a menu entry. On standby Meta leaves out the payload.

    `context` is as in UserMessage.
    """

    mid: str | None = None
    title: str | None = None
    payload: str | None = None
    context: dict[str, Any] = {}


class Echo(_Event, frozen=True, kw_only=True, tag="echo"):
    """The page sent a message: `app_id` says through which app, `by_ai` that Meta's AI wrote it."""

    mid: str | None = None
    app_id: str | None = None
    text: str | None = None
    metadata: str | None = None
    attachments: tuple[Attachment, ...] = ()
    edits: int = 0
    by_ai: bool = False

    @property
    def tells_no_sender(self) -> bool:
        """Whether it is without an app's id, as all are on Instagram."""
        return self.app_id is None


class SignOfLife(_Event, frozen=True, kw_only=True, tag="sign_of_life"):
    """The user sent something that we can't read: Meta does not show it (`is_unsupported`), or the
    user has taken it back since.
    """

    mid: str | None = None


class TakenBack(_Event, frozen=True, kw_only=True, tag="taken_back"):
    """The author of the message `mid` has taken it back; `by_page`: the author is not the user."""

    mid: str
    by_page: bool = False


class Edited(_Event, frozen=True, kw_only=True, tag="edited"):
    """The author of the message `mid` has changed it to `text`; `number` counts the changes."""

    mid: str
    text: str
    number: int
    by_page: bool = False


ACTS = ("referral", "optin", "account_linking")


class Act(_Event, frozen=True, kw_only=True, tag="act"):
    """The user did something other than writing: `name` and `details` are as Meta gives them.

    Names (ACTS): `referral` (an m.me link or an ad, into an existing thread), `optin`,
    `account_linking`.
    """

    name: str
    details: dict[str, Any] = {}


class ControlPassed(_Event, frozen=True, kw_only=True, tag="control_passed"):
    """`pass_thread_control`: an owner gave the thread to `new_owner`."""

    previous_owner: str | None = None
    new_owner: str | None = None
    metadata: str | None = None


class ControlTaken(_Event, frozen=True, kw_only=True, tag="control_taken"):
    """`take_thread_control`: `new_owner` took the thread from `previous_owner`."""

    previous_owner: str | None = None
    new_owner: str | None = None
    metadata: str | None = None


class ControlRequested(_Event, frozen=True, kw_only=True, tag="control_requested"):
    """`request_thread_control`: an app asks the owner for the thread."""

    requested_owner: str | None = None
    metadata: str | None = None


Event = (
    UserMessage
    | Postback
    | Echo
    | SignOfLife
    | TakenBack
    | Edited
    | Act
    | ControlPassed
    | ControlTaken
    | ControlRequested
)


def message_key(page: str, array: Array, mid: str) -> str:
    """The key of the event in which a message, or a tap, comes."""
    return f"{page}/{array.value}/{mid}"


_BETWEEN = ":"


def sender_id_of(thread: Thread, *, several_pages: bool) -> str:
    """The sender id of a thread's user.

    On a single page a Messenger user's id is Rasa's sender id, as in Rasa's own channel. Ids are
    unique on their page only, so with several pages, and on Instagram, the page's id is part of it.
    """
    is_plain = thread.platform is Platform.MESSENGER and not several_pages
    return thread.user if is_plain else f"{thread.page}{_BETWEEN}{thread.user}"


def page_and_user_of(sender_id: str) -> tuple[str | None, str]:
    """The page that a sender id names, if it names one, and the user."""
    page, between, user = sender_id.rpartition(_BETWEEN)
    return (page, user) if between else (None, sender_id)
