"""What the operator API answers of a handover."""

from __future__ import annotations

import pytest

from channels.core.events import Platform
from channels.core.plans import INBOX_APP_IDS
from channels.operators.answers import Called, handover
from tests.unit.channels.operators.test_stories import session

INBOX = INBOX_APP_IDS[Platform.MESSENGER]


@pytest.mark.parametrize(("owner", "shown"), [(None, INBOX), ("777", "777")])
def test_the_app_that_has_the_thread_is_shown_or_else_the_plan_s(
    owner: str | None, shown: str
) -> None:
    assert handover(session(owner_app=owner), "2001", Called()).target_app == shown
