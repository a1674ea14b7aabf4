"""What was set aside for good: what it is called, and what is told of its error."""

from __future__ import annotations

import pytest

from channels.core.errors import GraphRefused
from channels.core.records.dead import DeadId, Part, dead_id, error_class


@pytest.mark.parametrize("part", Part)
def test_it_is_found_by_what_it_is_called(part: Part) -> None:
    named = DeadId(part=part, position=12)
    assert dead_id(str(named)) == named


@pytest.mark.parametrize(
    "text", ["", "event", "event-", "event-1x", "session-1", "event-" + "1" * 19]
)
def test_another_text_is_the_name_of_none(text: str) -> None:
    assert dead_id(text) is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError("what the user wrote"), "ValueError"),
        (GraphRefused("what the user wrote", code=100, subcode=33), "GraphRefused 100/33"),
        (GraphRefused("what the user wrote", code=100), "GraphRefused 100/-"),
        (GraphRefused("what the user wrote"), "GraphRefused"),
    ],
)
def test_of_its_error_the_class_is_told_and_metas_numbers(error: Exception, told: str) -> None:
    assert error_class(error) == told
