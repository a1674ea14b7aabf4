"""`init` and the forms of a project: what keeps a form from taking a request for a person, or a tap
on a button after the chat, as the answer to its question. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...assistant.forms import IGNORED, REQUIRED, ignored_by, takes_words
from ..text.project import ProjectError
from ..text.yaml_additions import add_below
from ..text.yaml_document import Document

_FORMS = "forms"  # the section of the domain
_RULES = """\
  # While the form {form} is under way: it asks nothing until the handover has ended.
  - rule: the user asks for a person in the middle of {form}
    condition:
      - active_loop: {form}
    steps:
      - intent: {wish}
      - action: action_handover_availability
      - slot_was_set:
          - handover_open: true
      - action: utter_connecting
      - action: action_handover

  - rule: somebody else began a handover in the middle of {form}
    condition:
      - active_loop: {form}
    steps:
      - intent: handover_started
      - action: action_listen
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form, and what it ignores. `takes_words`: anything that users write may be an answer.
    `names_slots`: it lists the slots that it requires.
    """

    name: str
    file: str
    ignored: Collection[str]
    takes_words: bool
    names_slots: bool


def forms_of(documents: Sequence[Document]) -> list[Form]:
    """The forms of a domain."""
    slots = {name: slot for one in documents for name, slot in _mapping(one.data, "slots").items()}
    return [
        _form(document.name, name, form, slots)
        for document in documents
        for name, form in _mapping(document.data, _FORMS).items()
    ]


def with_ignored(document: Document, forms: Sequence[Form], intents: Sequence[str]) -> str:
    """The domain's file, with its forms ignoring all of these intents.

    Rasa refuses a form that ignores intents without saying which slots it requires. A form stays as
    it is if it can't be added to, as one that shares its lines with another by an alias (`*name`).
    """
    additions = {
        form.name: {**({} if form.names_slots else {REQUIRED: []}), IGNORED: missing}
        for form in forms
        if form.file == document.name and (missing := missing_in(form, intents))
    }
    try:
        return add_below(document, _FORMS, additions)
    except ProjectError:
        # Those whose lines are shared come before those that share them.
        for name, addition in reversed(additions.items()):
            with suppress(ProjectError):
                document = document.saying(add_below(document, _FORMS, {name: addition}))
        return document.text


def missing_in(form: Form, intents: Sequence[str]) -> list[str]:
    """What a form should ignore but does not; empty if it takes no words as an answer."""
    return [one for one in intents if one not in form.ignored] if form.takes_words else []


def rules_for(forms: Iterable[Form], wish: str, *, is_answered: bool) -> str:
    """The rules for handovers in the middle of forms. If the project has its own rule for a request
    for a person, there is only the one for handovers that somebody else begins.
    """
    texts = (_RULES.format(form=form.name, wish=wish) for form in forms)
    rules = (rule for text in texts for rule in text.rstrip("\n").split("\n\n"))
    return "".join(f"\n{rule}\n" for rule in rules if not (is_answered and f": {wish}\n" in rule))


def notes_on(forms: Sequence[Form], intents: Sequence[str]) -> Iterator[str]:
    """What people should know about their forms."""
    if names := ", ".join(form.name for form in forms if missing_in(form, intents)):
        yield (
            "A form takes anything that users write as its answer, even a request for a person: "
            f"{names}. With {IGNORED} it leaves that to the rules; docs/forms.md says what else "
            "it may need."
        )


def note_on_left(forms: Sequence[Form], intents: Sequence[str]) -> Iterator[str]:
    """Which forms still don't ignore the intents after everything was added."""
    if left := [form for form in forms if missing_in(form, intents)]:
        yield (
            "These forms stay as they are, as they share lines with others (`*name`, `<<`), or "
            f"ignore one name instead of a list: {', '.join(form.name for form in left)}. Add "
            f"{', '.join(missing_in(left[0], intents))} to their {IGNORED}."
        )


def _form(file: str, name: str, form: Any, slots: Mapping[str, Any]) -> Form:
    return Form(
        name=str(name),
        file=file,
        ignored=ignored_by(form),
        takes_words=takes_words(form, slots),
        names_slots=isinstance(form, Mapping) and REQUIRED in form,
    )


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}
