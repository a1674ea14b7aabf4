"""What the channel does to the process that it is put into."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from rasa.core.channels.channel import UserMessage

from channels import MessengerInput

SECTION = {"verify": "v", "secret": "s", "page-access-token": "t", "app-id": "1"}


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


async def on_new_message(_: UserMessage) -> None: ...


def test_collections_of_garbage_leave_out_what_is_loaded_before_the_channel() -> None:
    channel = MessengerInput.from_credentials(SECTION)
    loaded = len(gc.get_objects())
    channel.blueprint(on_new_message)
    assert gc.get_freeze_count() >= loaded > len(gc.get_objects())
