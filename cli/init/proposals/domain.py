"""`init` and the domain: which intents, slots, responses … are missing in it. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..text.project import Files, Proposal, is_in
from ..text.yaml_additions import add
from ..text.yaml_document import Document, parse
from .forms import Form, forms_of, note_on_left, notes_on, with_ignored
from .part import FORMAT_VERSION, HEADING, SECTIONS, Part, is_event, name_of

_FILE_OF_OURS = "handover.yml"
_KEPT = {
    "slots": " The new rules go by ours: if `rasa train` finds rules that contradict each other, "
    "rename yours.",
    "responses": " The bot says yours, so check that they suit the moment.",
}
_LONGEST_SESSION_MINUTES = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainProposal:
    """What to write into the domain, the names of the new intents, and the existing forms."""

    proposals: tuple[Proposal, ...]
    new_intents: tuple[str, ...]
    forms: tuple[Form, ...]


def propose_domain(files: Files, part: Part, place: str) -> DomainProposal:
    """Add what is missing: to the file `place`, or to a file of its own in the folder `place`.

    The forms get the intents to ignore, in whichever file they are.
    """
    documents = documents_of(files, place)
    path = f"{place}{_FILE_OF_OURS}" if place.endswith("/") else place
    there = {section: dict(_entries(documents, section)) for section in SECTIONS}
    missing = {
        section: entries
        for section in SECTIONS
        if (entries := _without(part.domain.data[section], there[section]))
    }
    forms = forms_of(documents)
    ours = [name for name in map(name_of, part.domain.data["intents"]) if not is_event(name)]
    after = _added(path, files.get(path), missing)
    proposal = Proposal(path=path, before=files.get(path), after=after)
    others = (Proposal(path=one.name, before=one.text, after=one.text) for one in documents)
    proposals = [proposal, *(one for one in others if one.path != path)]
    proposals = [_ignoring(one, forms, ours) for one in proposals]
    left = forms_of([parse(one.path, one.after or "") for one in proposals])
    notes = (
        *_kept(part, there),
        *_too_long_a_session(documents),
        *notes_on(forms, ours),
        *note_on_left(left, ours),
    )
    return DomainProposal(
        proposals=(replace(proposals[0], notes=notes), *proposals[1:]),
        new_intents=tuple(map(name_of, missing.get("intents", ()))),
        forms=tuple(forms),
    )


def _ignoring(proposal: Proposal, forms: list[Form], intents: list[str]) -> Proposal:
    """The same document, with the forms of this file ignoring the intents."""
    if proposal.after is None or all(form.file != proposal.path for form in forms):
        return proposal
    after = with_ignored(parse(proposal.path, proposal.after), forms, intents)
    return replace(proposal, after=after)


def documents_of(files: Files, place: str) -> list[Document]:
    """The files of the domain."""
    return [parse(path, files[path]) for path in sorted(files) if is_in(path, place)]


def _entries(documents: list[Document], section: str) -> Iterator[tuple[str, Any]]:
    """The names in a section of the domain, each with its content; None if it is only a name."""
    for document in documents:
        entries = document.data.get(section) or []
        if isinstance(entries, Mapping):
            yield from entries.items()
        elif isinstance(entries, list):
            yield from ((name_of(entry), None) for entry in entries)


def _without(ours: Any, there: Mapping[str, Any]) -> Any:
    """A section of ours without the names that are there; its comments stay."""
    section = copy.deepcopy(ours)
    names = list(map(name_of, ours))
    for place, name in reversed(list(enumerate(names))):
        if name in there:
            del section[name if isinstance(ours, Mapping) else place]
    return section


def _added(path: str, text: str | None, missing: Mapping[str, Any]) -> str | None:
    if not missing:
        return text
    if text is None:
        return add(parse(path, f'version: "{FORMAT_VERSION}"\n'), missing)
    return add(parse(path, text), missing, heading=HEADING)


def _kept(part: Part, there: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for section, hint in _KEPT.items():
        ours = part.domain.data[section]
        names = [name for name in ours if name in there[section]]
        if other := [name for name in names if there[section][name] != ours[name]]:
            yield (
                f"The domain has {section} with these names but other content, which stay as "
                f"they are: {', '.join(other)}.{hint}"
            )


def _too_long_a_session(documents: list[Document]) -> Iterator[str]:
    for document in documents:
        config = document.data.get("session_config")
        minutes = config.get("session_expiration_time") if isinstance(config, Mapping) else None
        if isinstance(minutes, int | float) and not 0 < minutes <= _LONGEST_SESSION_MINUTES:
            yield (
                f"session_expiration_time in {document.name} is {minutes}. Make it "
                f"{_LONGEST_SESSION_MINUTES} minutes, a day, or less: a day after the user's last "
                "message Meta takes no follow-up from the bot."
            )
