"""A YAML file as text, with the positions of its parts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .project import ProjectError

Pair: TypeAlias = tuple[Node, Node]

_BYTES = re.compile("[\udc80-\udcff]")  # these stand for bytes that are not UTF-8 (PEP 383)
_CONTENT = re.compile(r"^[ \t]*[^\s#].*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A mapping in YAML.

    Attributes:
        name: the file's path, for messages.
        text: the file.
        data: its contents, with comments and quotes, as ruamel.yaml reads it; not to be changed.
        root: its nodes, each with its position in the text; None for an empty file.
    """

    name: str
    text: str
    data: dict[str, Any]
    root: MappingNode | None

    def pair(self, key: str) -> Pair | None:
        """The nodes of a top-level key and its value."""
        pairs: list[Pair] = self.root.value if self.root is not None else []
        return next((pair for pair in pairs if pair[0].value == key), None)

    def saying(self, text: str) -> Document:
        """The same file with another text in it."""
        return parse(self.name, text)

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def parse(name: str, text: str) -> Document:
    """The document in a text. Raises ProjectError, with the line number but none of the text, if it
    isn't one.
    """
    if _BYTES.search(text):
        raise ProjectError(f"{name} can't be read: it is not UTF-8. Save it as UTF-8 first.")
    try:
        root, data = _read(text)
    except (YAMLError, ValueError) as error:
        raise ProjectError(f"{name} can't be read: {_mistake(error)}. Fix it first.") from None
    if data is None:
        return Document(name=name, text=text, data={}, root=None)
    if not isinstance(root, MappingNode):
        raise ProjectError(f"{name} can't be read: it has to be a mapping from keys to values.")
    return Document(name=name, text=text, data=data, root=root)


@lru_cache(maxsize=64)  # each file is parsed several times, and nothing changes the result
def _read(text: str) -> tuple[Node | None, Any]:
    return round_trip().compose(text), round_trip().load(text)


def round_trip() -> Any:
    """A `YAML` that keeps comments and quotes, and breaks no lines. Its types are too narrow."""
    yaml: Any = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    return yaml


def _mistake(error: Exception) -> str:
    mark: Any = getattr(error, "problem_mark", None)
    place = f" in line {mark.line + 1}" if mark is not None else ""
    return f"there is a mistake in its YAML{place}"


def is_block(node: Node) -> bool:
    """Whether a node is a list or mapping that is written with one entry on each line."""
    return isinstance(node, SequenceNode | MappingNode) and not node.flow_style


def is_alias(pair: Pair) -> bool:
    """Whether a value is only a reference (`*name`): then its node is before its key."""
    key, value = pair
    return bool(value.start_mark.index < key.end_mark.index)


def end_of_content(document: Document, node: Node) -> int:
    """Where the last line of a block list or mapping ends, without comments below it."""
    known = _end(document.text, node)
    below = _CONTENT.finditer(document.text, known, node.end_mark.index)
    return line_end(document.text, max([known, *(match.start() for match in below)]))


def line_end(text: str, position: int) -> int:
    """Where the line with this position ends, without its break."""
    end = text.find("\n", position)
    end = len(text) if end < 0 else end
    return end - 1 if text[end - 1 : end] == "\r" and end > position else end


def _end(text: str, node: Node) -> int:
    """Where a node's last word ends, as far as its own entries show."""
    if not is_block(node):
        return _end_of_words(text, node)
    for last in reversed(list(_entries(node))):
        if is_block(last) and last.start_mark.index <= node.start_mark.index:
            continue  # an alias of the node that it is in
        if last.start_mark.index >= node.start_mark.index and not _says_nothing(last):
            return _end(text, last)
    return int(node.start_mark.index)


def _entries(node: Node) -> Iterator[Node]:
    for entry in node.value:
        yield from entry if isinstance(entry, tuple) else (entry,)


def _says_nothing(node: Node) -> bool:
    return bool(node.start_mark.index == node.end_mark.index)


def _end_of_words(text: str, node: Node) -> int:
    end = int(node.end_mark.index)
    if isinstance(node, ScalarNode) and node.style in {"|", ">"}:
        header = text[node.start_mark.index : line_end(text, node.start_mark.index)]
        return end - 1 if "+" in header else len(text[:end].rstrip())
    return end
