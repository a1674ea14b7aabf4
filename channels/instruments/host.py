"""The Rasa that is installed here, and why the channel can't work in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MANTLE = "mantle"  # as a model's metadata and Rasa's processor name the engine
MANTLE_REFUSED = (
    "The assistant is one of Rasa's engine Mantle (agent.yml and skills), in which no handover can "
    "work: Mantle sends no custom payload, so none would begin, and it reads handover_ended as the "
    "user's words. Use an assistant of flows (CALM) or of rules."
)

_OLDEST_RASA = (3, 6)
_OF_MANTLE = ("agent.yml", "integrations.yml", "skills/*/skill.md")


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """An installed Rasa: `rasa` or `rasa-pro`, and its version."""

    package: str
    version: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}"

    @property
    def refused(self) -> str | None:
        """Why the plugin can't work in it, and what to do; None where it can."""
        numbers = tuple(map(int, re.findall(r"\d+", self.version)[:2]))
        if self.package != "rasa" or numbers >= _OLDEST_RASA:
            return None
        return (
            f"rasa-handover can't work in {self}: it needs rasa 3.6, or Rasa Pro. Install it with "
            "`pip install rasa==3.6.21`, on Python 3.10."
        )


def is_mantle_project(directory: Path) -> bool:
    """Whether a folder holds an assistant of Mantle: two of its files, as Rasa Pro 3.21 has it."""
    return sum(any(directory.glob(pattern)) for pattern in _OF_MANTLE) > 1


def installed() -> Host | None:
    """The Rasa of this environment."""
    found = {package: _version(package) for package in ("rasa-pro", "rasa")}
    there = (Host(package=package, version=one) for package, one in found.items() if one)
    return next(there, None)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
