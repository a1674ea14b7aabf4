"""Which version this is, and what it runs on. pyproject.toml takes the version from here."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

VERSION = "0.2.0"

_HOSTS = ("rasa", "rasa-pro")


def told() -> str:
    """The version, and those of Rasa and Python, as a report of a bug needs them."""
    hosts = [f"{name} {found}" for name in _HOSTS if (found := _installed(name))]
    return f"rasa-handover {VERSION} ({', '.join([*hosts, f'Python {platform.python_version()}'])})"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
