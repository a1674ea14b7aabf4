"""Adding to YAML files: what is added can be read, and what was there stays as it was."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.init.text.project import ProjectError
from cli.init.text.yaml_additions import add, rename
from cli.init.text.yaml_document import parse
from tests.support.profile import EXAMPLES
from tests.unit.cli.init.text.yaml_files import KEYS, files

NEW_INTENT = {"intents": ["ask_human"]}
NEW_RESPONSE = {"responses": {"utter_connecting": [{"text": "One moment."}]}}
OF_THE_TEMPLATE = """\
version: "3.1"

intents:
  - greet # says hello
  - goodbye

responses:
  utter_greet:
  - text: "Hey! How are you?"
    image: 'https://i.example/1.jpg'
"""


def added(text: str, additions: dict[str, Any], heading: str = "") -> str:
    return add(parse("domain.yml", text), additions, heading=heading)


def is_in_order(lines: Iterable[str], of: Iterable[str]) -> bool:
    """Whether all lines are among the others, in their order."""
    others = iter(of)
    return all(line in others for line in lines)


def merged(there: Any, additions: dict[str, Any]) -> dict[str, Any]:
    result = dict(there or {})
    for key, value in additions.items():
        old = result.get(key) or type(value)()
        result[key] = [*old, *value] if isinstance(value, list) else {**old, **value}
    return result


def test_a_text_at_the_end_of_a_file_without_a_last_line_break_can_be_followed() -> None:
    text = "responses:\n  utter_greet:\n  - text: |\n      Hey!\n      How are you?"
    assert added(text, NEW_RESPONSE) == f"{text}\n  utter_connecting:\n  - text: One moment."


def test_a_list_and_a_mapping_go_on_in_the_style_of_the_file() -> None:
    assert (
        added(OF_THE_TEMPLATE, NEW_INTENT | NEW_RESPONSE, "Handover")
        == """\
version: "3.1"

intents:
  - greet # says hello
  - goodbye
  # Handover
  - ask_human

responses:
  utter_greet:
  - text: "Hey! How are you?"
    image: 'https://i.example/1.jpg'
  # Handover
  utter_connecting:
  - text: One moment.
"""
    )


def test_a_file_in_another_encoding_is_told_to_be_so() -> None:
    text = "responses: {utter_greet: [{text: Grüezi}]}".encode("latin-1")
    told = "domain.yml can't be read: it is not UTF-8. Save it as UTF-8 first."
    with pytest.raises(ProjectError, match=re.escape(told)):
        added(text.decode("utf-8", "surrogateescape"), NEW_INTENT)


def test_an_anchor_does_not_count_as_indentation() -> None:
    text = "responses:\n  utter_greet: &greeting\n  - text: Hey!\n  utter_hello: *greeting\n"
    assert added(text, NEW_RESPONSE) == f"{text}  utter_connecting:\n    - text: One moment.\n"


def test_a_key_that_is_not_there_comes_at_the_end() -> None:
    assert added("rest:\n", {"actions": ["action_handover"]}, "Handover") == (
        "rest:\n\n# Handover\nactions:\n  - action_handover\n"
    )


ODD = {
    "no newline at the end": ("intents:\n- greet", "intents:\n- greet\n- ask_human"),
    "windows": ("intents:\r\n- greet\r\n", "intents:\r\n- greet\r\n- ask_human\r\n"),
    "windows, no newline at the end": ("intents:\r\n- a", "intents:\r\n- a\r\n- ask_human"),
    "indented by four": ("intents:\n    - greet\n", "intents:\n    - greet\n    - ask_human\n"),
    "comment at the end": ("intents:\n- greet\n# end\n", "intents:\n- greet\n- ask_human\n# end\n"),
    "comment beside": ("intents: # all\n- a # b\n", "intents: # all\n- a # b\n- ask_human\n"),
    "in brackets": ("intents: [greet, bye]\n", 'intents: [greet, bye, "ask_human"]\n'),
    "in brackets, with a comma": ("intents: [\n  a,\n]\n", 'intents: [\n  a, "ask_human",\n]\n'),
    "nothing": ("intents:\nslots:\n", "intents:\n  - ask_human\nslots:\n"),
    "nothing but a comment": ("intents: # none\n", "intents: # none\n  - ask_human\n"),
    "null": ("intents: ~\n", "intents:\n  - ask_human\n"),
    "empty brackets": ("intents: [] # none\n", "intents: # none\n  - ask_human\n"),
    "empty file": ("", "intents:\n  - ask_human\n"),
    "comments alone": ("# a domain\n", "# a domain\n\nintents:\n  - ask_human\n"),
    "start of a document": ("---\nintents:\n- a\n", "---\nintents:\n- a\n- ask_human\n"),
    "end of a document": ("a: b\n... # c\n", "a: b\n\nintents:\n  - ask_human\n... # c\n"),
    "end of a document behind the section": (
        "intents:\n- a\n...\n\n",
        "intents:\n- a\n- ask_human\n...\n\n",
    ),
    "windows, end of a document": (
        "a: b\r\n...",
        "a: b\r\n\r\nintents:\r\n  - ask_human\r\n...",
    ),
    "quotes": ("intents:\n- 'a'\n- \"b\"\n", "intents:\n- 'a'\n- \"b\"\n- ask_human\n"),
    "item with settings": (
        "intents:\n- greet:\n    use_entities: []\n",
        "intents:\n- greet:\n    use_entities: []\n- ask_human\n",
    ),
    "anchor and alias": (
        "a: &all\n- greet\nintents:\n- *all\n",
        "a: &all\n- greet\nintents:\n- *all\n- ask_human\n",
    ),
    "long text": (
        "intents:\n- |\n  a\n\n  b\n\nslots: {}\n",
        "intents:\n- |\n  a\n\n  b\n- ask_human\n\nslots: {}\n",
    ),
    "byte order mark": ("\ufeffintents:\n- greet\n", "\ufeffintents:\n- greet\n- ask_human\n"),
}


@pytest.mark.parametrize(("before", "after"), ODD.values(), ids=ODD)
def test_an_odd_file_gets_what_is_new_and_keeps_the_rest(before: str, after: str) -> None:
    assert added(before, NEW_INTENT) == after


UNUSUAL = {
    "a value that is an alias": "a: &all\n- greet\nintents: *all\n",
    "text in place of a list": "intents: greet\n",
    "a mapping in place of a list": "intents:\n  greet: {}\n",
}


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_a_file_that_can_not_be_added_to_is_told_with_the_remedy(text: str) -> None:
    with pytest.raises(ProjectError, match=r"^domain.yml .* Write intents as plain keys, one"):
        added(text, NEW_INTENT)


BROKEN = {
    "open quote": ("intents: 'S3CRET\n", " in line 2"),
    "doubled key": ("a: S3CRET\na: S3CRET\n", " in line 2"),
    "control character": ("a: S3CRET\x00\n", ""),
    "no such day": ("a: 2026-13-45 # S3CRET\n", ""),
    "two documents": ("a: S3CRET\n---\nb: S3CRET\n", " in line 2"),
}


@pytest.mark.parametrize(("text", "place"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_is_told_by_its_line_without_a_word_of_it(text: str, place: str) -> None:
    with pytest.raises(ProjectError) as told:
        parse("domain.yml", text)
    assert str(told.value) == (
        f"domain.yml can't be read: there is a mistake in its YAML{place}. Fix it first."
    )


def test_a_file_that_is_a_list_is_told_to_be_a_mapping() -> None:
    with pytest.raises(ProjectError, match="it has to be a mapping from keys to values"):
        parse("domain.yml", "- a\n")


def test_a_key_gets_another_name_and_keeps_what_it_has() -> None:
    text = "rest:\nfacebook: # ours\n  verify: 'x'\n"
    assert rename(parse("credentials.yml", text), "facebook", "mine") == (
        "rest:\nmine: # ours\n  verify: 'x'\n"
    )


VALUES: list[Any] = [{"type": "any"}, [{"text": "Hi: # you"}], "ä …"]
ADDED_NAMES = st.from_regex(r"new_[a-z]{1,6}", fullmatch=True)
ADDITIONS = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.lists(ADDED_NAMES, unique=True, min_size=1, max_size=3) for key in KEYS[:3]},
        **{
            key: st.dictionaries(
                ADDED_NAMES,
                st.sampled_from(VALUES).map(copy.deepcopy),
                min_size=1,
                max_size=3,
            )
            for key in KEYS[3:]
        },
    },
)
slow = settings(max_examples=EXAMPLES // 4)  # to read and write YAML is

WRITTEN_AS_EMPTY = ("[]", "{}", "~", "null")


@slow
@given(text=files(), additions=ADDITIONS, heading=st.sampled_from(["", "Handover"]))
def test_a_reader_gets_what_was_there_and_what_is_new(
    text: str, additions: dict[str, Any], heading: str
) -> None:
    says = {key: value or None for key, value in (yaml.safe_load(text) or {}).items()}
    after = yaml.safe_load(added(text, additions, heading))
    assert {key: value or None for key, value in (after or {}).items()} == merged(says, additions)


@slow
@given(text=files(), additions=ADDITIONS)
def test_each_line_stays_but_for_an_empty_value_that_is_filled(
    text: str, additions: dict[str, Any]
) -> None:
    lines = [
        line
        for line in text.splitlines()
        if not any(f": {empty}" in line for empty in WRITTEN_AS_EMPTY)
    ]
    assert is_in_order(lines, added(text, additions).splitlines())


@slow
@given(text=files(), additions=ADDITIONS)
def test_every_line_ends_as_the_files_own(text: str, additions: dict[str, Any]) -> None:
    after = added(text, additions)
    assert ("\r\n" in text) or ("\r" not in after)
    assert ("\r\n" not in text) or after.count("\n") == after.count("\r\n")


@slow
@given(text=files())
def test_a_file_that_gets_nothing_stays_byte_for_byte(text: str) -> None:
    assert added(text, {}) == text
