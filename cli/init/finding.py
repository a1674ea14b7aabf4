"""Where a project has its files: where the caller said, or where Rasa finds them."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from .proposals.actions import defines_actions
from .text.project import Places, ProjectError

_DEFAULTS = Places()
_NOT_THEIRS = {"site-packages", "node_modules", "__pycache__"}
_MOST_FOLDERS = 4  # levels that are searched for a file that is not where it should be


def find_places(directory: Path, options: Namespace) -> Places:
    """The project's places. Raises ProjectError if there is no config or no domain, or if another
    place that was given does not exist.
    """
    domain = options.domain or ("domain" if _has_only_a_folder(directory) else _DEFAULTS.domain)
    places = Places(
        config=_path(directory, options.config or _DEFAULTS.config),
        credentials=_path(directory, options.credentials or _DEFAULTS.credentials),
        endpoints=_path(directory, options.endpoints or _DEFAULTS.endpoints),
        domain=_path(directory, domain),
        data=tuple(_path(directory, one) for one in options.data or ["data/"]),
        actions=_actions(directory, options.actions),
    )
    _require(directory, "config", options.config, places.config)
    _require(directory, "domain", options.domain, places.domain)
    for place in places.data if options.data else ():
        _require(directory, "data", place, place)
    return places


def _has_only_a_folder(directory: Path) -> bool:
    return not (directory / "domain.yml").is_file() and (directory / "domain").is_dir()


def _path(directory: Path, name: str) -> str:
    """A path in the project; a folder's ends with /."""
    relative = Path(os.path.relpath(directory / name, directory)).as_posix()
    is_folder = (directory / name).is_dir() or name.endswith("/")
    return f"{relative}/" if is_folder else relative


def _require(directory: Path, what: str, named: str | None, place: str) -> None:
    if _is_there(directory / place):
        return
    if named is not None:
        raise ProjectError(f"There is no {place} in {directory.resolve()}: correct --{what}.")
    elsewhere = _named(directory, {f"{what}.yml", what} if what == "domain" else {f"{what}.yml"})
    folders = [Path(one).parent for one in elsewhere]
    if projects := [str(one) for one in folders if _is_project(directory / one)]:
        raise ProjectError(
            f"{directory.resolve()} is not a Rasa project, but {' or '.join(projects)} in it is: "
            "go there, or name it with --project."
        )
    hint = f"; if it is {' or '.join(elsewhere)}, say so with --{what}" if elsewhere else ""
    raise ProjectError(
        f"{directory.resolve()} is not a Rasa project: it needs config.yml, and domain.yml or a "
        f"folder domain/ with .yml files, and {place} is missing{hint}. Go to your project's "
        "folder, or name it with --project."
    )


def _is_project(folder: Path) -> bool:
    has_domain = any(_is_there(folder / name) for name in ("domain.yml", "domain"))
    return has_domain and (folder / "config.yml").is_file() and (folder / "data").is_dir()


def _is_there(path: Path) -> bool:
    """Whether there is a file, or a folder with something to read."""
    return path.is_file() or any(path.rglob("*.y*ml"))


def _named(directory: Path, names: set[str]) -> list[str]:
    """Where else in the project there is something with that name."""
    found = (path for path in _walk(directory) if path.name in names and _is_there(path))
    return [path.relative_to(directory).as_posix() for path in found]


def _actions(directory: Path, named: str | None) -> str:
    """The module or package of the actions, given as a path or as a name for `rasa run actions`."""
    if named is None:
        return _usual_actions(directory) or _only_actions(directory) or _DEFAULTS.actions
    is_path = "/" in named or named.endswith(".py") or (directory / named).is_dir()
    path = named if is_path else named.replace(".", "/")
    for one in (path, f"{path}.py"):
        if (directory / one).exists():
            return _path(directory, one)
    raise ProjectError(
        f"There is no module or package {named} in {directory.resolve()}. Give --actions what "
        "`rasa run actions` gets, such as actions.actions, or a path."
    )


def _usual_actions(directory: Path) -> str | None:
    """If a module and a package have the same name, Python imports the package, if it has an
    __init__.py.
    """
    is_package = (directory / "actions" / "__init__.py").is_file()
    if (directory / "actions.py").is_file() and not is_package:
        return "actions.py"
    return "actions/" if (directory / "actions").is_dir() else None


def _only_actions(directory: Path) -> str | None:
    """The only module with actions in the project, or the only folder with such modules."""
    modules = [path for path in _walk(directory) if path.suffix == ".py" and _has_actions(path)]
    folders = {path.parent for path in modules}
    if len(modules) == 1:
        return _path(directory, modules[0].relative_to(directory).as_posix())
    if len(folders) == 1 and folders != {directory}:
        return _path(directory, folders.pop().relative_to(directory).as_posix())
    return None


def _has_actions(path: Path) -> bool:
    try:
        return defines_actions(path.read_bytes().decode("utf-8", "surrogateescape"))
    except OSError:
        return False


def _walk(directory: Path, depth: int = _MOST_FOLDERS) -> Iterator[Path]:
    """The files of the project that are its own."""
    for path in sorted(directory.iterdir()) if depth and directory.is_dir() else ():
        if path.name.startswith(".") or path.name in _NOT_THEIRS or _is_environment(path):
            continue
        yield path
        if path.is_dir():
            yield from _walk(path, depth - 1)


def _is_environment(path: Path) -> bool:
    return (path / "pyvenv.cfg").exists()
