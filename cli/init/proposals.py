"""All that `init` would write into a project. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .actions import propose_actions
from .configuration import (
    CONFIG_FILE,
    ENDPOINTS_FILE,
    language_of,
    propose_config,
    propose_endpoints,
)
from .credentials import CREDENTIALS_FILE, propose_credentials
from .domain import propose_domain
from .part import Part, example_in
from .project import Files, Proposal

DATA_FOLDER = "data/"
RULES_FILE = f"{DATA_FOLDER}handover_rules.yml"
EXAMPLES_FILE = f"{DATA_FOLDER}handover_nlu.yml"

_ENDED = "handover_ended"
_ENDED_IN_A_STEP = re.compile(rf"^ *- *intent: *[\"']?{_ENDED}\b", re.MULTILINE)


def propose(files: Files, part: Part) -> list[Proposal]:
    """What to write, in this order; ProjectError if a file can't be read or added to.

    The domain comes last: what is new in it decides about the examples, so a run that was cut
    short before it can be made again.
    """
    domain = propose_domain(files, part)
    return [
        propose_credentials(files.get(CREDENTIALS_FILE)),
        propose_endpoints(files.get(ENDPOINTS_FILE)),
        propose_config(files[CONFIG_FILE]),
        *propose_actions(files),
        _rules(files, part),
        *_examples(files, part, domain.new_intents),
        domain.proposal,
    ]


def _rules(files: Files, part: Part) -> Proposal:
    """The file of rules; none beside rules of the project's own for the end of a handover."""
    own = [path for path, text in files.items() if _is_rules_of_their_own(path, text)]
    if not own:
        return _new_file(RULES_FILE, files.get(RULES_FILE), part.rules)
    note = f"{own[0]} has rules for {_ENDED}, so {RULES_FILE} is not added."
    return Proposal(path=RULES_FILE, before=None, after=None, notes=(note,))


def _is_rules_of_their_own(path: str, text: str) -> bool:
    is_theirs = path.startswith(DATA_FOLDER) and path != RULES_FILE
    return is_theirs and _ENDED_IN_A_STEP.search(text) is not None


def _examples(files: Files, part: Part, intents: Iterable[str]) -> list[Proposal]:
    """The examples of intents that are new; who has the intent has examples of his own.

    What is an example of another intent there is left out: it can mean one thing only.
    """
    text = part.nlu(intents, without=set(_examples_there(files)))
    if not text:
        return []
    language = language_of(files[CONFIG_FILE])
    note = (
        f"The assistant speaks {language!r}, but {EXAMPLES_FILE} and the new responses in the "
        "domain are in English: translate them."
    )
    notes = () if language.startswith("en") else (note,)
    return [_new_file(EXAMPLES_FILE, files.get(EXAMPLES_FILE), text, *notes)]


def _examples_there(files: Files) -> Iterator[str]:
    for path, text in files.items():
        if path.startswith(DATA_FOLDER) and path != EXAMPLES_FILE:
            yield from filter(None, map(example_in, text.splitlines()))


def _new_file(path: str, there: str | None, text: str, *notes: str) -> Proposal:
    if there is None:
        return Proposal(path=path, before=None, after=text, notes=notes)
    if there.splitlines() != text.splitlines():
        notes = (*notes, f"{path} is there with other content, and stays as it is.")
    return Proposal(path=path, before=there, after=there, notes=notes)
