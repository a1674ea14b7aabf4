"""`init` and `credentials.yml`: the channel's section, with what `facebook:` has. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node

from channels.core.settings.settings import is_own_section

from ..text.project import ProjectError, Proposal
from ..text.yaml_additions import add, rename
from ..text.yaml_document import Document, is_alias, is_block, parse, round_trip

CHANNEL = "rasa_handover.channels.MessengerInput"

_RASAS_CHANNEL = "facebook"
_HEADING = "Values in ${…} are environment variables."
_TWO_CHANNELS = (
    " has this plugin's channel and "
    f"{_RASAS_CHANNEL}, and both answer under "
    f"/webhooks/{_RASAS_CHANNEL}: remove {_RASAS_CHANNEL}."
)
DEFAULT_KEYWORDS = ("menu", "back to bot")
_KEYS = """\
verify: ${MESSENGER_VERIFY_TOKEN}
secret: ${MESSENGER_APP_SECRET}
page-access-token: ${MESSENGER_PAGE_ACCESS_TOKEN}
app-id: ${MESSENGER_APP_ID}
plans:
  default:
    target-app: page-inbox
    timeout: 30m
    keywords: [menu, back to bot]
"""


def propose_credentials(
    path: str, text: str | None, keywords: Sequence[str] = DEFAULT_KEYWORDS
) -> Proposal:
    """Turn the section of Rasa's `facebook` channel into ours, or add one that reads variables.

    `keywords` are those of its plan.
    """
    document = parse(path, text or "")
    if any(is_own_section(name) for name in document.data):
        notes = (path + _TWO_CHANNELS,) if _RASAS_CHANNEL in document.data else ()
        return Proposal(path=path, before=text, after=text, notes=notes)
    if _RASAS_CHANNEL in document.data:
        after = _taken_over(document, keywords)
    else:
        after = add(document, {CHANNEL: _keys(keywords)}, heading=_HEADING)
    return Proposal(path=path, before=text, after=after)


def keywords_of(
    path: str, text: str | None, keywords: Sequence[str] = DEFAULT_KEYWORDS
) -> list[str]:
    """The keywords of all plans; if `init` adds the section, the given ones, which it writes."""
    sections = parse(path, text or "").data
    own = next((one for name, one in sections.items() if is_own_section(name)), None)
    found: dict[str, None] = {}
    for plan in _plans(_keys(keywords) if own is None else own):
        found.update(dict.fromkeys(_words(plan.get("keywords"))))
    return list(found)


def _plans(section: Any) -> list[dict[str, Any]]:
    """The plans of the channel and its pages; `rasa run` refuses what isn't a plan."""
    section = section if isinstance(section, dict) else {}
    pages = section.get("pages")
    places = [section, *(pages.values() if isinstance(pages, dict) else ())]
    groups = [place.get("plans") for place in places if isinstance(place, dict)]
    plans = [plan for group in groups if isinstance(group, dict) for plan in group.values()]
    return [plan for plan in plans if isinstance(plan, dict)]


def _words(keywords: Any) -> list[str]:
    if isinstance(keywords, dict):
        return [word for words in keywords.values() for word in _words(words)]
    return [str(word) for word in keywords] if isinstance(keywords, list) else []


def _taken_over(document: Document, keywords: Sequence[str]) -> str:
    pair = document.pair(_RASAS_CHANNEL)
    there = document.data[_RASAS_CHANNEL] or {}
    if pair is None or is_alias(pair) or (there and not _is_plain(pair[1])):
        raise ProjectError(
            f"{document.name}: write the section {_RASAS_CHANNEL} as plain keys, one on each line, "
            "and run this again. Only then does Rasa fill in ${…}."
        )
    renamed = parse(document.name, rename(document, _RASAS_CHANNEL, CHANNEL))
    missing = _keys(keywords)
    for key in there.keys() & missing.keys():
        del missing[key]
    return add(renamed, {CHANNEL: missing}) if missing else renamed.text


def _is_plain(section: Node) -> bool:
    return isinstance(section, MappingNode) and is_block(section)


def _keys(keywords: Sequence[str]) -> Any:
    return round_trip().load(_KEYS.replace(", ".join(DEFAULT_KEYWORDS), ", ".join(keywords)))
