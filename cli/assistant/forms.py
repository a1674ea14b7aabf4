"""Which forms take anything that a user writes as the answer to their question. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

IGNORED = "ignored_intents"
REQUIRED = "required_slots"

_BY_WORDS = {"from_text", "custom", "controlled", "from_intent"}


def ignored_by(form: Any) -> list[str]:
    """The intents that a form ignores; Rasa also accepts a single name."""
    found = form.get(IGNORED) if isinstance(form, Mapping) else None
    names = found if isinstance(found, list) else [found] if found else []
    return [str(name) for name in names]


def takes_words(form: Any, slots: Mapping[str, Any]) -> bool:
    """Whether some slot that a form asks for may be filled by anything that the user writes.

    A form that names no slots, or none with a mapping, has an action that asks for them.
    """
    required = (form.get(REQUIRED) if isinstance(form, Mapping) else None) or []
    mappings = [one for slot in required for one in _mappings(slots.get(slot))]
    return not mappings or any(map(_is_by_words, mappings))


def _is_by_words(mapping: Any) -> bool:
    return (
        isinstance(mapping, Mapping)
        and not mapping.get("intent")
        and mapping.get("type") in _BY_WORDS
    )


def _mappings(slot: Any) -> Iterator[Any]:
    found = slot.get("mappings") if isinstance(slot, Mapping) else None
    yield from found if isinstance(found, list) else ()
