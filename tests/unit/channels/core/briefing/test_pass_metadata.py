from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.core.briefing.pass_metadata import LONGEST_METADATA, pass_metadata, return_metadata
from channels.core.briefing.situation import Said, Situation
from channels.core.events import Thread
from channels.core.meta.splitting import ELLIPSIS, length
from channels.core.plans import Plan, parse_metadata
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, Session, session_id_for

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
SESSION_ID = session_id_for("11/messaging/m")
REQUIRED = ["session", "plan", "timeout_seconds", "language"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
plan_metadata = st.dictionaries(st.text(max_size=20), json_values, max_size=6).map(parse_metadata)
last_texts = st.lists(st.text(max_size=20) | st.text('a😀"\n', max_size=1200), max_size=12)


def session(metadata: dict[str, Any] | None = None, *, name: str = "default") -> Session:
    return opened(Plan(name=name, timeout=timedelta(minutes=30), metadata=metadata or {}))


def opened(plan: Plan) -> Session:
    cause = Cause(at=NOW, key="11/messaging/m")
    return transitions.opening(thread=Thread(page="11", user="22"), plan=plan, cause=cause, now=NOW)


def written(
    metadata: dict[str, Any] | None = None, texts: list[str] | None = None, *, language: str = "de"
) -> str:
    return pass_metadata(session(metadata), language=language, last_texts=texts or [])


def is_some_of(told: list[str], texts: list[str]) -> bool:
    """Whether each of `told` is one of `texts`, in the same order."""
    left = iter(texts)
    return all(text in left for text in told)


class TestPassMetadata:
    def test_a_plan_may_keep_back_what_the_user_has_written(self) -> None:
        plan = Plan(name="outside", metadata={"team": "sales"}, last_messages=False)
        told = pass_metadata(opened(plan), language="de", last_texts=["my card is 4000 1234"])
        assert "last_messages" not in json.loads(told)
        assert json.loads(told)["metadata"] == {"team": "sales"}

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
    def test_it_is_json_of_less_than_1000_characters(
        self, metadata: dict[str, Any], texts: list[str]
    ) -> None:
        text = written(metadata, texts)
        context = json.loads(text, parse_constant=pytest.fail)
        assert length(text) <= LONGEST_METADATA == 999
        assert list(context)[:4] == REQUIRED

    @given(plan_metadata, last_texts)
    def test_nothing_in_it_is_cut(self, metadata: dict[str, Any], texts: list[str]) -> None:
        context = json.loads(written(metadata, texts))
        assert context.get("metadata", {}).items() <= metadata.items()
        told = [text for text in context.get("last_messages", []) if text != ELLIPSIS]
        assert is_some_of(told, texts)

    @given(last_texts)
    def test_the_newest_message_is_left_out_only_where_it_does_not_fit(
        self, texts: list[str]
    ) -> None:
        context = json.loads(written(texts=texts))
        if texts and texts[-1] not in context.get("last_messages", []):
            alone = {**context, "last_messages": texts[-1:]}
            written_alone = json.dumps(alone, ensure_ascii=False, separators=(",", ":"))
            assert length(written_alone) > LONGEST_METADATA

    def test_what_does_not_fit_makes_room_for_the_smaller_keys_after_it(self) -> None:
        metadata = {"small": 1, "huge": "x" * 1000, "small too": 2}
        assert json.loads(written(metadata))["metadata"] == {"small": 1, "small too": 2}

    def test_the_newest_messages_come_first_when_not_all_fit(self) -> None:
        texts = [f"{number:03}" * 40 for number in range(20)]
        told = json.loads(written(texts=texts))["last_messages"]
        assert 0 < len(told) < 20
        assert told == texts[-len(told) :]

    @pytest.mark.parametrize(
        ("texts", "told"),
        [
            (["one", "two", "x" * 1000], ["one", "two", "…"]),
            (["one", "x" * 1000, "two"], ["one", "…", "two"]),
            (["one", "x" * 1000, "y" * 1000, "two"], ["one", "…", "two"]),
            (["x" * 1000, "one"], ["one"]),
        ],
    )
    def test_a_message_that_is_too_long_does_not_hide_the_ones_before_it(
        self, texts: list[str], told: list[str]
    ) -> None:
        assert json.loads(written(texts=texts))["last_messages"] == told

    def test_where_no_message_fits_none_is_told(self) -> None:
        assert list(json.loads(written(texts=["x" * 1000]))) == REQUIRED

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
        slow = opened(Plan(name="slow", timeout=timedelta(days=30)))
        text = pass_metadata(slow, language="de", last_texts=[])
        assert json.loads(text)["timeout_seconds"] == 30 * 24 * 60 * 60


class TestReturnMetadata:
    @pytest.mark.parametrize("reason", EndReason)
    def test_it_tells_which_session_ends_and_why(self, reason: EndReason) -> None:
        ending = transitions.ending(transitions.activated(session(), NOW), reason, NOW)
        assert json.loads(return_metadata(ending)) == {
            "session": SESSION_ID,
            "reason": reason.value,
        }


SITUATION = Situation(
    intent="ask_human",
    slots={"order_id": "4711", "card": "4000 1234", "odd": object()},
    said=(
        Said(at=NOW, speaker="user", text="Hi"),
        Said(at=NOW, speaker="bot", text="Hello"),
        Said(at=NOW, speaker="bot", text="Wait"),
    ),
)


def test_the_agent_is_told_where_the_conversation_stands() -> None:
    plan = Plan(name="default", context_slots=("order_id", "missing", "odd"))
    told = json.loads(
        pass_metadata(
            opened(plan),
            language="en",
            last_texts=["Hi", "agent"],
            situation=SITUATION,
            url="https://u",
        )
    )
    assert told["intent"] == "ask_human"
    assert told["slots"] == {"order_id": "4711"}
    assert told["context_url"] == "https://u"
    assert told["last_messages"] == ["Hi", "agent"]
    assert told["last_responses"] == ["Hello", "Wait"]


def test_what_json_lacks_keeps_nobody_from_a_person() -> None:
    situation = Situation(slots={"score": float("nan"), "since": NOW})
    plan = Plan(name="default", context_slots=("score", "since"))
    told = pass_metadata(opened(plan), language="en", last_texts=[], situation=situation)
    since = NOW.isoformat().replace("+00:00", "Z")
    assert json.loads(told)["slots"] == {"score": None, "since": since}


def test_a_plan_that_keeps_words_back_keeps_back_the_bots_too() -> None:
    plan = Plan(name="outside", last_messages=False)
    told = json.loads(
        pass_metadata(opened(plan), language="en", last_texts=["Hi"], situation=SITUATION)
    )
    assert not {"last_messages", "last_responses", "slots"} & told.keys()


def test_both_sides_last_words_come_before_older_ones_of_one_side() -> None:
    texts = ["x" * 300, "y" * 300, "newest"]
    told = json.loads(
        pass_metadata(
            opened(Plan(name="default")), language="en", last_texts=texts, situation=SITUATION
        )
    )
    assert told["last_messages"][-1] == "newest"
    assert told["last_responses"] == ["Hello", "Wait"]


def test_of_the_bots_words_the_last_five_are_told() -> None:
    said = tuple(Said(at=NOW, speaker="bot", text=text) for text in "abcdef")
    told = pass_metadata(session(), language="en", last_texts=[], situation=Situation(said=said))
    assert json.loads(told)["last_responses"] == ["b", "c", "d", "e", "f"]
