"""What is stored as JSON, or by name, can be read by later releases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.core.events import Event
from channels.core.notices import Notice
from channels.core.records.dead import Part
from channels.core.records.outgoing import Outgoing, Standing
from channels.core.sessions.session import Session, Speaker

STORED = (Event, Notice, Outgoing, Part, Session, Speaker, Standing)
KNOWN = json.loads((Path(__file__).parents[3] / "fixtures" / "store" / "records.json").read_text())
REMEDY = (
    "Older rows have the form in records.json. Rename nothing, take nothing away, and give new "
    "fields a default; then add what is new to that file."
)


def forms() -> dict[str, Any]:
    """The fields, types and values of all that is stored, by its class."""
    _, classes = msgspec.json.schema_components(STORED)
    return {name: without_words_for_readers(found) for name, found in classes.items()}


def without_words_for_readers(schema: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: {key: each for key, each in field.items() if key != "default"}
        for name, field in schema.get("properties", {}).items()
    }
    form = {key: schema[key] for key in ("required", "enum") if key in schema}
    return form | ({"fields": fields} if fields else {})


@pytest.mark.parametrize("name", sorted({*KNOWN, *forms()}))
def test_a_stored_record_keeps_its_form(name: str) -> None:
    assert forms().get(name) == KNOWN.get(name), REMEDY
