"""Reading a Rasa project's files, and writing what was proposed for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from .actions import ACTIONS_FOLDER, ACTIONS_MODULE
from .configuration import CONFIG_FILE, ENDPOINTS_FILE
from .credentials import CREDENTIALS_FILE
from .domain import DOMAIN_FILE, DOMAIN_FOLDER
from .part import Part, part_of
from .project import Files, ProjectError, Proposal
from .proposals import DATA_FOLDER

_SINGLE_FILES = (CONFIG_FILE, CREDENTIALS_FILE, ENDPOINTS_FILE, DOMAIN_FILE, ACTIONS_MODULE)
_YAML = ("yml", "yaml")  # as Rasa has it
_PATTERNS = (
    *(f"{folder}**/*.{ending}" for folder in (DOMAIN_FOLDER, DATA_FOLDER) for ending in _YAML),
    f"{ACTIONS_FOLDER}**/*.py",
)
_OWN_ASSISTANT = Path(__file__).parents[2]  # so in the repository, and so in the wheel
_WRITABLE = 0o222


def read_project(directory: Path) -> Files:
    """The project's files that matter here; ProjectError if it is none, or can't be read."""
    paths = [directory / name for name in _SINGLE_FILES]
    paths += sorted(path for pattern in _PATTERNS for path in directory.glob(pattern))
    files = {
        path.relative_to(directory).as_posix(): _read(path) for path in paths if path.is_file()
    }
    has_domain = any(path == DOMAIN_FILE or path.startswith(DOMAIN_FOLDER) for path in files)
    if CONFIG_FILE not in files or not has_domain:
        raise ProjectError(
            f"{directory.resolve()} is no Rasa project: it needs {CONFIG_FILE}, and {DOMAIN_FILE} "
            f"or a folder {DOMAIN_FOLDER} with .yml files. Go to your project's folder, or name "
            "it with --project."
        )
    return files


def read_own_part() -> Part:
    """What a handover needs, out of this project's own assistant."""
    return part_of(
        rules=_read(_OWN_ASSISTANT / "data" / "handover_rules.yml"),
        domain=_read(_OWN_ASSISTANT / "domain.yml"),
        nlu=_read(_OWN_ASSISTANT / "data" / "handover_nlu.yml"),
    )


def write_proposals(directory: Path, proposals: Sequence[Proposal]) -> None:
    """Write them all, each file at once; ProjectError, with none written, if one can't be."""
    targets = [(directory / proposal.path).resolve() for proposal in proposals]
    prepared = [target.with_name(f".{target.name}.new") for target in targets]
    try:
        for proposal, target, new in zip(proposals, targets, prepared, strict=True):
            _prepare(new, target, proposal.after or "")
        for target, new in zip(targets, prepared, strict=True):
            new.replace(target)
    except OSError as error:
        raise ProjectError(
            f"{error.filename} can't be written: {error.strerror}. Mend that and run this again."
        ) from None
    finally:
        for new in prepared:
            new.unlink(missing_ok=True)


def _prepare(new: Path, target: Path, text: str) -> None:
    """Write what is to replace `target` beside it, for no eyes that may not read `target`."""
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
