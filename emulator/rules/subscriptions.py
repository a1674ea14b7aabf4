"""The webhook fields that an app can subscribe to, and those that an event needs."""

from __future__ import annotations

from .accounts import PlatformName
from .ownership import Array

PAGE_FIELDS = frozenset(
    (
        "messages",
        "messaging_postbacks",
        "messaging_handovers",
        "standby",
        "message_echoes",
        "message_reads",
        "message_deliveries",
        "message_reactions",
        "message_edits",
        "messaging_referrals",
        "messaging_optins",
        "messaging_optouts",
        "messaging_account_linking",
        "messaging_policy_enforcement",
        "messaging_feedback",
        "response_feedback",
        "inbox_labels",
        "message_context",
        "message_mention",
        "messaging_integrity",
        "business_integrity",
    )
)
"""The fields of the Page (Meta facts 1.4; Meta: "subscribed_apps")."""

ALL_PAGE_FIELDS = tuple(sorted(PAGE_FIELDS))

DEFAULT_PAGE_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_handovers",
    "standby",
    "message_echoes",
    "message_reads",
    "message_deliveries",
    "message_edits",
    "messaging_referrals",
    "messaging_optins",
    "messaging_account_linking",
)

INSTAGRAM_FIELDS = frozenset(
    (
        "messages",
        "message_reactions",
        "messaging_postbacks",
        "messaging_seen",
        "messaging_referral",
        "messaging_handover",
        "message_edit",
        "standby",
    )
)
"""The fields of the `instagram` object (Meta facts 1.4, 2.6; Meta: "Instagram Webhooks")."""

DEFAULT_INSTAGRAM_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "messaging_handover",
    "messaging_referral",
    "message_edit",
    "standby",
)

_INSTAGRAM_NAMES = {
    "message_echoes": "messages",
    "message_reads": "messaging_seen",
    "messaging_handovers": "messaging_handover",
    "messaging_referrals": "messaging_referral",
    "message_edits": "message_edit",
}


def needed_fields(platform: PlatformName, field: str, array: Array) -> frozenset[str]:
    """What an app must have subscribed to for an event of the Page's `field` to reach it.

    For one on `standby`, that field as well (Meta facts 2.3; Meta: "standby"). Instagram has names
    of its own: echoes come with `messages`, reads with `messaging_seen` (Meta facts 2.5 and 2.6).
    It has no delivery receipts: no field brings them.
    """
    name = field
    if platform is PlatformName.INSTAGRAM:
        name = _INSTAGRAM_NAMES.get(field, field)
    return frozenset((name, "standby") if array is Array.STANDBY else (name,))


def uncertain_fields(platform: PlatformName) -> frozenset[str]:
    """The fields that this platform has according to one of Meta's pages, but not to another; the
    switch `instagram_control_fields` says which is right.
    """
    instagram = platform is PlatformName.INSTAGRAM
    return frozenset(("messaging_handover", "standby") if instagram else ())
