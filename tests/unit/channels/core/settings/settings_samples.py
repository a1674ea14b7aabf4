"""A section of credentials.yml, its keys, and what becomes of it when it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.errors import SettingsError
from channels.core.settings.settings import Settings, parse_settings

MARK = "S3CRET-of-16-characters"  # is in every value that nobody may see
REQUIRED = {
    "verify": f"{MARK}-verify",
    "secret": f"{MARK}-secret",
    "page-access-token": f"{MARK}-token",
    "app-id": "1000000000000001",
}
SECRET_KEYS = ["verify", "secret", "page-access-token", "store", "admin-token", "operator-token"]
CHANNEL_KEYS = (
    "admin-token, app-id, events, graph-url, max-turns, media-sends-a-second, notify, "
    "on-failure, operator-token, operators-by-echo, page-access-token, pages, plans, profiles, "
    "public-url, requests, retention, routing, secret, sends-a-second, store, transcript, "
    "transcript-retention, turn-timeout, typed-intents, verify"
)
PLAN_KEYS = (
    "closed-on, context-slots, hours, idle-timeout, keyword-match, keywords, last-messages, "
    "metadata, owner-probe, pass-patience, return-intent-threshold, return-intents, "
    "return-payloads, target-app, timeout, timezone, unanswered-notice, unanswered-timeout, "
    "wait-at-most, when-closed"
)


def settings_with(changes: dict[Any, Any]) -> Settings:
    return parse_settings({**REQUIRED, **changes})


def complaint_about(section: object) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_settings(section)
    return str(caught.value)
