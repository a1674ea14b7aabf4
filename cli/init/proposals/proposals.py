"""Everything that `init` would write into a project. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ...assistant.words import Words
from ..text.project import Files, Places, Proposal
from .actions import propose_actions
from .configuration import has_fallback, language_of, propose_config, propose_endpoints
from .credentials import DEFAULT_KEYWORDS, keywords_of, propose_credentials
from .domain import DomainProposal, propose_domain
from .flows import flows_of, notes_on_flows, without_flows
from .forms import rules_for
from .language import COUNTRIES, language_in
from .part import ASK_HUMAN, FALLBACK, Part
from .training import Training, training_of

_ENDED = "handover_ended"
_STEPS = "the steps `- action: utter_connecting` and `- action: action_handover`"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Assistant:
    """A project, and what to add to it: the part, fitted to what the project has."""

    files: Files
    places: Places
    training: Training
    part: Part
    language: str
    words: Words | None


def propose(
    files: Files,
    part: Part,
    places: Places | None = None,
    words_in: Callable[[str], Words | None] = lambda _: None,
    is_wish: Callable[[str], bool] = lambda _: False,
) -> list[Proposal]:
    """What to write, in this order. Raises ProjectError if a file can't be read or added to.

    `words_in` returns the words of a language, or None; `is_wish` says whether a line asks for a
    person.

    The domain comes last: what is new in it decides about the examples, so a run that was cut short
    before that can be repeated.
    """
    places = places or Places()
    credentials, endpoints = files.get(places.credentials), files.get(places.endpoints)
    training = training_of(files, places)
    language = _language_of(files[places.config], places, training)
    words = _with_responses(words_in(language))
    usual = DEFAULT_KEYWORDS if words is None else words.keywords
    keywords = [one for one in usual if not training.is_about(one)] or usual
    wishes = training.intents_for_a_person(ASK_HUMAN, is_wish)
    wish = next(iter(wishes), None)
    if wish is not None:
        part = part.asked_for_by(wish, is_answered=wish in training.answered)
    part = part if words is None else part.spoken(words)
    words_back = keywords_of(places.credentials, credentials, keywords)
    part = part.brought_back_by(words_back, leave_out=training.is_about)
    if FALLBACK in training.answered or not has_fallback(places.config, files[places.config]):
        part = part.without_fallback()
    answered = part.answers_of(one for one in training.answered if one not in {wish, _ENDED})
    part = part.without_rules_for(answered)
    domain = propose_domain(files, part, places.domain)
    part = part.in_forms(
        rules_for(domain.forms, wish or ASK_HUMAN, is_answered=wish in training.answered)
    )
    assistant = _Assistant(
        files=files, places=places, training=training, part=part, language=language, words=words
    )
    retrieved = training.retrieval_for_a_person(is_wish) if wish is None else None
    notes = (
        *_of_their_own_way(assistant, wish, retrieved),
        *_asking_too(wishes[1:]),
        *_answered(training, answered),
        *_on_no_data(training, places),
    )
    return [
        propose_credentials(places.credentials, credentials, keywords),
        propose_endpoints(places.endpoints, endpoints),
        _config(assistant),
        *propose_actions(files, places.actions),
        _rules(assistant, notes),
        *_examples(assistant, domain),
        *domain.proposals,
    ]


def propose_for_flows(
    files: Files,
    part: Part,
    places: Places | None = None,
    words_in: Callable[[str], Words | None] = lambda _: None,
) -> list[Proposal]:
    """The same for an assistant of flows (CALM), which has neither rules nor examples."""
    places = places or Places()
    training = training_of(files, places)
    language = _language_of(files[places.config], places, training)
    words = _with_responses(words_in(language))
    part = part if words is None else part.spoken(words)
    assistant = _Assistant(
        files=files, places=places, training=training, part=part, language=language, words=words
    )
    credentials, endpoints = files.get(places.credentials), files.get(places.endpoints)
    keywords = DEFAULT_KEYWORDS if words is None else words.keywords
    return [
        propose_credentials(places.credentials, credentials, keywords),
        propose_endpoints(places.endpoints, endpoints),
        _config(assistant),
        *propose_actions(files, places.actions),
        _flows(assistant),
        *propose_domain(files, part, places.domain).proposals,
    ]


def _flows(assistant: _Assistant) -> Proposal:
    path, there = assistant.places.flows, assistant.files.get(assistant.places.flows)
    theirs = flows_of(assistant.files, assistant.places)
    flows = without_flows(assistant.part.rules, theirs)
    on_the_language = _on_the_language(assistant) if there is None else ()
    return _new_file(path, there, flows, *notes_on_flows(theirs, _STEPS), *on_the_language)


def _with_responses(words: Words | None) -> Words | None:
    """The words of a language, if there are responses among them."""
    return words if words is not None and words.responses else None


def _of_their_own_way(
    assistant: _Assistant, wish: str | None, retrieved: str | None
) -> Iterator[str]:
    """What to do with an intent of the project's own that asks for a person."""
    if retrieved is not None:
        yield (
            f"{retrieved} asks for a person, but belongs to a retrieval intent, so it keeps the "
            f"answer that it has. Move its examples to the intent {ASK_HUMAN}, whose rule hands "
            "over."
        )
    if wish is None:
        return
    path = assistant.training.answered.get(wish)
    if path is None:
        rules = assistant.places.rules
        yield f"Your intent {wish} asks for a person, so {rules} hands over for it."
        return
    yield (
        f"Your intent {wish} asks for a person, and {path} answers it, so no other is added. End "
        f"its rule or story with {_STEPS}, with nothing after them. With opening hours, have it "
        "ask first whether anybody is there: docs/hours.md says how."
    )


def _asking_too(intents: list[str]) -> Iterator[str]:
    """What to do with more such intents, as an assistant of several languages has."""
    for intent in intents:
        yield (
            f"Your intent {intent} asks for a person, too. End its rule or story, or one that you "
            f"write for it, with {_STEPS}."
        )


def _answered(training: Training, intents: list[str]) -> Iterator[str]:
    """Which of our intents the project answers itself."""
    for intent in intents:
        path = training.answered[intent]
        yield f"{path} answers {intent}, so no rule is added for it: check that it fits."


def _on_no_data(training: Training, places: Places) -> Iterator[str]:
    """What to do if nothing is where Rasa looks unless it is told another place."""
    if places.data == Places().data and not training.examples and not training.answered:
        yield (
            "There are no examples, rules or stories of yours in data/. If they are elsewhere, "
            "name the place with --data, so that init sees what they answer already."
        )


def _rules(assistant: _Assistant, notes: tuple[str, ...]) -> Proposal:
    """The file of rules; empty if the project has its own rules for the end of a handover."""
    path = assistant.places.rules
    own = assistant.training.answered.get(_ENDED)
    if own is None:
        return _new_file(path, assistant.files.get(path), assistant.part.rules, *notes)
    note = f"{own} has rules for {_ENDED}, so {path} is not added."
    return Proposal(path=path, before=None, after=None, notes=(*notes, note))


def _examples(assistant: _Assistant, domain: DomainProposal) -> list[Proposal]:
    """The examples for intents that have none; an intent that has examples keeps its own.

    One that is close to an example of another intent is left out: it can mean only one thing.
    """
    training, files, path = assistant.training, assistant.files, assistant.places.examples
    without = (one for one in assistant.part.examples if one not in training.examples)
    intents = domain.new_intents if path in files else without
    text = assistant.part.nlu(intents, leave_out=training.has_near)
    if not text:
        return []
    return [_new_file(path, files.get(path), text, *_on_the_language(assistant))]


def _language_of(config: str, places: Places, training: Training) -> str:
    """The assistant's language: the one it names, or, if that is only `en`, or a country such as
    `br`, the one users write.
    """
    said = language_of(places.config, config)
    is_doubtful = said[:2].lower() in {"en", *COUNTRIES}
    return (language_in(training.lines) or said) if is_doubtful else said


def _config(assistant: _Assistant) -> Proposal:
    path = assistant.places.config
    proposal = propose_config(path, assistant.files[path])
    said = language_of(path, assistant.files[path])
    if assistant.language[:2] == said[:2]:
        return proposal
    note = (
        f"{path} says that the assistant speaks {said!r}, but its users seem to write "
        f"{assistant.language!r}: write `language: {assistant.language}` there. Keywords are "
        "compared by its rules."
    )
    return replace(proposal, notes=(*proposal.notes, note))


def _on_the_language(assistant: _Assistant) -> Iterator[str]:
    """Notes on who should read what is added, if it is not in English."""
    language, words = assistant.language, assistant.words
    if language.startswith("en"):
        return
    has_examples, places = bool(assistant.part.examples), assistant.places
    if words is None:
        examples = f"{places.examples}, " if has_examples else ""
        yield (
            f"The assistant speaks {language!r}, but {examples}the new responses in the domain and "
            f"the keywords in {places.credentials} are in English: translate them."
        )
        return
    new = "responses, examples and keywords" if has_examples else "responses and keywords"
    yield (
        f"The assistant speaks {language!r}, but the new {new} are translations: have somebody who "
        "speaks it read them."
    )
    ours = assistant.part.domain.data["responses"]
    if left := [name for name in ours if name not in words.responses]:
        yield f"These responses are in English: {', '.join(left)}."


def _new_file(path: str, there: str | None, text: str | None, *notes: str) -> Proposal:
    if there is None:
        return Proposal(path=path, before=None, after=text, notes=notes)
    if text is not None and there.splitlines() != text.splitlines():
        notes = (*notes, f"{path} already exists with other content, and stays as it is.")
    return Proposal(path=path, before=there, after=there, notes=notes)
