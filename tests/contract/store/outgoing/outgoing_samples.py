"""What the tests of stored messages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels.core.events import Thread
from channels.core.records.outgoing import OutgoingEntry, Standing
from channels.store.protocol import CLAIM_LEASE, Store
from tests.contract.store.store_samples import (
    ANNA,
    HOUR,
    NOW,
    SECOND,
    words,
)

LATER = NOW + CLAIM_LEASE + SECOND
Reopen = Callable[[str], Any]


async def say(store: Store, text: str, thread: Thread = ANNA, **fields: Any) -> OutgoingEntry:
    entry = await store.say(words(text, thread, **fields))
    assert entry is not None
    return entry


def texts(entries: list[OutgoingEntry]) -> list[str]:
    return [entry.outgoing.message["text"] for entry in entries]


async def standing(store: Store, entry: OutgoingEntry) -> Standing | None:
    return (await store.before_send(entry))[0]


async def prune(store: Store) -> None:
    await store.prune(
        NOW, inbox_retention=HOUR, session_retention=24 * HOUR, transcript_retention=HOUR
    )
