"""What the operator API answers of a handover."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.events import Platform
from channels.core.plans import INBOX_APP_IDS
from channels.core.sessions.session import EndReason, State
from channels.operators.answers import Called, handover
from tests.unit.channels.operators.test_stories import NOON, session

INBOX = INBOX_APP_IDS[Platform.MESSENGER]


@pytest.mark.parametrize(("owner", "shown"), [(None, INBOX), ("777", "777")])
def test_the_app_that_has_the_thread_is_shown_or_else_the_plan_s(
    owner: str | None, shown: str
) -> None:
    told = handover(session(owner_app=owner), "2001", Called())
    assert (told.target_app, told.is_with_inbox) == (shown, shown == INBOX)


@pytest.mark.parametrize(
    ("fields", "by"),
    [
        ({"active_at": NOON}, EndReason.TIMEOUT),
        ({"state": State.WAITING, "waiting_since": NOON}, EndReason.CLOSED),
        ({"state": State.ENDING, "active_at": NOON}, None),
    ],
)
def test_how_it_ends_by_itself_is_told_of_one_that_has_not_begun_to_end(
    fields: dict[str, Any], by: EndReason | None
) -> None:
    assert handover(session(**fields), "2001", Called()).ends_by == by
