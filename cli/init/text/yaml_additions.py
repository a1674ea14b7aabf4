"""Adding to a YAML file: what is in it stays as it is, byte for byte, comments included. Pure.

The file's nodes show where a section ends and how it is indented; only new lines are written. The
result is read again and compared with what was meant, so an unusual way of writing YAML leads to an
error, never to a damaged file.
"""

from __future__ import annotations

import copy
import io
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import TaggedScalar
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from .project import ProjectError
from .yaml_document import (
    Document,
    Pair,
    end_of_content,
    is_alias,
    is_block,
    line_end,
    parse,
    round_trip,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Style:
    """How far a mapping's values, and the dashes of a list under a key, are indented."""

    mapping: int = 2
    dash: int = 2


def add(document: Document, additions: Mapping[str, Any], *, heading: str = "") -> str:
    """The file with `additions`: to each top-level key a list's items, a mapping's entries.

    A key that is missing, or empty, gets all of them. `heading` becomes a comment above what is
    new. Raises ProjectError if the file is written in a way that can't be added to.
    """
    there = {key: value for key, value in additions.items() if key in document.data}
    missing = {key: value for key, value in additions.items() if key not in there}
    edits = [
        edit
        for key in there
        for edit in _edits(document, _plain_pair(document, key), there[key], heading)
    ]
    if missing:
        edits.append(_at_the_end(document, missing, heading))
    return _applied(document, edits, _with(_followed(document), additions), ", ".join(additions))


def add_below(document: Document, section: str, additions: Mapping[str, Mapping[str, Any]]) -> str:
    """The file with additions to entries of a section, as forms are of `forms`: to each key of an
    entry, which may be empty, a list's items, or the key with all of them.

    Raises ProjectError if the file is written in a way that can't be added to.
    """
    pair = _plain_pair(document, section)
    meant = copy.deepcopy(_followed(document))
    edits: list[Edit] = []
    for name, addition in additions.items():
        entry = _plain_pair_in(document, pair, name)
        there = document.data[section][name]
        meant[section][name] = meant[section][name] or {}
        new = {key: value for key, value in addition.items() if key not in (there or {})}
        edits += _edits(document, entry, new, "", there) if new else ()
        for key, value in addition.items():
            meant[section][name][key] = value if key in new else [*(there[key] or ()), *value]
            if key not in new:
                inner = _plain_pair_in(document, entry, key)
                edits += _edits(document, inner, value, "", there[key])
    return _applied(document, edits, meant, section)


def rename(document: Document, key: str, name: str) -> str:
    """The file with another name for a top-level key that it has."""
    pair = document.pair(key)
    if pair is None:
        raise KeyError(key)
    start, end = pair[0].start_mark.index, pair[0].end_mark.index
    data = {name if old == key else old: value for old, value in document.data.items()}
    return _applied(document, [Edit(start=start, end=end, text=name)], data, key)


def dump(value: Mapping[str, Any]) -> str:
    """A new file that says `value`."""
    return _dump(value, _Style())


_AT_THE_TOP = object()
_END_OF_DOCUMENT = re.compile(r"^\.\.\.(?!\S)", re.MULTILINE)


def _plain_pair(document: Document, key: str) -> Pair:
    pair = document.pair(key)
    if pair is None or is_alias(pair):
        raise _unusual(document, key)
    return pair


def _plain_pair_in(document: Document, pair: Pair, key: str) -> Pair:
    entries = pair[1].value if isinstance(pair[1], MappingNode) else ()
    found: Pair | None = next((one for one in entries if one[0].value == key), None)
    if found is None or is_alias(found):
        raise _unusual(document, key)
    return found


def _edits(
    document: Document, pair: Pair, value: Any, heading: str, there: Any = _AT_THE_TOP
) -> Iterator[Edit]:
    """What adds to the value of a pair, which is `there`."""
    key, section = pair
    there = document.data[key.value] if there is _AT_THE_TOP else there
    if not _is_of_the_kind(there, value):
        raise _unusual(document, key.value)
    if not there:
        yield from _into_an_empty_one(document, pair, value, heading)
    elif is_block(section):
        yield _below(document, section, value, heading)
    else:
        yield _between_brackets(section, value)


def _is_of_the_kind(there: Any, value: Any) -> bool:
    return there is None or isinstance(there, list if isinstance(value, list) else dict)


def _at_the_end(document: Document, sections: Mapping[str, Any], heading: str) -> Edit:
    last_line = _END_OF_DOCUMENT.search(document.text)
    end = last_line.start() if last_line else len(document.text)
    style = _style(document.root)
    blocks = [_dump({key: value}, style).rstrip("\n") for key, value in sections.items()]
    comment = f"# {heading}\n" if heading else ""
    gap, blank = _gap(document.text[:end].replace("\r", "")), "\n\n"
    return Edit(start=end, end=end, text=f"{gap}{comment}{blank.join(blocks)}\n")


def _gap(text: str) -> str:
    """The line breaks that make one empty line at the end of a text."""
    if not text.strip() or text.endswith("\n\n"):
        return ""
    return "\n" if text.endswith("\n") else "\n\n"


def _into_an_empty_one(document: Document, pair: Pair, value: Any, heading: str) -> Iterator[Edit]:
    """Write under a key that has nothing, `null`, `[]` or `{}` after it."""
    key, section = pair
    text = document.text
    if section.start_mark.index < section.end_mark.index:
        blank = len(text[: section.start_mark.index].rstrip(" "))
        yield Edit(start=blank, end=section.end_mark.index, text="")
    place = line_end(text, max(key.end_mark.index, _last_word(section)))
    style = _style(document.root)
    column = int(key.start_mark.column) + (style.dash if isinstance(value, list) else style.mapping)
    yield Edit(start=place, end=place, text="\n" + _lines(value, style, column, heading))


def _last_word(section: Node) -> int:
    start, end = section.start_mark.index, section.end_mark.index
    return int(end) if start < end else 0


def _below(document: Document, section: Node, value: Any, heading: str) -> Edit:
    place = end_of_content(document, section)
    style = _style(section, _style(document.root))
    lines = _lines(value, style, _column(document.text, section), heading)
    return Edit(start=place, end=place, text="\n" + lines)


def _between_brackets(section: Node, value: Any) -> Edit:
    """Write after the last item of `[…]` or `{…}`."""
    last = section.value[-1]
    last = last[-1] if isinstance(last, tuple) else last
    place = last.end_mark.index
    inner = json.dumps(value, ensure_ascii=False)[1:-1]
    return Edit(start=place, end=place, text=f", {inner}")


def _lines(value: Any, style: _Style, column: int, heading: str) -> str:
    """`value` as a block that is indented to `column`; no line break at its end."""
    body = _dump({"section": value}, style).split("\n", 1)[1]
    comment = f"# {heading}\n" if heading else ""
    return textwrap.indent(comment + textwrap.dedent(body), " " * column).rstrip("\n")


def _dump(value: Mapping[str, Any], style: _Style) -> str:
    yaml = round_trip()
    yaml.indent(mapping=style.mapping, sequence=style.dash + 2, offset=style.dash)
    out = io.StringIO()
    yaml.dump(value, out)
    return out.getvalue()


def _column(text: str, section: Node) -> int:
    """The column of a block's keys or dashes, as in the line of its first entry."""
    first = section.value[0]
    first = first[0] if isinstance(first, tuple) else first
    start = text.rfind("\n", 0, first.start_mark.index) + 1
    found = re.match(r"[ ]*", text[start:])
    return len(found[0]) if found else 0


def _style(node: Node | None, default: _Style | None = None) -> _Style:
    """How the first mapping and the first list within a node are indented."""
    default = default or _Style()
    steps = list(_steps(node)) if node is not None else []
    mapping = next((step for kind, step in steps if kind is MappingNode and step > 0), None)
    dash = next((step for kind, step in steps if kind is SequenceNode and step >= 0), None)
    return _Style(
        mapping=default.mapping if mapping is None else mapping,
        dash=default.dash if dash is None else dash,
    )


def _steps(node: Node) -> Iterator[tuple[type[Node], int]]:
    """How far each block value is to the right of its key, in the order of the file.

    A value with an anchor or a tag begins beside its key, which shows nothing.
    """
    for entry in node.value if is_block(node) else ():
        for part in entry if isinstance(entry, tuple) else (entry,):
            if isinstance(entry, tuple) and is_block(part) and _is_below(part, entry[0]):
                yield type(part), part.start_mark.column - entry[0].start_mark.column
            if part.start_mark.index > node.start_mark.index:
                yield from _steps(part)


def _is_below(part: Node, key: Node) -> bool:
    return bool(part.start_mark.line > key.start_mark.line)


def _followed(document: Document) -> Mapping[str, Any]:
    """What the file says once its last line has a break, which matters in a block of text."""
    if document.text.endswith("\n"):
        return document.data
    return parse(document.name, document.text + document.newline).data


def _with(data: Mapping[str, Any], additions: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(data)
    for key, value in additions.items():
        old = data.get(key) or type(value)()
        result[key] = [*old, *value] if isinstance(value, list) else {**old, **value}
    return result


def _applied(document: Document, edits: list[Edit], meant: Mapping[str, Any], keys: str) -> str:
    text = document.text
    for edit in reversed(sorted(edits, key=lambda edit: edit.start)):  # noqa: C413 (keeps ties)
        text = text[: edit.start] + _broken(edit.text, document.newline) + text[edit.end :]
    if not _says(document.name, text, meant):
        raise _unusual(document, keys)
    return text


def _broken(text: str, newline: str) -> str:
    return text.replace("\n", newline)


def _says(name: str, text: str, meant: Mapping[str, Any]) -> bool:
    try:
        return _plain(parse(name, text).data) == _plain(meant)
    except ProjectError:
        return False


def _plain(value: Any) -> object:
    """What can be compared: a value with a tag, such as Rasa's `${…}`, equals only itself."""
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return (value.tag.value, value.value) if isinstance(value, TaggedScalar) else value


def _unusual(document: Document, key: str) -> ProjectError:
    return ProjectError(
        f"{document.name} is written in a way that can't be added to. Write {key} as plain "
        "keys, one entry on each line, and run this again."
    )
