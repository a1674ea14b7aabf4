"""What people are shown before anything is written. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from .project import Proposal
from .yaml_document import parse

_MASK = "***"


def diff(proposal: Proposal, *, has_secrets: bool) -> str:
    """A unified diff of one file. In a file with secrets, existing values are masked, and unchanged
    lines are left out, because a comment may hold a secret, too.
    """
    before, after = proposal.before or "", proposal.after or ""
    context = 3
    if has_secrets:
        secrets = {str(node.value) for node in _values(proposal.path, before)}
        before, after = (_masked(proposal.path, text, secrets) for text in (before, after))
        context = 0
    lines = difflib.unified_diff(
        before.splitlines(),
        after.splitlines(),
        fromfile="/dev/null" if proposal.before is None else proposal.path,
        tofile=proposal.path,
        n=context,
        lineterm="",
    )
    return _printable("\n".join(lines))


def _printable(text: str) -> str:
    """The text, with a mark for each byte that is not valid UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _masked(name: str, text: str, secrets: set[str]) -> str:
    places = {
        (node.start_mark.index, node.end_mark.index)
        for node in _values(name, text)
        if str(node.value) in secrets
    }
    for start, end in sorted(places, reverse=True):
        text = text[:start] + _MASK + text[end:]
    return text


def _values(name: str, text: str) -> Iterator[ScalarNode]:
    """Each value in a YAML file that is written out, not read from a variable."""
    root = parse(name, text).root
    for node in _scalars(root, set()) if root is not None else ():
        if node.value and not str(node.value).startswith("${"):
            yield node


def _scalars(node: Node, seen: set[int]) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif id(node) not in seen:
        seen.add(id(node))
        pairs = isinstance(node, MappingNode)
        for child in node.value:
            yield from _scalars(child[1] if pairs else child, seen)
