"""The installed Rasa, and why the plugin can't work in it, if it can't."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MANTLE = "mantle"  # as a model's metadata and Rasa's processor name the engine
MANTLE_REFUSED = (
    "The assistant is made for Rasa's engine Mantle (agent.yml and skills), in which no handover "
    "can work: Mantle sends no custom payload, so none would begin, and it takes handover_ended "
    "for words of the user's. Use an assistant of flows (CALM) or of rules."
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
        """Why the plugin can't work in it, and what to do; None if it can."""
        numbers = tuple(map(int, re.findall(r"\d+", self.version)[:2]))
        if self.package != "rasa" or numbers >= _OLDEST_RASA:
            return None
        return (
            f"rasa-handover can't work in {self}: it needs rasa 3.6, or Rasa Pro. Install it with "
            "`pip install rasa==3.6.21`, on Python 3.10."
        )


def is_mantle_project(directory: Path) -> bool:
    """Whether a folder holds an assistant for Mantle: at least two of its files are there, which is
    what Rasa Pro 3.21 goes by.
    """
    return sum(any(directory.glob(pattern)) for pattern in _OF_MANTLE) > 1


def installed() -> Host | None:
    """The Rasa in this environment; None if there is none."""
    found = {package: _version(package) for package in ("rasa-pro", "rasa")}
    there = (Host(package=package, version=one) for package, one in found.items() if one)
    return next(there, None)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
