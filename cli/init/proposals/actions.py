"""`init` and the actions: a line that lets `rasa run actions` find `action_handover`. Pure.

The action server imports the package `actions` with all its modules, and then registers every
subclass of `Action` that has been imported, wherever it was defined (`register_package` of
rasa_sdk.executor). So importing the class is enough.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Collection, Iterator

from ..text.project import Files, ProjectError, Proposal, is_in

ACTION = "action_handover"

_CLASS = "ActionHandover"
_IMPORT = f"from rasa_handover.actions import {_CLASS}"
_PACKAGE_FILE = "__init__.py"
_FILE_OF_OURS = "handover.py"
_MODULE_OF_OURS = f'''\
"""The action with which a rule hands the user over to a person."""

{_IMPORT}

__all__ = ["{_CLASS}"]
'''
_LINE = f"{_IMPORT}  # noqa: F401 (importing it is enough)\n"


def propose_actions(files: Files, place: str) -> list[Proposal]:
    """Import the action into the module `place`, or into a module of the package `place`."""
    sources = {path: text for path, text in files.items() if is_in(path, place)}
    if any(_CLASS in _names(text) for text in sources.values()):
        return []
    if own := [path for path, text in sources.items() if defines_action(text, ACTION)]:
        note = (
            f"{own[0]} has an action of its own that is named {ACTION}, so the one that hands over "
            "is not added. Rename yours there, in the domain and in your rules, and run this again."
        )
        return [Proposal(path=own[0], before=files[own[0]], after=files[own[0]], notes=(note,))]
    path = _module(sources, place)
    if path in files:
        return [Proposal(path=path, before=files[path], after=_with_import(path, files[path]))]
    return [*_package(sources, place), Proposal(path=path, before=None, after=_MODULE_OF_OURS)]


def _module(sources: Files, place: str) -> str:
    """Where to import the action.

    If only one module of a package has actions, it may be the one that the action server is told to
    import (`--actions actions.actions`), and it is also imported if the server is told the package.
    """
    if not place.endswith("/"):
        return place
    own = [path for path, text in sources.items() if defines_actions(text)]
    return own[0] if len(own) == 1 else f"{place}{_FILE_OF_OURS}"


def defines_actions(source: str) -> bool:
    """Whether a module has a class that is an action, judging by its base classes' names."""
    tree = _tree(source)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] if tree else []
    bases = (ast.unparse(base).rpartition(".")[2] for one in classes for base in one.bases)
    return any(base.endswith("Action") for base in bases)


def defines_action(source: str, name: str) -> bool:
    """Whether a class in a module has a method `name` that returns this name, or a constant with
    this value.
    """
    tree = _tree(source)
    nodes = list(ast.walk(tree)) if tree is not None else []
    constants = {key for node in nodes for key in _constants(node, name)}
    bodies = (node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == "name")
    returns = (one for body in bodies for one in ast.walk(body) if isinstance(one, ast.Return))
    return any(_is(one.value, name, constants) for one in returns)


def _constants(node: ast.AST, value: str) -> Iterator[str]:
    """The names to which a statement assigns this value."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and _is(node.value, value, ()):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _is(expression: ast.expr | None, value: str, constants: Collection[str]) -> bool:
    if isinstance(expression, ast.Constant):
        return bool(expression.value == value)
    named = getattr(expression, "id", None) or getattr(expression, "attr", None)
    return named in constants


def _package(sources: Files, place: str) -> Iterator[Proposal]:
    if not sources:
        text = '"""What runs in the action server."""\n'
        yield Proposal(path=f"{place}{_PACKAGE_FILE}", before=None, after=text)


def _names(source: str) -> set[str]:
    """Every name that a module imports, defines or uses; empty if it is not Python."""
    tree = _tree(source)
    nodes = list(ast.walk(tree)) if tree is not None else []
    found = {getattr(node, field, None) for node in nodes for field in ("name", "id", "attr")}
    return {name for name in found if isinstance(name, str)}


def _with_import(path: str, source: str) -> str:
    """The module with the line after its docstring and imports, or at the end if it has none."""
    tree = _tree(source)
    if tree is None:
        raise ProjectError(f"{path} can't be read: it is not valid Python. Fix it first.")
    lines = io.StringIO(source, newline="").readlines()
    newline = "\r\n" if "\r\n" in source else "\n"
    place = _end_of_head(tree.body) or len(lines)
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += newline
    return "".join([*lines[:place], _LINE.replace("\n", newline), *lines[place:]])


def _end_of_head(body: list[ast.stmt]) -> int:
    """The line after which the docstring and the imports at the top end; 0 for none."""
    end = 0
    for number, statement in enumerate(body):
        is_docstring = number == 0 and isinstance(statement, ast.Expr)
        if not is_docstring and not isinstance(statement, ast.Import | ast.ImportFrom):
            break
        end = statement.end_lineno or end
    return end


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source.encode("utf-8", "surrogateescape"))
    except (SyntaxError, ValueError):
        return None
