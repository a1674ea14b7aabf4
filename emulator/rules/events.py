"""The events of Meta's webhooks, as they are in `messaging` or `standby` of an entry.

Meta facts 2.2 to 2.5; Meta: "messages", "messaging_postbacks", "message_echoes",
"messaging_handovers", "standby" and their siblings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from .accounts import Account
from .errors import JsonObject
from .ownership import Array
from .switches import Switches

ECHO_PAGE_INBOX = "26390203743090"
"""The Page Inbox's id as "message_echoes" prints it, one digit short (Meta facts 2.5)."""


UNTOLD_WHEN_BARE = ("app_id", "metadata")


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One event of an account on its way to one app."""

    account: Account
    user: str
    array: Array
    event: JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class EventWriter:
    """Writes events of one account, the Page or its Instagram account, under the given switches.

    `at` is an aware time, or milliseconds since 1970.
    """

    account: str
    switches: Switches
    is_instagram: bool = False

    def from_user(self, user: str, at: datetime | int, **body: Any) -> JsonObject:
        """What a person did: the sender is the person, the recipient the account."""
        return {
            "sender": {"id": user},
            "recipient": {"id": self.account},
            "timestamp": self._timestamp(at),
            **body,
        }

    def echo(self, user: str, app_id: str, at: datetime, message: JsonObject) -> JsonObject:
        """What an app sent: sender and recipient are swapped. On Instagram, unless the switch says
        otherwise, nothing in it shows who sent it (Meta facts 2.5).
        """
        shown: JsonObject = {"is_echo": True, "app_id": self.app_id(app_id, number=True), **message}
        if self.is_instagram and self.switches.instagram_echoes == "bare":
            shown = {key: value for key, value in shown.items() if key not in UNTOLD_WHEN_BARE}
        return {
            "sender": {"id": self.account},
            "recipient": {"id": user},
            "timestamp": self._timestamp(at),
            "message": shown,
        }

    def delivered(self, user: str, mid: str, at: datetime) -> JsonObject:
        """A message from an app has reached the person; Meta's sample has no timestamp."""
        return {
            "sender": {"id": user},
            "recipient": {"id": self.account},
            "delivery": {"mids": [mid], "watermark": milliseconds(at)},
        }

    def control_moved(
        self, name: str, previous: str | None, new: str, metadata: str | None
    ) -> JsonObject:
        """The value of `pass_thread_control` or `take_thread_control`; add sender and time."""
        body: JsonObject = {"new_owner_app_id": self.app_id(new)}
        if previous is not None:
            body["previous_owner_app_id"] = self.app_id(previous)
        elif self.switches.null_owner != "missing":
            body["previous_owner_app_id"] = "null" if self.switches.null_owner == "string" else None
        return {name: _with_metadata(body, metadata)}

    def control_requested(self, app_id: str, metadata: str | None) -> JsonObject:
        """The value of `request_thread_control`; its sample prints the app id as a number."""
        body = {"requested_owner_app_id": self.app_id(app_id, number=True)}
        return {"request_thread_control": _with_metadata(body, metadata)}

    def app_role(self, app_id: str, role: str, at: datetime) -> JsonObject:
        """`app_roles` of the legacy protocol; it has no sender."""
        return {
            "recipient": {"id": self.account},
            "timestamp": self._timestamp(at),
            "app_roles": {app_id: [role]},
        }

    def app_id(self, app_id: str, *, number: bool = False) -> str | int:
        """An app id as the switch says; `number`: the sample in question prints a number."""
        as_number = {"documented": number, "strings": False, "numbers": True}
        return int(app_id) if as_number[self.switches.app_ids] else app_id

    def _timestamp(self, at: datetime | int) -> int | str:
        number = at if isinstance(at, int) else milliseconds(at)
        return str(number) if self.switches.timestamps == "strings" else number


def for_standby(event: JsonObject) -> JsonObject:
    """The event as a bystander gets it: postbacks lose their payload (Meta facts 2.3)."""
    if "postback" not in event:
        return event
    postback = {key: value for key, value in event["postback"].items() if key != "payload"}
    return {**event, "postback": postback}


def by_account(deliveries: list[Delivery]) -> list[list[Delivery]]:
    """The deliveries in order, split where the account changes: a POST has a single `object`."""
    return [list(group) for _, group in groupby(deliveries, key=lambda one: one.account)]


def webhook_body(deliveries: list[Delivery], at: datetime) -> bytes:
    """One POST with all the deliveries, at least one and all for one account; neighbours in the
    same array share an entry.

    It is serialised as Meta does it, which matters because the signature covers these bytes: ASCII
    only, lower-case `\\uXXXX`, and `/` as `\\/` (Meta facts 2.1; Meta: "Webhooks").
    """
    account, entries = deliveries[0].account, list[JsonObject]()
    for delivery in deliveries:
        array = delivery.array.value
        if not entries or array not in entries[-1]:
            entries.append({"id": account.id, "time": milliseconds(at), array: []})
        entries[-1][array].append(delivery.event)
    return escaped({"object": account.webhook_object, "entry": entries})


def escaped(body: Any) -> bytes:
    """JSON, in the bytes that Meta would send."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def _with_metadata(body: JsonObject, metadata: str | None) -> JsonObject:
    return body if metadata is None else {**body, "metadata": metadata}


def milliseconds(moment: datetime) -> int:
    """A moment as Meta's webhooks print it: milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
