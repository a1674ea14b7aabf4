"""Which version this is, and what it runs on. pyproject.toml takes the version from here."""

from __future__ import annotations

import platform

from channels.instruments.host import installed

VERSION = "0.2.0"


def told() -> str:
    """The version, with those of Rasa and Python, as bug reports need them."""
    host = installed() or "no Rasa"
    return f"rasa-handover {VERSION} ({host}, Python {platform.python_version()})"
