"""Text for a terminal, which nothing that others wrote can control; and questions to its user."""

from __future__ import annotations

import enum
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import TextIO

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_GAP = "  "


def printable(text: str) -> str:
    """The text with a blank for each character that can't be shown on a line."""
    return "".join(character if character.isprintable() else " " for character in text)


class Colour(enum.Enum):
    """A colour of the terminal's own palette, by its number in SGR."""

    RED = 31
    GREEN = 32
    YELLOW = 33
    BLUE = 34


def has_colours(stream: TextIO) -> bool:
    """Whether a person reads it who has not switched off colours (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def coloured(text: str, colour: Colour | None, *, on: bool) -> str:
    """The text in a colour, if colours are on."""
    return text if colour is None or not on else f"\033[{colour.value}m{text}\033[0m"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, under their headings."""
    cells = [heads, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def brief(duration: timedelta) -> str:
    """A duration in its two largest units: `1 h 5 min`; `0 s` for one that is over."""
    left = max(int(duration.total_seconds()), 0)
    parts = []
    for unit, length in _UNITS:
        count, left = divmod(left, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def agrees(question: str) -> bool:
    """Whether a person says yes; leaving counts as no, and so does having no terminal."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        print()
        return False
