"""Environment variables in the channel's settings: `${NAME}`, in quotes or without them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)


def filled_in(value: object, environment: Mapping[str, str]) -> object:
    """`value` with its variables filled in, within mappings and lists too.

    Rasa fills in most of them before. It leaves those in quotes, and Rasa Pro the one under a key
    that is named `secret`. A variable that is not set stays as it stands.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: environment.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {key: filled_in(one, environment) for key, one in value.items()}
    if isinstance(value, list):
        return [filled_in(one, environment) for one in value]
    return value
