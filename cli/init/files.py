"""Reading a Rasa project's files, and writing what was proposed for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from .proposals.part import Part, part_of, part_of_flows
from .text.project import Files, Places, ProjectError, Proposal

_YAML = (".yml", ".yaml")  # as in Rasa
_OF_A_MAC = "._"  # begins the names of files in which a Mac keeps what another disk can't
_OWN_ASSISTANT = Path(__file__).parents[2]  # both in the repository and in the wheel
_WRITABLE = 0o222


def read_project(directory: Path, places: Places) -> Files:
    """The project's files that matter here. Raises ProjectError if one can't be read."""
    paths = [places.config, places.credentials, places.endpoints]
    paths += _in(directory, places.domain, *_YAML)
    for place in places.data:
        paths += _in(directory, place, *_YAML, ".json")
    paths += _in(directory, places.actions, ".py")
    return {path: _read(directory / path) for path in paths if (directory / path).is_file()}


def _in(directory: Path, place: str, *endings: str) -> list[str]:
    """The file that a place names, or the files in the folder that it names, behind links, too."""
    if not place.endswith("/"):
        return [place]
    folder = directory / place
    paths = (
        Path(root, name) for root, _, names in os.walk(folder, followlinks=True) for name in names
    )
    return [
        place + path.relative_to(folder).as_posix()
        for path in sorted(paths)
        if path.suffix in endings and not path.name.startswith(_OF_A_MAC)
    ]


@cache
def read_own_part() -> Part:
    """What a handover needs, from this repository's own assistant: the same for every project."""
    return part_of(
        rules=_read(_OWN_ASSISTANT / "data" / "handover_rules.yml"),
        domain=_read(_OWN_ASSISTANT / "domain.yml"),
        nlu=_read(_OWN_ASSISTANT / "data" / "handover_nlu.yml"),
    )


@cache
def read_own_part_of_flows() -> Part:
    """The same for an assistant of flows: from this repository's example of one."""
    example = _OWN_ASSISTANT / "examples" / "calm"
    return part_of_flows(
        flows=_read(example / "data" / "flows.yml"), domain=_read(example / "domain.yml")
    )


def write_proposals(directory: Path, proposals: Sequence[Proposal]) -> None:
    """Write all of them, each file atomically. Raises ProjectError, with none written, if one can't
    be written.
    """
    targets = [(directory / proposal.path).resolve() for proposal in proposals]
    prepared = [target.with_name(f".{target.name}.new") for target in targets]
    try:
        for proposal, target, new in zip(proposals, targets, prepared, strict=True):
            _prepare(new, target, proposal.after or "")
        for target, new in zip(targets, prepared, strict=True):
            new.replace(target)
    except OSError as error:
        raise ProjectError(
            f"{error.filename} can't be written: {error.strerror}. Fix that and run this again."
        ) from None
    finally:
        for new in prepared:
            new.unlink(missing_ok=True)


def _prepare(new: Path, target: Path, text: str) -> None:
    """Write the new file beside `target`, readable only by those who may read `target`."""
    there = target.exists()
    if there and not target.stat().st_mode & _WRITABLE:
        raise ProjectError(f"{target} is read-only, so nothing was written. Make it writable.")
    target.parent.mkdir(exist_ok=True)
    new.touch(mode=0o600 if there else 0o666)
    with new.open("wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fsync(file.fileno())
    if there:
        shutil.copymode(target, new)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ProjectError(f"{path} can't be read: {error.strerror}.") from None
