"""Names and pictures that a Page's messages can have (Meta facts 1.6; Meta: "Personas")."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_NAME = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """A persona of the Page, whichever app made it."""

    id: str
    name: str
    profile_picture_url: str
