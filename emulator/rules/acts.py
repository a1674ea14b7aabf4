"""What a person does besides writing, as Meta reports it (Meta facts 2.2)."""

from __future__ import annotations

from .errors import JsonObject

_FIELDS = {
    "referral": "messaging_referrals",
    "optin": "messaging_optins",
    "account_linking": "messaging_account_linking",
}
_SAMPLES: dict[str, JsonObject] = {
    "referral": {"source": "SHORTLINK", "type": "OPEN_THREAD"},
    "optin": {"type": "notification_messages"},
    "account_linking": {"status": "linked"},
}


def field_of_act(name: str) -> str:
    """The Page's webhook field that brings an act, by Meta's name for it."""
    return _FIELDS[name]


def told_of_act(name: str, details: JsonObject) -> JsonObject:
    """What the event contains: the details, and what else Meta's samples have (Meta:
    "messaging_referrals", "messaging_optins", "messaging_account_linking").
    """
    return {**_SAMPLES[name], **details}
