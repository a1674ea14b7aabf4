"""All that `init` would write into a project. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .actions import propose_actions
from .configuration import (
    CONFIG_FILE,
    ENDPOINTS_FILE,
    language_of,
    propose_config,
    propose_endpoints,
)
from .credentials import CREDENTIALS_FILE, keywords_of, propose_credentials
from .domain import DomainProposal, propose_domain
from .part import ASK_HUMAN, Part
from .project import Files, Proposal
from .training import Training, training_of

DATA_FOLDER = "data/"
RULES_FILE = f"{DATA_FOLDER}handover_rules.yml"
EXAMPLES_FILE = f"{DATA_FOLDER}handover_nlu.yml"

_ENDED = "handover_ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Assistant:
    """A project that is added to, and what is added: the part, fitted to what it has."""

    files: Files
    training: Training
    part: Part


def propose(files: Files, part: Part) -> list[Proposal]:
    """What to write, in this order; ProjectError if a file can't be read or added to.

    The domain comes last: what is new in it decides about the examples, so a run that was cut
    short before it can be made again.
    """
    training = training_of(files, DATA_FOLDER, without=(RULES_FILE, EXAMPLES_FILE))
    part = part.brought_back_by(keywords_of(files.get(CREDENTIALS_FILE)))
    wish = training.intent_for_a_person(ASK_HUMAN)
    notes = tuple(_of_their_own_way(training, wish))
    if wish is not None:
        part = part.asked_for_by(wish, is_answered=wish in training.answered)
    assistant = _Assistant(files=files, training=training, part=part)
    domain = propose_domain(files, part)
    return [
        propose_credentials(files.get(CREDENTIALS_FILE)),
        propose_endpoints(files.get(ENDPOINTS_FILE)),
        propose_config(files[CONFIG_FILE]),
        *propose_actions(files),
        _rules(assistant, notes),
        *_examples(assistant, domain),
        domain.proposal,
    ]


def _of_their_own_way(training: Training, wish: str | None) -> Iterator[str]:
    """What to do with an intent of theirs that asks for a person."""
    if wish is None:
        return
    path = training.answered.get(wish)
    if path is None:
        yield f"Your intent {wish} asks for a person, so {RULES_FILE} hands over for it."
        return
    yield (
        f"Your intent {wish} asks for a person, and {path} answers it, so no other is added. Let "
        "its rule or story end with the steps `- action: utter_connecting` and "
        "`- action: action_handover`, and let nothing follow them."
    )


def _rules(assistant: _Assistant, notes: tuple[str, ...]) -> Proposal:
    """The file of rules; none beside rules of the project's own for the end of a handover."""
    own = assistant.training.answered.get(_ENDED)
    if own is None:
        return _new_file(RULES_FILE, assistant.files.get(RULES_FILE), assistant.part.rules, *notes)
    note = f"{own} has rules for {_ENDED}, so {RULES_FILE} is not added."
    return Proposal(path=RULES_FILE, before=None, after=None, notes=(*notes, note))


def _examples(assistant: _Assistant, domain: DomainProposal) -> list[Proposal]:
    """The examples of intents that are new; who has the intent has examples of his own.

    What is near an example of another intent there is left out: it can mean one thing only.
    """
    training, files = assistant.training, assistant.files
    text = assistant.part.nlu(domain.new_intents, leave_out=training.has_near)
    if not text:
        return []
    language = language_of(files[CONFIG_FILE])
    note = (
        f"The assistant speaks {language!r}, but {EXAMPLES_FILE} and the new responses in the "
        "domain are in English: translate them."
    )
    notes = [] if language.startswith("en") else [note]
    return [_new_file(EXAMPLES_FILE, files.get(EXAMPLES_FILE), text, *notes)]


def _new_file(path: str, there: str | None, text: str, *notes: str) -> Proposal:
    if there is None:
        return Proposal(path=path, before=None, after=text, notes=notes)
    if there.splitlines() != text.splitlines():
        notes = (*notes, f"{path} is there with other content, and stays as it is.")
    return Proposal(path=path, before=there, after=there, notes=notes)
