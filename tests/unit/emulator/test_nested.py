"""Parameters whose names say where they belong."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.request.nested import nested


@pytest.mark.parametrize(
    ("pairs", "params"),
    [
        ([], {}),
        (
            [("recipient", "{}"), ("a]", "1"), ("[b]", "2")],
            {"recipient": "{}", "a]": "1", "[b]": "2"},
        ),
        ([("recipient[id]", "7")], {"recipient": {"id": "7"}}),
        ([("m[a][url]", "x"), ("m[a][ok]", "y")], {"m": {"a": {"url": "x", "ok": "y"}}}),
        ([("fields[0]", "a"), ("fields[1]", "b")], {"fields": ["a", "b"]}),
        ([("fields[]", "a"), ("fields[]", "b")], {"fields": ["a", "b"]}),
        ([("q[0][title]", "a"), ("q[1][title]", "b")], {"q": [{"title": "a"}, {"title": "b"}]}),
        ([("f[1]", "a")], {"f": {"1": "a"}}),
        ([("f", "x"), ("f[id]", "a")], {"f": {"id": "a"}}),
        ([("f[id]", "a"), ("f", "x")], {"f": "x"}),
        ([("f" + "[a]" * 21, "x")], {"f" + "[a]" * 21: "x"}),
    ],
)
def test_a_name_says_where_its_value_belongs(
    pairs: list[tuple[str, str]], params: dict[str, Any]
) -> None:
    assert nested(pairs) == params
