"""`init`: adds to a Rasa project what a handover needs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from channels.core.errors import SettingsError
from channels.instruments.host import MANTLE_REFUSED, is_mantle_project

from ..command import Command
from .credentials import CREDENTIALS_FILE
from .diff import diff
from .files import read_own_part, read_project, write_proposals
from .project import Proposal
from .proposals import propose

_VARIABLE = re.compile(r"\$\{(\w+)\}")


def _run(options: argparse.Namespace) -> int:
    directory = Path(options.project)
    if is_mantle_project(directory):
        raise SettingsError(MANTLE_REFUSED)
    proposals = propose(read_project(directory), read_own_part())
    changes = [proposal for proposal in proposals if proposal.changes]
    for proposal in changes:
        print(diff(proposal), end="\n\n")
    for note in (note for proposal in proposals for note in proposal.notes):
        print(f"Note: {note}")
    if not changes:
        print("Nothing to add.")
        return 0
    files = ", ".join(proposal.path for proposal in changes)
    if not (options.yes or _agrees(f"Write these changes to {files}?")):
        print("Nothing was written.")
        return 1
    write_proposals(directory, changes)
    print(_told(proposals, changes))
    return 0


def _agrees(question: str) -> bool:
    """Whether a person says yes; to leave, or to be no person, is a no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _told(proposals: list[Proposal], changes: list[Proposal]) -> str:
    written = "".join(f"  {proposal.path}\n" for proposal in changes)
    variables = ", ".join(_variables(proposals))
    steps = ["read what the bot now says in the domain, and change it"]
    steps += [f"set {variables} in the environment"] if variables else []
    steps += ["run `rasa train`, then `rasa run actions` and `rasa run`"]
    return f"Written:\n{written}Next: " + "; ".join(steps) + "."


def _variables(proposals: list[Proposal]) -> list[str]:
    """The environment variables that credentials.yml reads."""
    texts = [proposal.after or "" for proposal in proposals if proposal.path == CREDENTIALS_FILE]
    return sorted({name for text in texts for name in _VARIABLE.findall(text)})


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--project", default=".", metavar="DIR", help="the project's folder (default: this one)"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing, and write")


COMMAND = Command(
    description="Add the channel, the action, rules, intents, slots and responses that a handover "
    "needs to a Rasa project. It shows what it would write, and asks. What is there already stays "
    "as it is, comments included; a second run has nothing to add.",
    add_arguments=_add_arguments,
    run=_run,
)
