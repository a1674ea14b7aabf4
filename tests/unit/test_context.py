from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels import sessions
from channels.context import LONGEST_METADATA, pass_metadata, return_metadata
from channels.events import Thread
from channels.plans import LONGEST_TIMEOUT, Plan, parse_metadata
from channels.sessions import EndReason, Session

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
SESSION_ID = "0123456789abcdef" * 2  # as long as a uuid
REQUIRED = ["session", "plan", "timeout_seconds", "language"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
plan_metadata = st.dictionaries(st.text(max_size=20), json_values, max_size=6).map(parse_metadata)
last_texts = st.lists(st.text(max_size=20) | st.text('a😀"\n', max_size=1200), max_size=12)


def session(metadata: dict[str, Any] | None = None, *, name: str = "default") -> Session:
    plan = Plan(name=name, timeout=timedelta(minutes=30), metadata=metadata or {})
    return sessions.opening(
        session_id=SESSION_ID,
        thread=Thread(page="11", user="22"),
        plan=plan,
        cause_at=NOW,
        now=NOW,
    )


def written(
    metadata: dict[str, Any] | None = None, texts: list[str] | None = None, *, language: str = "de"
) -> str:
    return pass_metadata(session(metadata), language=language, last_texts=texts or [])


def length(text: str) -> int:
    """In UTF-16 units, as a browser counts."""
    return len(text.encode("utf-16-le")) // 2


def is_suffix(part: list[str], whole: list[str]) -> bool:
    return part == whole[len(whole) - len(part) :]


class TestPassMetadata:
    def test_it_holds_all_that_the_agents_app_may_want_to_know(self) -> None:
        metadata = {"team": "sales", "vip": True}
        assert json.loads(written(metadata, ["hello", "a person, please"])) == {
            "session": SESSION_ID,
            "plan": "default",
            "timeout_seconds": 1800,
            "language": "de",
            "metadata": {"team": "sales", "vip": True},
            "last_messages": ["hello", "a person, please"],
        }

    def test_parts_with_nothing_in_them_are_left_out(self) -> None:
        assert list(json.loads(written())) == REQUIRED

    @given(plan_metadata, last_texts)
    @example({"huge": "x" * 1_000_000, "small": 1}, ["hello"])
    @example({str(number): number for number in range(1000)}, [])
    def test_it_is_json_of_at_most_1000_characters(
        self, metadata: dict[str, Any], texts: list[str]
    ) -> None:
        text = written(metadata, texts)
        context = json.loads(text, parse_constant=pytest.fail)
        assert length(text) <= LONGEST_METADATA == 1000
        assert list(context)[:4] == REQUIRED

    @given(plan_metadata, last_texts)
    def test_nothing_in_it_is_cut(self, metadata: dict[str, Any], texts: list[str]) -> None:
        context = json.loads(written(metadata, texts))
        assert context.get("metadata", {}).items() <= metadata.items()
        assert is_suffix(context.get("last_messages", []), texts)

    @given(last_texts)
    def test_a_message_is_left_out_only_where_it_does_not_fit(self, texts: list[str]) -> None:
        context = json.loads(written(texts=texts))
        told = context.get("last_messages", [])
        if len(told) < len(texts):
            one_more = {**context, "last_messages": texts[len(texts) - len(told) - 1 :]}
            assert length(json.dumps(one_more, ensure_ascii=False, separators=(",", ":"))) > 1000

    def test_what_does_not_fit_makes_room_for_the_smaller_keys_after_it(self) -> None:
        metadata = {"small": 1, "huge": "x" * 1000, "small too": 2}
        assert json.loads(written(metadata))["metadata"] == {"small": 1, "small too": 2}

    def test_the_newest_messages_come_first_when_not_all_fit(self) -> None:
        texts = [f"{number:03}" * 40 for number in range(20)]
        told = json.loads(written(texts=texts))["last_messages"]
        assert 0 < len(told) < 20
        assert told == texts[-len(told) :]

    def test_no_message_is_told_without_the_ones_after_it(self) -> None:
        context = json.loads(written(texts=["short", "x" * 1000]))
        assert "last_messages" not in context

    def test_the_plans_metadata_comes_before_the_users_messages(self) -> None:
        context = json.loads(written({"note": "x" * 850}, ["y" * 100]))
        assert list(context) == [*REQUIRED, "metadata"]

    @pytest.mark.parametrize("character", ["x", "ä", "语", "😀", '"', "\n"])
    def test_the_room_is_used_to_the_last_character(self, character: str) -> None:
        size = length(json.dumps(character, ensure_ascii=False)) - 2
        room = LONGEST_METADATA - length(written({"note": ""}))
        fits, too_long = character * (room // size), character * (room // size + 1)
        assert json.loads(written({"note": fits}))["metadata"] == {"note": fits}
        assert "metadata" not in json.loads(written({"note": too_long}))

    def test_the_longest_names_leave_room_for_more(self) -> None:
        longest = session({"team": "sales"}, name="n" * 64)
        language = "de-Latn-DE-1996-x-private-subtag-de"  # RFC 5646 wants room for 35
        text = pass_metadata(longest, language=language, last_texts=["hello"])
        context = json.loads(text)
        assert context["plan"] == "n" * 64
        assert context["last_messages"] == ["hello"]
        assert length(text) < LONGEST_METADATA / 3

    def test_the_longest_timeout_is_told_in_seconds(self) -> None:
        plan = Plan(name="slow", timeout=LONGEST_TIMEOUT)
        slow = sessions.opening(
            session_id=SESSION_ID,
            thread=Thread(page="11", user="22"),
            plan=plan,
            cause_at=NOW,
            now=NOW,
        )
        text = pass_metadata(slow, language="de", last_texts=[])
        assert json.loads(text)["timeout_seconds"] == 30 * 24 * 60 * 60


class TestReturnMetadata:
    @pytest.mark.parametrize("reason", EndReason)
    def test_it_tells_which_session_ends_and_why(self, reason: EndReason) -> None:
        ending = sessions.ending(sessions.activated(session(), NOW), reason, NOW)
        assert json.loads(return_metadata(ending)) == {
            "session": SESSION_ID,
            "reason": reason.value,
        }
