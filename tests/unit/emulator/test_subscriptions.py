from __future__ import annotations

import pytest

from emulator.platform.state.models import App
from emulator.rules.accounts import PlatformName
from emulator.rules.ownership import Array
from emulator.rules.subscriptions import (
    INSTAGRAM_FIELDS,
    PAGE_FIELDS,
    needed_fields,
    uncertain_fields,
)

MESSENGER, INSTAGRAM = PlatformName.MESSENGER, PlatformName.INSTAGRAM


@pytest.mark.parametrize("field", sorted(PAGE_FIELDS))
def test_on_messenger_an_event_needs_the_field_of_its_name(field: str) -> None:
    assert needed_fields(MESSENGER, field, Array.MESSAGING) == {field}


@pytest.mark.parametrize(
    ("field", "needed"),
    [
        ("messages", "messages"),
        ("messaging_postbacks", "messaging_postbacks"),
        ("message_reactions", "message_reactions"),
        ("message_echoes", "messages"),
        ("message_reads", "messaging_seen"),
        ("messaging_handovers", "messaging_handover"),
    ],
)
def test_instagram_has_names_of_its_own(field: str, needed: str) -> None:
    assert needed_fields(INSTAGRAM, field, Array.MESSAGING) == {needed}
    assert needed in INSTAGRAM_FIELDS


@pytest.mark.parametrize("platform", PlatformName)
def test_a_bystander_needs_standby_besides(platform: PlatformName) -> None:
    assert needed_fields(platform, "messages", Array.STANDBY) == {"messages", "standby"}


def test_no_field_of_instagram_brings_delivery_receipts() -> None:
    needed = needed_fields(INSTAGRAM, "message_deliveries", Array.MESSAGING)
    assert not needed <= INSTAGRAM_FIELDS


def test_metas_pages_differ_about_instagrams_control_fields_only() -> None:
    assert uncertain_fields(INSTAGRAM) == {"standby", "messaging_handover"}
    assert uncertain_fields(MESSENGER) == frozenset()


def test_instagrams_events_need_any_field_of_the_page_besides() -> None:
    app = App(id="1", name="Bot", subscribed_fields=("messages",), instagram_fields=("standby",))
    assert app.fields(MESSENGER) == {"messages"}
    assert app.fields(INSTAGRAM) == {"standby"}
    unsubscribed = App(id="1", name="Bot", subscribed_fields=())
    assert unsubscribed.fields(INSTAGRAM) == frozenset()
