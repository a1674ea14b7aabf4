"""What belongs to a handover in one language: what users write, what the bot says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """The words of one language.

    Attributes: language: its code, such as "de". everyday: what people write to any assistant
    without asking for a person. keywords: what brings the bot back; if this or any of the
    following is empty, English is used. ask_human, back_to_bot, ask_to_wait: examples of what
    users write. titles: titles of buttons, by the English ones. responses: what the bot says,
    by the response's name.
    """

    language: str
    everyday: Sequence[str]
    keywords: Sequence[str] = ()
    ask_human: Sequence[str] = ()
    back_to_bot: Sequence[str] = ()
    ask_to_wait: Sequence[str] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    responses: Mapping[str, str] = field(default_factory=dict)
