from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import emulator
from emulator import (
    INSTAGRAM_INBOX,
    PAGE_INBOX,
    ConfigError,
    RoutingMode,
    default_config,
    load_config,
)
from emulator.platform.state.config import check_config

Json = dict[str, Any]
BOT = {"id": "6", "name": "Bot", "default": True}
VALID: Json = {"page": {"id": "5", "name": "Shop"}, "apps": [BOT]}


def loaded(directory: Path, config: object) -> emulator.Config:
    path = directory / "config.json"
    path.write_text(json.dumps(config))
    return load_config(path)


def test_the_default_configuration_can_be_used() -> None:
    check_config(default_config())


def test_a_file_needs_a_page_and_a_default_app_only(tmp_path: Path) -> None:
    config = loaded(tmp_path, VALID)
    assert config.apps[0].take_control is True
    assert "standby" in config.apps[0].subscribed_fields
    assert config.routing is RoutingMode.ON
    assert config.instagram is None


def test_a_person_is_on_messenger_unless_said(tmp_path: Path) -> None:
    people = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Hedy", "platform": "instagram"}]
    linked = {"instagram": {"id": "3", "name": "shop"}, "users": people}
    config = loaded(tmp_path, {**VALID, **linked})
    assert [one.platform.value for one in config.users] == ["messenger", "instagram"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"page": {"id": "five", "name": "Shop"}}, "'five'"),
        ({"apps": []}, '"default": true'),
        ({"apps": [BOT, {**BOT, "id": "8"}]}, '"default": true'),
        ({"apps": [{**BOT, "default": False}]}, '"default": true'),
        ({"users": [{"id": "6", "name": "Same id as the bot"}]}, "twice"),
        ({"apps": [{**BOT, "id": PAGE_INBOX}]}, "twice"),
        ({"apps": [{**BOT, "id": INSTAGRAM_INBOX}]}, "twice"),
        ({"instagram": {"id": "5", "name": "Same id as the Page"}}, "twice"),
        ({"instagram": {"id": "shop", "name": "shop"}}, "'shop'"),
        ({"users": [{"id": "1", "name": "Hedy", "platform": "instagram"}]}, "no account there"),
        ({"users": [{"id": "1", "name": "Hedy", "platform": "whatsapp"}]}, "whatsapp"),
        ({"apps": [{**BOT, "instagram_fields": ["message_reads"]}]}, "'message_reads'"),
        ({"apps": [{**BOT, "webhook": "localhost"}]}, "http"),
        ({"apps": [{**BOT, "subscribed_fields": ["messaging_handover"]}]}, "'messaging_handover'"),
        ({"apps": [{**BOT, "colour": "red"}]}, "colour"),
        ({"routing": "maybe"}, "maybe"),
        ({"switches": {"null_owner": "none"}}, "null_owner"),
    ],
)
def test_a_configuration_that_cannot_be_used_says_what_is_wrong(
    tmp_path: Path, changes: Json, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        loaded(tmp_path, {**VALID, **changes})


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot read"):
        load_config(tmp_path / "none.json")


def test_the_secrets_of_an_app_are_not_in_its_repr() -> None:
    shown = repr(default_config())
    for app in default_config().apps:
        assert app.id in shown
        for secret in (app.secret, app.verify_token, app.page_access_token):
            assert secret not in shown


def test_what_is_exported_is_there() -> None:
    assert [name for name in emulator.__all__ if not hasattr(emulator, name)] == []
