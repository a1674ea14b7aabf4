from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.graph.request.relaxed_json import from_json
from tests.support.profile import EXAMPLES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('{"id": "1"}', {"id": "1"}),
        ("{'id':'1'}", {"id": "1"}),
        ("{id:1}", {"id": 1}),
        ("{'text':'hello, world'}", {"text": "hello, world"}),
        ('{"text": "it\'s {id: 1}"}', {"text": "it's {id: 1}"}),
        ("{'text': 'it\\'s \"so\"'}", {"text": 'it\'s "so"'}),
        ("{'text': 'a\\nb'}", {"text": "a\nb"}),
        ("['messages','standby']", ["messages", "standby"]),
        (
            "{attachment:{type:'image',payload:{}}}",
            {"attachment": {"type": "image", "payload": {}}},
        ),
        ("messages,standby", "messages,standby"),
        ("it's me: {", "it's me: {"),
        ("{broken", "{broken"),
        (7, 7),
    ],
)
def test_a_parameter_is_the_json_that_it_holds(text: Any, meaning: Any) -> None:
    assert from_json(text) == meaning


@settings(max_examples=EXAMPLES // 4)  # they are long
@given(st.lists(JSON) | st.dictionaries(st.text(), JSON))
def test_strict_json_means_what_it_says(value: Any) -> None:
    try:
        text = json.dumps(value)
        text.encode()
    except UnicodeEncodeError:
        return
    assert from_json(text) == value
