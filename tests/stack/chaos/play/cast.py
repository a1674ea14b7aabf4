"""Who takes part in the chaos run."""

from __future__ import annotations

PAGE = "111000111000111"
BOT = "900100100100100"
AGENTS = "900200200200200"
NOBODY = "999000999000999"  # an app that the Page does not have
FIRST_USER = 7_200_000_000_000_000
