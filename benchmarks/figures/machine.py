"""The machine and the versions that figures were measured with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("rasa", "sanic", "SQLAlchemy", "aiohttp", "uvloop")
_GIB = 2**30


def machine() -> dict[str, str]:
    """What the machine is; nothing that says whose it is."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory / _GIB:.0f} GiB",
        "system": f"{_system()}, kernel {platform.release()}",
    }


def versions() -> dict[str, str]:
    """Of Python and of the packages that the figures depend on."""
    return {"Python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
