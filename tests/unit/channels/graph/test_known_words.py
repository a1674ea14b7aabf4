"""What the log may tell of Meta's own words, which may quote what people wrote."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.graph.refusals.known_words import WORDS, in_known_words
from channels.graph.refusals.refusals import Fault, refusal

WISH = "Grüße an Zoë Quince, Marzipanweg 4711"


def told(message: str) -> str:
    return in_known_words(message, (100, 2018001))


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("(#100) No matching user found", None),
        ("(#100) Invalid parameter: param message[text] must be non-empty", None),
        ("(#100) name_placeholder[buttons] should represent a valid URL", None),
        ("(#100) param message[quick_replies] has too few elements.", None),
        ('(#100) Invalid keys "prévu" were found', "(#100) Invalid keys … were found"),
        ("(#100) Length of param text must be less than 2000", "… than …"),
        ("Error 2018001: the user 24870165432109876 is blocked", "the user … is blocked"),
    ],
)
def test_meta_s_own_words_are_kept_and_numbers_are_not(message: str, shown: str | None) -> None:
    assert told(message).endswith(shown[2:] if shown else message)
    assert "2000" not in told(message)
    assert "24870165432109876" not in told(message)


@pytest.mark.parametrize(
    "quoted",
    [
        WISH,
        WISH.upper(),
        WISH[:9],
        WISH[5:],
        WISH[::-1],
        json.dumps(WISH),
        ascii(WISH),
        quote(WISH),
        base64.b64encode(WISH.encode()).decode(),
        WISH.replace(" ", ""),
        WISH.replace(" ", "\u200b"),
        WISH.encode().decode("latin-1"),
        " ".join(WISH),
    ],
)
def test_however_a_text_is_quoted_none_of_it_is_told(quoted: str) -> None:
    shown = told(f"(#100) Invalid parameter: '{quoted}' is not allowed")
    words = {word.strip("'(),:#[]") for word in shown.lower().split()}
    assert words <= WORDS | {"100", "…", ""}
    assert "…" in shown


@given(st.text())
def test_nothing_but_known_words_and_numbers_is_ever_told(message: str) -> None:
    letters = "".join(char if char.isalnum() or char == "_" else " " for char in told(message))
    assert set(letters.lower().split()) <= WORDS | {"100", "2018001"}


def test_what_people_write_is_left_out_of_the_errors_of_calls_that_carry_it() -> None:
    fault = Fault(code=100, message="(#100) Marzipanweg is no valid value", trace="A1-b_2")
    call = refusal(fault, call="POST /me/messages", status=400, may_quote=True)
    assert str(call).startswith(
        "Graph refused POST /me/messages: (#100) … is no valid value "
        "(error 100/-, fbtrace_id A1-b_2). "
    )


def test_a_trace_that_is_none_is_not_told() -> None:
    fault = Fault(code=100, trace="Marzipanweg 4711")
    assert refusal(fault, call="GET /me", status=400).trace is None
