"""What each folder offers to others: these names and no more."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest

PUBLIC = {
    "channels": ["MessengerInput"],
    "actions": ["ActionHandover", "ActionHandoverAvailability", "ActionRephraseOrHandover"],
    "emulator": [
        "INSTAGRAM_INBOX",
        "PAGE_INBOX",
        "App",
        "Config",
        "ConfigError",
        "DeliverySettings",
        "InstagramAccount",
        "Page",
        "PlatformName",
        "RoutingMode",
        "Switches",
        "User",
        "create_app",
        "default_config",
        "load_config",
        "running",
    ],
}


@pytest.fixture(params=PUBLIC)
def folder(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def test_the_public_names_are_these(folder: ModuleType) -> None:
    assert folder.__all__ == PUBLIC[folder.__name__]
    assert all(hasattr(folder, name) for name in folder.__all__)


def test_no_other_name_looks_public(folder: ModuleType) -> None:
    names = {
        name
        for name, value in vars(folder).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert names <= set(folder.__all__)
