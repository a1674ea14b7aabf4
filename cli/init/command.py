"""`init`: adds to a Rasa project what a handover needs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from channels.core.errors import SettingsError
from channels.instruments.host import MANTLE_REFUSED, is_mantle_project

from ..assistant.languages import is_wish_for_a_person, words_in
from ..command import Command
from ..terminal import agrees
from .files import read_own_part, read_own_part_of_flows, read_project, write_proposals
from .finding import find_places
from .proposals.configuration import has_only_flows
from .proposals.proposals import propose, propose_for_flows
from .starter import starter_files, write_starter
from .text.diff import diff
from .text.project import Places, Proposal

_PLACES = {
    "config": "the configuration (default: config.yml)",
    "domain": "the domain, a file or a folder (default: domain.yml, or else the folder domain)",
    "credentials": "the credentials file (default: credentials.yml)",
    "endpoints": "the endpoints file (default: endpoints.yml)",
}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def _run(options: argparse.Namespace) -> int:
    directory = Path(options.project)
    if is_mantle_project(directory):
        raise SettingsError(MANTLE_REFUSED)
    if options.starter:
        files = ", ".join(starter_files(directory))
        if options.dry_run:
            print(f"It would write a small assistant ({files}), and what a handover needs.")
            return 0
        if not _may_write(options, f"Write a small assistant to begin with ({files})?"):
            return 1
        write_starter(directory)
        print(f"Written: {files}. Now what a handover needs:\n")
    return _add_what_is_missing(options, directory)


def _add_what_is_missing(options: argparse.Namespace, directory: Path) -> int:
    places = find_places(directory, options)
    there = read_project(directory, places)
    if has_only_flows(places.config, there[places.config]):
        proposals = propose_for_flows(there, read_own_part_of_flows(), places, words_in)
    else:
        proposals = propose(there, read_own_part(), places, words_in, is_wish_for_a_person)
    changes = [proposal for proposal in proposals if proposal.changes]
    _show(places, proposals, changes)
    if not changes:
        print("Nothing to add.")
        return 0
    if options.dry_run:
        print("Nothing was written.")
        return 0
    files = ", ".join(proposal.path for proposal in changes)
    if not _may_write(options, f"Write these changes to {files}?"):
        return 1
    write_proposals(directory, changes)
    print(_told(places, proposals, changes))
    return 0


def _may_write(options: argparse.Namespace, question: str) -> bool:
    if options.yes or agrees(question):
        return True
    print("Nothing was written.")
    return False


def _show(places: Places, proposals: list[Proposal], changes: list[Proposal]) -> None:
    for proposal in changes:
        print(diff(proposal, has_secrets=proposal.path in places.with_secrets), end="\n\n")
    for note in (note for proposal in proposals for note in proposal.notes):
        print(f"Note: {note}")


def _told(places: Places, proposals: list[Proposal], changes: list[Proposal]) -> str:
    written = "".join(f"  {proposal.path}\n" for proposal in changes)
    variables = ", ".join(_variables(places, proposals))
    train, actions, run = _commands(places)
    steps = ["read what the bot now says in the domain, and change it"]
    steps += [f"set {variables} in the environment"] if variables else []
    steps += [f"run `{train}`, then `{actions}` and `{run}`"]
    return f"Written:\n{written}Next: " + "; ".join(steps) + "."


def _commands(places: Places) -> tuple[str, str, str]:
    """Rasa's commands, with options for what it does not find itself, such as a domain folder."""
    usual = Places()
    train, actions, run = "rasa train", "rasa run actions", "rasa run"
    for name in ("config", "domain"):
        if (place := getattr(places, name)) != getattr(usual, name):
            train += f" --{name} {place.rstrip('/')}"
    if places.data != usual.data:
        train += f" --data {' '.join(place.rstrip('/') for place in places.data)}"
    module = places.actions.removesuffix("/").removesuffix(".py").replace("/", ".")
    if module != "actions" and not module.startswith("."):
        actions += f" --actions {module}"
    for name in ("credentials", "endpoints"):
        if (place := getattr(places, name)) != getattr(usual, name):
            run += f" --{name} {place}"
    return train, actions, run


def _variables(places: Places, proposals: list[Proposal]) -> list[str]:
    """The environment variables that the credentials read."""
    texts = [one.after or "" for one in proposals if one.path == places.credentials]
    return sorted({name for text in texts for name in _VARIABLE.findall(text)})


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--project", default=".", metavar="DIR", help="the project's folder (default: this one)"
    )
    for name, what in _PLACES.items():
        parser.add_argument(f"--{name}", metavar="PATH", help=what)
    parser.add_argument(
        "--data", nargs="+", metavar="PATH", help="the training data (default: data)"
    )
    parser.add_argument(
        "--actions",
        metavar="MODULE",
        help="what `rasa run actions` imports, or its path (default: where actions are found)",
    )
    parser.add_argument(
        "--starter",
        action="store_true",
        help="in an empty folder: first write a small assistant, which trains in seconds",
    )
    parser.add_argument("--dry-run", action="store_true", help="only show what it would write")
    parser.add_argument("--yes", action="store_true", help="write without asking")


COMMAND = Command(
    description="Add the channel, the action, rules or flows, intents, slots and responses that a "
    "handover needs to a Rasa project. It shows what it would write, and asks first. What you have "
    "stays as it is, comments included; a second run has nothing to add.",
    add_arguments=_add_arguments,
    run=_run,
)
