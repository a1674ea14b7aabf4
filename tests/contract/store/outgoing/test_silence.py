"""What `Store` promises of a thread whose session silences the bot."""

from __future__ import annotations

from typing import Any

import pytest

from channels.core.errors import BotSilenced
from channels.core.sessions.session import Cause, State, session_id_for
from channels.store.protocol import Store
from tests.contract.store.outgoing.outgoing_samples import LATER, say, texts
from tests.contract.store.store_samples import BEN, NOW, new_session, next_version, words


async def test_nothing_is_said_in_a_thread_that_somebody_gets(store: Store) -> None:
    await store.add_session(new_session("session"))
    with pytest.raises(BotSilenced):
        await store.say(words("hello"), in_hand=False)

    await store.say(words("hello", BEN), in_hand=False)
    assert texts(await store.claim_outgoing(LATER, limit=9)) == ["hello"], "Ben's"


async def test_what_has_led_to_the_handover_is_said(store: Store) -> None:
    await store.add_session(new_session(session_id_for("m_1")))
    await say(store, "connecting", cause=Cause(at=NOW, key="m_1"))


@pytest.mark.parametrize(
    "changes", [{"state": State.WAITING}, {"state": State.ENDING, "regained": True}]
)
async def test_the_bot_talks_on_before_the_hours_and_once_the_thread_is_back(
    store: Store, changes: dict[str, Any]
) -> None:
    session = new_session("session")
    await store.add_session(session)
    await store.save_session(next_version(session, **changes))
    await say(store, "hello")
