"""Parameters whose names say where they belong, as PHP's clients write them in forms and queries.

`recipient[id]=1` is `recipient={"id":"1"}`, and `fields[0]=messages` or `fields[]=messages` a list.
Meta does not document this; clients in the field rely on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ...rules.errors import JsonObject

_NESTED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,20})")
_KEY = re.compile(r"\[([^\[\]]*)\]")


def nested(pairs: Iterable[tuple[str, Any]]) -> JsonObject:
    """The parameters of a form or query; where two claim the same place, the last one has it."""
    params: JsonObject = {}
    for name, value in pairs:
        found = _NESTED.fullmatch(name)
        path = [found[1], *_KEY.findall(found[2])] if found else [name]
        place = params
        for key in path[:-1]:
            if not isinstance(place.get(key), dict):
                place[key] = {}
            place = place[key]
        place[path[-1] or str(len(place))] = value
    return {name: _with_lists(value) for name, value in params.items()}


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {key: _with_lists(part) for key, part in value.items()}
    is_list = list(parts) == [str(number) for number in range(len(parts))]
    return list(parts.values()) if is_list else parts
