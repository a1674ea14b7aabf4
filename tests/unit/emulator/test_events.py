from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.rules.accounts import Account, PlatformName
from emulator.rules.events import (
    Delivery,
    EventWriter,
    by_account,
    escaped,
    for_standby,
    webhook_body,
)
from emulator.rules.ownership import Array
from emulator.rules.switches import Switches

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
MILLISECONDS = 1_795_348_800_000
PAGE = Account(platform=PlatformName.MESSENGER, id="9")
INSTAGRAM = Account(platform=PlatformName.INSTAGRAM, id="8")


def writer(**switches: str) -> EventWriter:
    return EventWriter(account="9", switches=Switches(**switches))  # type: ignore[arg-type]


def delivery(text: str, array: Array = Array.MESSAGING, account: Account = PAGE) -> Delivery:
    return Delivery(account=account, user="7", array=array, event={"message": {"text": text}})


def test_bytes_are_escaped_as_meta_escapes_them() -> None:
    assert escaped({"t": "é/Ä"}) == rb'{"t":"\u00e9\/\u00c4"}'


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=9))
def test_escaping_changes_no_meaning(value: object) -> None:
    assert json.loads(escaped(value)) == value


def test_neighbours_of_one_array_share_an_entry() -> None:
    arrays = [Array.MESSAGING, Array.MESSAGING, Array.STANDBY, Array.MESSAGING]
    deliveries = [delivery(str(n), array) for n, array in enumerate(arrays)]
    body = json.loads(webhook_body(deliveries, NOW))
    assert [
        [name, [one["message"]["text"] for one in events]]
        for entry in body["entry"]
        for name, events in entry.items()
        if name not in ("id", "time")
    ] == [["messaging", ["0", "1"]], ["standby", ["2"]], ["messaging", ["3"]]]
    assert {(entry["id"], entry["time"]) for entry in body["entry"]} == {("9", MILLISECONDS)}


@pytest.mark.parametrize(("account", "called"), [(PAGE, "page"), (INSTAGRAM, "instagram")])
def test_an_envelope_names_the_account(account: Account, called: str) -> None:
    body = json.loads(webhook_body([delivery("hi", account=account)], NOW))
    assert (body["object"], body["entry"][0]["id"]) == (called, account.id)


def test_deliveries_are_cut_where_the_account_changes() -> None:
    accounts = [PAGE, PAGE, INSTAGRAM, PAGE]
    deliveries = [delivery(str(n), account=one) for n, one in enumerate(accounts)]
    cut = [[one.event["message"]["text"] for one in group] for group in by_account(deliveries)]
    assert cut == [["0", "1"], ["2"], ["3"]]


def test_app_roles_have_no_sender() -> None:
    event = writer().app_role("2", "primary_receiver", NOW)
    assert event == {
        "recipient": {"id": "9"},
        "timestamp": MILLISECONDS,
        "app_roles": {"2": ["primary_receiver"]},
    }


def test_a_bystanders_postback_has_no_payload_and_the_owners_keeps_it() -> None:
    event = {"sender": {"id": "7"}, "postback": {"mid": "m", "title": "Go", "payload": "/go"}}
    assert for_standby(event)["postback"] == {"mid": "m", "title": "Go"}
    assert event["postback"] == {"mid": "m", "title": "Go", "payload": "/go"}


def test_a_bystanders_message_is_whole() -> None:
    event = {"message": {"text": "Yes", "quick_reply": {"payload": "/yes"}}}
    assert for_standby(event) == event


@pytest.mark.parametrize(
    ("null_owner", "shown"),
    [
        ("null", {"previous_owner_app_id": None}),
        ("string", {"previous_owner_app_id": "null"}),
        ("missing", {}),
    ],
)
def test_a_pass_of_an_idle_thread_writes_nobody_as_switched(
    null_owner: str, shown: dict[str, object]
) -> None:
    event = writer(null_owner=null_owner).control_moved("pass_thread_control", None, "2", None)
    assert event == {"pass_thread_control": {"new_owner_app_id": "2", **shown}}


@pytest.mark.parametrize(
    ("app_ids", "passed", "requested"),
    [("documented", "2", 2), ("strings", "2", "2"), ("numbers", 2, 2)],
)
def test_app_ids_are_strings_or_numbers_as_switched(
    app_ids: str, passed: object, requested: object
) -> None:
    write = writer(app_ids=app_ids)
    moved = write.control_moved("pass_thread_control", "1", "2", None)
    assert moved["pass_thread_control"]["new_owner_app_id"] == passed
    asked = write.control_requested("2", None)
    assert asked["request_thread_control"]["requested_owner_app_id"] == requested


@pytest.mark.parametrize(
    ("timestamps", "shown"), [("numbers", MILLISECONDS), ("strings", str(MILLISECONDS))]
)
def test_timestamps_are_milliseconds_as_switched(timestamps: str, shown: object) -> None:
    assert writer(timestamps=timestamps).from_user("7", NOW)["timestamp"] == shown
