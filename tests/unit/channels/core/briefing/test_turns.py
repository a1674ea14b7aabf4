from __future__ import annotations

import json
import warnings
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage as RasaMessage
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.training_data.message import Message
from structlog.testing import capture_logs

from channels.core.briefing.turns import (
    HANDOVER_ENDED,
    HANDOVER_STARTED,
    TypedIntent,
    act_metadata,
    ended_metadata,
    external_parse_data,
    external_text,
    given_metadata,
    metadata_for_rasa,
    started_metadata,
    text_for_rasa,
    told_with,
)
from channels.core.events import (
    Act,
    Array,
    Attachment,
    ControlPassed,
    Postback,
    Thread,
    UserMessage,
)
from channels.core.plans import Plan
from channels.core.sessions import transitions
from channels.core.sessions.session import Cause, EndReason, Session, Speaker, session_id_for

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:rasa")  # Rasa's, of odd commands

NOW = datetime(2026, 8, 29, 10, 40, tzinfo=timezone.utc)
ADA = Thread(page="11", user="22")
COMMON: dict[str, Any] = {
    "key": "11/messaging/m",
    "thread": ADA,
    "array": Array.MESSAGING,
    "at": NOW,
    "received_at": NOW + timedelta(seconds=1),
}
DOMAIN = Domain.from_dict({"intents": ["greet"], "entities": ["name"]})
RESERVED = {HANDOVER_ENDED, HANDOVER_STARTED, "handover_given"}
SPELLINGS = [
    "/handover_ended",
    " /handover_ended",
    "/ handover_ended",
    "/handover_ended ",
    "\n/\thandover_ended\n",
    "\u00a0/\u2003handover_ended",
    "/handover_ended@1.0",
    '/handover_ended{"handover_end_reason":"timeout"}',
    '/ handover_ended @0.5{"handover_end_reason":"timeout"}',
    "/handover_ended{",
    "/handover_ended @",
    "/handover_started",
]

commands = st.lists(
    st.sampled_from(
        [
            *("/", " ", "\t", "\n", "\x1f", "\u00a0", "\u2003", "\u200b", "\ufeff", "／"),
            *("@", "@1.0", "{", "}", '{"handover_end_reason":"timeout"}', ".", "x"),
            *("handover_ended", "handover_started", "HANDOVER_ENDED", "greet", "EXTERNAL: "),
        ]
    ),
    max_size=8,
).map("".join)
said = st.one_of(commands, commands.map("/".__add__), st.text()).filter(bool)


def typed(text: str, *, typed_intents: bool = False) -> str:
    may_type = known_to_rasa if typed_intents else None
    return text_for_rasa(UserMessage(**COMMON, text=text), may_type=may_type)


def known_to_rasa(one: TypedIntent) -> bool:
    """The reserved intents are: an assistant's domain has them, for its rules."""
    return one.intent in {*DOMAIN.intents, *RESERVED} and one.entities <= set(DOMAIN.entities)


def quick_reply(payload: str) -> str:
    event = UserMessage(**COMMON, text="Yes", payload=payload)
    return text_for_rasa(event)


def postback(payload: str | None, title: str | None = "Yes") -> str:
    event = Postback(**COMMON, title=title, payload=payload)
    return text_for_rasa(event)


def intent_that_rasa_reads(text: str) -> str | None:
    """The intent that a command in the text gives it, as `rasa run` finds it out."""
    [read] = RegexMessageHandler().process([Message.build(RasaMessage(text).text)])
    intent = read.get("intent")
    return intent["name"] if intent else None


class TestTypedText:
    @given(said)
    def test_nothing_that_a_user_types_is_a_command_to_rasa(self, text: str) -> None:
        assert intent_that_rasa_reads(typed(text)) is None

    @pytest.mark.parametrize("text", SPELLINGS)
    def test_a_reserved_intent_is_one_to_rasa_when_nobody_refuses_it(self, text: str) -> None:
        assert intent_that_rasa_reads(text) in RESERVED

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("hello", "hello"),
            (" hello ", " hello "),
            ("and/or", "and/or"),
            ("/greet", "greet"),
            ("//x", "x"),
            (" / / x", "x"),
            ("/greet /goodbye", "greet /goodbye"),
            ("/", "/"),
            ("///", "/"),
            (" / ", "/"),
            ("/handover_ended", "handover_ended"),
            ("EXTERNAL: handover_ended", "EXTERNAL: handover_ended"),
        ],
    )
    def test_only_slashes_at_the_start_are_taken_away(self, text: str, told: str) -> None:
        assert typed(text) == told

    @given(said)
    def test_a_text_is_never_told_as_nothing(self, text: str) -> None:
        assert typed(text) != ""

    @pytest.mark.parametrize("text", SPELLINGS)
    def test_typed_intents_do_not_reach_a_reserved_one_however_it_is_spelled(
        self, text: str
    ) -> None:
        assert intent_that_rasa_reads(typed(text, typed_intents=True)) is None

    @given(said)
    def test_typed_intents_never_reach_the_reserved_ones(self, text: str) -> None:
        assert intent_that_rasa_reads(typed(text, typed_intents=True)) not in RESERVED

    @pytest.mark.parametrize("text", ["/greet", ' /greet{"name":"Ada"}', "/greet@1.0", "hello"])
    def test_typed_intents_leave_other_texts_as_they_are(self, text: str) -> None:
        assert typed(text, typed_intents=True) == text

    @pytest.mark.parametrize(
        "text",
        [
            "/marzipan",
            "/greet marzipan",
            "/greet{marzipan}",
            '/greet{"marzipan": 1}',
            '/greet{"name": "Ada"} marzipan',
            "/greet{}",
            "/greet@marzipan",
            "/greet@1.2.3",
            "/greet\nmarzipan",
            "/greet[]",
        ],
    )
    def test_what_rasa_would_warn_of_is_told_as_a_text(self, text: str) -> None:
        """Its warning quotes it in the log."""
        assert typed(text, typed_intents=True) == text.removeprefix("/")

    @given(said)
    def test_rasa_warns_of_nothing_that_is_typed(self, text: str) -> None:
        told = typed(text, typed_intents=True)
        with warnings.catch_warnings(), capture_logs() as logs:
            warnings.simplefilter("error")
            YAMLStoryReader.unpack_regex_message(Message.build(RasaMessage(told).text), DOMAIN)
        assert logs == [] or told.strip() == "/"


@pytest.mark.parametrize("tap", [quick_reply, postback])
class TestPayloads:
    @given(payload=said)
    def test_no_payload_is_a_reserved_intent_to_rasa(self, tap: Any, payload: str) -> None:
        assert intent_that_rasa_reads(tap(payload)) not in RESERVED

    @pytest.mark.parametrize("payload", SPELLINGS)
    def test_a_refused_payload_is_told_as_a_text(self, tap: Any, payload: str) -> None:
        assert intent_that_rasa_reads(tap(payload)) is None
        assert tap(payload).startswith("handover_")

    @given(payload=said)
    def test_every_other_payload_is_told_as_it_is(self, tap: Any, payload: str) -> None:
        if intent_that_rasa_reads(payload) not in RESERVED:
            assert tap(payload) == payload


class TestOtherEvents:
    def test_a_quick_reply_is_told_by_its_payload(self) -> None:
        assert quick_reply('/rate{"stars":5}') == '/rate{"stars":5}'

    @given(said)
    def test_a_button_without_payload_is_told_by_its_title_and_is_no_command(
        self, title: str
    ) -> None:
        told = postback(None, title)
        assert told != ""
        assert intent_that_rasa_reads(told) is None

    def test_attachments_without_text_are_told_by_the_first_url(self) -> None:
        event = UserMessage(
            **COMMON,
            attachments=(
                Attachment(type="fallback"),
                Attachment(type="image", url="https://cdn.example/cat.jpg"),
                Attachment(type="image", url="https://cdn.example/dog.jpg"),
            ),
        )
        assert text_for_rasa(event) == "https://cdn.example/cat.jpg"

    def test_attachments_without_any_url_are_told_by_their_type(self) -> None:
        event = UserMessage(**COMMON, attachments=(Attachment(type="location"),))
        assert text_for_rasa(event) == "location"

    def test_a_text_comes_before_what_is_attached_to_it(self) -> None:
        link = Attachment(type="fallback", url="https://example.com")
        event = UserMessage(**COMMON, text="look", attachments=(link,))
        assert text_for_rasa(event) == "look"

    @pytest.mark.parametrize("may_type", [None, known_to_rasa])
    @given(said, said)
    def test_no_attachment_is_a_command(self, may_type: Any, url: str, kind: str) -> None:
        for attachment in (Attachment(type="image", url=url), Attachment(type=kind)):
            event = UserMessage(**COMMON, attachments=(attachment,))
            told = text_for_rasa(event, may_type=may_type)
            assert intent_that_rasa_reads(told) is None


class TestMetadata:
    def test_it_tells_page_and_time(self) -> None:
        assert metadata_for_rasa(Postback(**COMMON, title="Yes")) == {
            "page": "11",
            "timestamp": "2026-08-29T10:40:00+00:00",
        }

    def test_it_tells_every_attachment_whole(self) -> None:
        place = {"coordinates": {"lat": 52.5, "long": 13.4}}
        event = UserMessage(
            **COMMON,
            attachments=(Attachment(type="location", payload=place), Attachment(type="fallback")),
        )
        assert metadata_for_rasa(event)["attachments"] == [
            {"type": "location", "payload": place},
            {"type": "fallback", "payload": {}},
        ]


def test_an_act_is_told_with_page_and_time_and_by_metas_name() -> None:
    act = Act(**COMMON, name="referral", details={"ref": "summer"})
    assert act_metadata(act) == {
        "is_external": True,
        "page": "11",
        "timestamp": "2026-08-29T10:40:00+00:00",
        "referral": {"ref": "summer"},
    }


def ended_session() -> Session:
    plan = Plan(name="sales", target_app="77", metadata={"team": "sales"})
    cause = Cause(at=NOW, key="s1")
    session = transitions.opening(thread=ADA, plan=plan, cause=cause, now=NOW)
    session = transitions.activated(session, NOW)
    for speaker in (Speaker.OPERATOR, Speaker.USER, Speaker.USER):
        session = transitions.heard(session, speaker, said_at=NOW, now=NOW)
    return transitions.ending(session, EndReason.KEYWORD, NOW + timedelta(minutes=5))


class TestHandoverEnded:
    @pytest.mark.parametrize("reason", EndReason)
    def test_rasa_reads_the_same_from_its_own_command(self, reason: EndReason) -> None:
        ours = external_parse_data("handover_ended", reason)
        command = "/handover_ended" + json.dumps({"handover_end_reason": reason.value})
        [theirs] = RegexMessageHandler().process([Message.build(command)])
        assert ours["intent"] == theirs.get("intent")
        [our_entity], [their_entity] = ours["entities"], theirs.get("entities")
        assert our_entity.keys() == their_entity.keys() - {"extractor"}
        assert our_entity["entity"] == their_entity["entity"]
        assert our_entity["value"] == their_entity["value"]

    def test_it_looks_like_an_external_event_of_rasas_own(self) -> None:
        theirs = UserUttered.create_external("handover_ended", [])
        assert external_parse_data("handover_ended")["text"] == theirs.text
        assert theirs.metadata.items() <= ended_metadata(ended_session()).items()

    def test_its_beginning_looks_like_one_too(self) -> None:
        theirs = UserUttered.create_external("handover_started", [])
        ours = external_parse_data("handover_started")
        assert (ours["text"], ours["intent"]["name"]) == (theirs.text, "handover_started")
        assert theirs.metadata.items() <= started_metadata(ended_session()).items()

    def test_its_metadata_tells_what_happened_in_the_session(self) -> None:
        assert ended_metadata(ended_session())["handover"] == {
            "session_id": session_id_for("s1"),
            "plan": "sales",
            "reason": "keyword",
            "target_app": "77",
            "opened_at": "2026-08-29T10:40:00+00:00",
            "ended_at": "2026-08-29T10:45:00+00:00",
            "operator_messages": 1,
            "user_messages": 2,
            "metadata": {"team": "sales"},
        }

    def test_its_metadata_has_a_transcript_only_where_one_is_given(self) -> None:
        transcript = {"truncated": False, "lines": []}
        told = ended_metadata(ended_session(), transcript)["handover"]
        assert told == {**ended_metadata(ended_session())["handover"], "transcript": transcript}

    def test_the_tracker_store_can_write_it(self) -> None:
        session = ended_session()
        uttered = UserUttered(
            external_text("handover_ended"),
            parse_data=external_parse_data("handover_ended", EndReason.KEYWORD),
            metadata=ended_metadata(session),
        )
        written = json.loads(json.dumps(uttered.as_dict()))
        assert written["metadata"] == msgspec.to_builtins(ended_metadata(session))


def test_the_start_is_told_with_who_began_it() -> None:
    assert started_metadata(ended_session())["handover"] == {
        "session_id": session_id_for("s1"),
        "plan": "sales",
        "target_app": "77",
        "opened_at": "2026-08-29T10:40:00+00:00",
        "metadata": {"team": "sales"},
        "was_waiting": False,
        "opened_by": "bot",
    }


def test_the_start_is_told_with_whether_the_user_has_waited_for_it() -> None:
    waited = msgspec.structs.replace(ended_session(), waiting_since=NOW)
    assert started_metadata(waited)["handover"]["was_waiting"]


def test_a_thread_that_is_given_is_told_with_who_gave_it_and_what_they_said() -> None:
    passed = ControlPassed(**COMMON, previous_owner="77", new_owner="9", metadata="ordered a pizza")
    assert given_metadata(passed) == {
        "is_external": True,
        "handover": {
            "from_app": "77",
            "given_at": "2026-08-29T10:40:00+00:00",
            "given_with": {"text": "ordered a pizza"},
        },
    }


class TestWhatAnotherAppSaysWithAPass:
    def test_it_is_told_as_json_where_it_is_that(self) -> None:
        assert told_with('{"stars": 5}') == {"text": '{"stars": 5}', "json": {"stars": 5}}

    def test_it_is_told_as_text_where_it_is_not(self) -> None:
        assert told_with("done {") == {"text": "done {"}

    @pytest.mark.parametrize(("levels", "is_told"), [(20, True), (21, False)])
    @pytest.mark.parametrize(("opens", "closes"), [("[0,", "]"), ('{"a":', "}")])
    def test_json_that_is_too_deep_for_the_tracker_is_not_told(
        self, opens: str, closes: str, levels: int, is_told: bool
    ) -> None:
        assert ("json" in told_with(opens * levels + "0" + closes * levels)) is is_told

    def test_the_end_is_told_with_what_came_with_the_thread(self) -> None:
        session = msgspec.structs.replace(ended_session(), returned_with="done")
        assert ended_metadata(session)["handover"]["returned_with"] == {"text": "done"}
