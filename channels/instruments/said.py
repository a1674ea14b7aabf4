"""What users have said in the work that is under way, and how to leave it out of texts.

Each context knows what was said in its own work. A thread that a component starts has no such
context: there, everything that is under way is left out.
"""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from urllib.parse import quote, quote_plus

LEFT_OUT = "(left out, as it may quote a user)"

_Form = tuple[str, str]  # as it is, and in lower case
_SHORT = 4  # characters: a shorter text is a part of too many words
_ENCODINGS: tuple[Callable[[str], str], ...] = (
    lambda text: repr(text)[1:-1],
    lambda text: repr(text + "'\"")[1:-4],  # as part of a text with both kinds of quotes
    lambda text: ascii(text)[1:-1],
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text.encode(errors="replace"))[2:-1],
    html.escape,
    lambda text: quote(text, errors="replace"),
    lambda text: quote_plus(text, errors="replace"),
)


class _Said:
    """One text, in all the forms in which a line may quote it."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()

    @cached_property
    def _forms_of_all(self) -> Sequence[_Form]:
        return _forms([self._text])

    @cached_property
    def _forms_of_telling(self) -> Sequence[_Form]:
        return _forms(_telling(self._text))

    def left_out_of(self, line: str) -> str:
        lower = line.lower()
        # Each form is at least as long as the text, and making those of a long text takes
        # milliseconds.
        all_ = self._forms_of_all if len(line) >= len(self._text) else ()
        for form, in_small_letters in (*all_, *self._forms_of_telling):
            if in_small_letters in lower:
                for one in (form, in_small_letters):  # no pattern knows that "İ" has two of them
                    line = _pattern(one).sub(LEFT_OUT, line)
        return line


def _forms(texts: Iterable[str]) -> Sequence[_Form]:
    """All forms of the texts, the longest first."""
    forms = set(texts)
    for _ in range(2):  # JSON within JSON, and the like
        forms |= {encode(form) for encode in _ENCODINGS for form in forms}
    longest_first = sorted(filter(str.strip, forms), key=len, reverse=True)
    return [(form, form.lower()) for form in longest_first]


def _telling(text: str) -> Iterator[str]:
    """The words that belong to one person only: phone and order numbers, e-mail addresses."""
    for word in text.split():
        core = word.strip(".,;:!?()\"'")
        if len(core) > _SHORT and ("@" in core or any(map(str.isdigit, core))):
            yield core


_of_context: ContextVar[tuple[_Said, ...]] = ContextVar("handover_said", default=())
_under_way: set[_Said] = set()


@contextmanager
def hiding(text: str) -> Iterator[None]:
    """No log line and no warning within this block quotes the text, no matter what writes it."""
    said = _Said(text)
    token = _of_context.set((*_of_context.get(), said))
    _under_way.add(said)
    try:
        yield
    finally:
        _under_way.discard(said)
        _of_context.reset(token)


def is_said() -> bool:
    """Whether what is written now may quote somebody."""
    return bool(_said())


def without_said(line: str) -> str:
    """The line without what was said, in whatever form it is quoted there."""
    for said in _said():
        line = said.left_out_of(line)
    return line


def _said() -> tuple[_Said, ...]:
    own = _of_context.get()
    if own or threading.current_thread() is threading.main_thread():
        return own
    return tuple(_under_way)


def _pattern(form: str) -> re.Pattern[str]:
    """Finds the text; a short one as whole words: a message "a" must not hide every a."""
    escaped = re.escape(form)
    whole = rf"(?<!\w){escaped}(?!\w)" if len(form) < _SHORT else escaped
    return re.compile(whole, re.IGNORECASE)
