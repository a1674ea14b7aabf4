"""ActionHandover: the request it sends, and that rasa-sdk finds it."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import ActionExecutor, CollectingDispatcher

from actions import ActionHandover, handover


class SalesHandover(ActionHandover):
    """What a user writes for a second kind of handover."""

    plan = "sales"
    target_app = "1000000000000042"
    timeout = "2h"
    keywords = {"en": ["menu"], "de": ["menü", "zurück zum bot"]}  # noqa: RUF012  # as in docs
    metadata = {"department": "sales"}  # noqa: RUF012

    def name(self) -> str:
        return "action_handover_sales"


class HandoverWithOrder(SalesHandover):
    def name(self) -> str:
        return "action_handover_with_order"

    def metadata_for(self, tracker: Tracker) -> dict[str, Any]:
        return {"order": tracker.get_slot("order")}


class HandoverWithFailingHook(ActionHandover):
    def name(self) -> str:
        return "action_handover_with_failing_hook"

    def metadata_for(self, tracker: Tracker) -> dict[str, Any]:
        raise LookupError(f"no customer record of {tracker.sender_id}")


def _tracker(slots: dict[str, Any]) -> Tracker:
    return Tracker.from_dict({"sender_id": "user-1", "slots": slots})


def _run(action: ActionHandover, **slots: Any) -> tuple[list[dict[str, Any]], list[Any]]:
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, _tracker(slots), {})
    return dispatcher.messages, events


def _request(action: ActionHandover, **slots: Any) -> Any:
    messages, _ = _run(action, **slots)
    return messages[0]["custom"]["handover"]


def test_the_request_is_the_only_message_and_carries_nothing_else() -> None:
    messages, _ = _run(ActionHandover())

    assert [{key: value for key, value in message.items() if value} for message in messages] == [
        {"custom": {"handover": {"plan": "default"}}}
    ]


def test_the_handover_is_marked_active_in_the_tracker() -> None:
    _, events = _run(ActionHandover())

    assert events == [
        {"event": "slot", "timestamp": None, "name": "handover_active", "value": True}
    ]


def test_the_attributes_of_a_subclass_fill_the_request() -> None:
    assert _request(SalesHandover()) == {
        "plan": "sales",
        "target_app": "1000000000000042",
        "timeout": "2h",
        "keywords": {"en": ["menu"], "de": ["menü", "zurück zum bot"]},
        "metadata": {"department": "sales"},
    }


def test_a_slot_wins_over_the_attribute() -> None:
    slots = {"handover_plan": "support", "handover_timeout": 90, "handover_keywords": ["stop"]}

    request = _request(SalesHandover(), **slots)

    assert {key: request[key] for key in ("plan", "timeout", "keywords")} == {
        "plan": "support",
        "timeout": 90,
        "keywords": ["stop"],
    }


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_empty_slot_leaves_the_attribute_standing(empty: object) -> None:
    slots = {"handover_plan": empty, "handover_timeout": empty, "handover_keywords": empty}

    assert _request(SalesHandover(), **slots) == _request(SalesHandover())


@pytest.mark.parametrize("timeout", [0, 90, 90.0, "90", "90s", "30m", "2h", "1d", "soon"])
def test_a_timeout_is_passed_through_for_the_channel_to_judge(timeout: object) -> None:
    assert _request(ActionHandover(), handover_timeout=timeout)["timeout"] == timeout


def test_an_app_id_may_be_a_number() -> None:
    action = ActionHandover()
    action.target_app = 1000000000000042

    assert _request(action)["target_app"] == 1000000000000042


@pytest.mark.parametrize("keywords", [["menu"], {"tr": ["menü"]}])
def test_keywords_are_a_list_or_a_mapping_of_languages(keywords: object) -> None:
    assert _request(ActionHandover(), handover_keywords=keywords)["keywords"] == keywords


@pytest.mark.parametrize(
    ("slot", "value"),
    [
        ("handover_plan", 7),
        ("handover_plan", ["sales"]),
        ("handover_timeout", True),
        ("handover_timeout", 30.5),
        ("handover_timeout", math.inf),
        ("handover_timeout", ["30m"]),
        ("handover_keywords", "menu"),
        ("handover_keywords", ["menu", 7]),
        ("handover_keywords", {"en": "menu"}),
        ("handover_keywords", {1: ["menu"]}),
    ],
)
def test_a_slot_of_a_wrong_type_never_keeps_the_user_from_a_person(
    slot: str, value: object
) -> None:
    assert _request(SalesHandover(), **{slot: value}) == _request(SalesHandover())


def test_a_slot_of_a_wrong_type_is_named_in_the_log_without_its_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _request(ActionHandover(), handover_keywords="my secret word")

    (message,) = caplog.messages
    assert message == (
        "The slot handover_keywords gives a str, which is left out of the handover request: "
        "allowed is a list of texts, or a mapping from language to such a list. "
        "Fix what sets it."
    )


def test_the_hook_adds_what_the_agents_need_from_the_tracker() -> None:
    assert _request(HandoverWithOrder(), order="4711")["metadata"] == {"order": "4711"}


def test_a_failing_hook_never_keeps_the_user_from_a_person() -> None:
    assert _request(HandoverWithFailingHook()) == {"plan": "default"}


def test_a_failing_hook_is_logged_with_where_it_failed_and_nothing_of_a_user_s(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _request(HandoverWithFailingHook())

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "HandoverWithFailingHook.metadata_for failed with LookupError" in record.getMessage()
    assert "in metadata_for" in record.getMessage()
    assert "user-1" not in caplog.text


@pytest.mark.parametrize("value", [{1, 2}, float("nan")])
def test_metadata_that_json_cannot_hold_is_left_out(value: object) -> None:
    action = ActionHandover()
    action.metadata = {"since": value}
    assert _request(action) == {"plan": "default"}


def test_every_request_is_json() -> None:
    slots = {"handover_timeout": {1, 2}, "handover_keywords": object(), "handover_plan": b"sales"}

    assert json.loads(json.dumps(_request(SalesHandover(), **slots)))["plan"] == "sales"


@pytest.fixture
def executor(caplog: pytest.LogCaptureFixture) -> ActionExecutor:
    caplog.set_level(logging.INFO, logger="rasa_sdk.executor")
    executor = ActionExecutor()
    executor.register_package("actions")
    return executor


def test_the_action_server_registers_the_action_once(
    executor: ActionExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    assert type(executor.actions["action_handover"].__self__) is ActionHandover
    assert not [message for message in caplog.messages if message.startswith("Re-registered")]


def test_a_subclass_is_registered_beside_the_action(executor: ActionExecutor) -> None:
    assert type(executor.actions["action_handover_sales"].__self__) is SalesHandover


def test_the_action_needs_rasa_sdk_alone() -> None:
    script = "import sys, actions; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"rasa", "channels", "emulator", "sqlalchemy", "msgspec"} & set(loaded)


def _asked_for_on(channel: str | None) -> tuple[list[dict[str, Any]], list[Any]]:
    """What becomes of it after a message on Messenger, and then one on this channel."""
    said = [{"event": "user", "input_channel": name} for name in ("facebook", channel)]
    tracker = Tracker.from_dict({"sender_id": "user-1", "slots": {}, "events": said})
    dispatcher = CollectingDispatcher()
    events = ActionHandover().run(dispatcher, tracker, {})
    return [message["custom"] for message in dispatcher.messages], events


@pytest.mark.parametrize("channel", ["facebook", "instagram", None])
def test_on_messenger_and_instagram_the_tracker_says_that_a_handover_goes_on(
    channel: str | None,
) -> None:
    _, events = _asked_for_on(channel)
    assert [(event["name"], event["value"]) for event in events] == [("handover_active", True)]


@pytest.mark.parametrize("channel", ["rest", "socketio", "cmdline"])
def test_on_another_channel_the_tracker_says_nothing_of_a_handover(channel: str) -> None:
    """Nobody hands over there, so nobody would ever say that it is over."""
    sent, events = _asked_for_on(channel)
    assert events == []
    assert sent == [{"handover": {"plan": "default"}}]  # whoever has a use for it there


def test_each_other_channel_is_told_of_in_the_log_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "_told_of", set())
    for channel in ("rest", "rest", "facebook", "socketio", "rest"):
        _asked_for_on(channel)
    told = [record.getMessage() for record in caplog.records]
    assert ["'rest'" in told[0], "'socketio'" in told[1], len(told)] == [True, True, 2]
