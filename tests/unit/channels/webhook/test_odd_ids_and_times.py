"""Ids, times and the keys that are made of them, as nobody expects them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.core.events import (
    ControlPassed,
    ControlRequested,
    Echo,
    Thread,
)
from tests.unit.channels.webhook.delivery_samples import (
    NOW,
    PAGE,
    SENT,
    SENT_MS,
    USER,
    decoded,
    delivery,
    item,
    keys,
    message,
)

NOBODY = [None, "null", ""]


class TestIds:
    def test_numbers_become_texts(self) -> None:
        passed = item(
            sender={"id": 22},
            recipient={"id": 11},
            pass_thread_control={"previous_owner_app_id": 1, "new_owner_app_id": 2},
        )
        [event] = decoded(delivery(passed, page=11))
        assert isinstance(event, ControlPassed)
        assert event.thread == Thread(page="11", user="22")
        assert (event.previous_owner, event.new_owner) == ("1", "2")

    @pytest.mark.parametrize("nobody", NOBODY)
    def test_nobody_owns_the_thread_however_meta_writes_it(self, nobody: object) -> None:
        passed = item(
            pass_thread_control={"previous_owner_app_id": nobody, "new_owner_app_id": nobody}
        )
        [event] = decoded(delivery(passed))
        assert isinstance(event, ControlPassed)
        assert (event.previous_owner, event.new_owner) == (None, None)

    @pytest.mark.parametrize("odd", [True, 1.5, [], {"id": "1"}])
    def test_what_can_be_no_id_is_nobody(self, odd: object) -> None:
        asked = item(request_thread_control={"requested_owner_app_id": odd})
        [event] = decoded(delivery(asked))
        assert isinstance(event, ControlRequested)
        assert event.requested_owner is None

    @pytest.mark.parametrize("sender", [None, [], USER, {}, {"id": None}, {"id": "null"}])
    def test_an_event_without_a_user_is_left_out(self, sender: object) -> None:
        assert decoded(delivery({**message(), "sender": sender})) == []

    def test_the_page_is_the_entrys_id_whoever_the_recipient_is(self) -> None:
        [event] = decoded(delivery({**message(), "recipient": {"id": "99"}}))
        assert event.thread.page == PAGE

    def test_an_event_of_control_that_names_the_page_as_its_sender_is_the_users(self) -> None:
        swapped = item(
            sender={"id": PAGE}, recipient={"id": USER}, take_thread_control={"metadata": "x"}
        )
        [event] = decoded(delivery(swapped))
        assert event.thread == Thread(page=PAGE, user=USER)

    def test_what_the_page_wrote_is_an_echo_even_without_the_mark(self) -> None:
        unmarked = {**message(), "sender": {"id": PAGE}, "recipient": {"id": USER}}
        [event] = decoded(delivery(unmarked))
        assert isinstance(event, Echo)
        assert event.thread.user == USER


class TestTimestamps:
    @pytest.mark.parametrize("written", [SENT_MS, str(SENT_MS), float(SENT_MS)])
    def test_milliseconds_are_read_as_a_number_or_as_text(self, written: object) -> None:
        [event] = decoded(delivery({**message(), "timestamp": written}))
        assert (event.at, event.received_at) == (SENT, NOW)

    @pytest.mark.parametrize(
        "written",
        [
            None,
            "null",
            "",
            "soon",
            True,
            [],
            {},
            0,
            -1,
            SENT_MS // 1000,  # seconds
            10**30,
            str(10**30),
            "9" * 5000,
            SENT_MS + 86_400_000,  # tomorrow
        ],
    )
    def test_an_impossible_time_is_the_time_of_receipt(self, written: object) -> None:
        [event] = decoded(delivery({**message(), "timestamp": written}))
        assert event.at == NOW

    def test_a_clock_of_ours_that_is_behind_leaves_metas_time_as_it_is(self) -> None:
        an_hour_ahead = SENT_MS + 3_600_000
        [event] = decoded(delivery({**message(), "timestamp": an_hour_ahead}))
        assert event.at == SENT + timedelta(hours=1)

    def test_a_missing_time_is_the_time_of_receipt(self) -> None:
        undated = message()
        del undated["timestamp"]
        [event] = decoded(delivery(undated))
        assert event.at == NOW


def test_a_mid_of_any_length_makes_a_key_that_an_index_can_hold() -> None:
    (event,) = decoded(delivery(item(message={"mid": "m" * 5000, "text": "hi"})))
    assert len(event.key) < 600


class TestKeys:
    def test_a_key_holds_page_array_and_mid(self) -> None:
        assert keys(delivery(message("m_7"))) == ["11/messaging/m_7"]

    def test_taking_back_and_editing_have_keys_of_their_own(self) -> None:
        edit = {"mid": "m_7", "text": "hi"}
        edits = [item(message_edit={**edit, "num_edit": number}) for number in (1, 2)]
        told = keys(delivery(message("m_7"), message("m_7", is_deleted=True), *edits))
        assert len(set(told)) == 4

    def test_the_same_event_in_two_deliveries_has_the_same_key(self) -> None:
        tap = item(postback={"title": "Menu", "payload": "/menu"})
        assert keys(delivery(tap)) == keys(delivery(message(), tap))[1:]

    @pytest.mark.parametrize("event", [message(), item(postback={"title": "Menu"})])
    def test_the_same_event_in_both_arrays_has_two_keys(self, event: dict[str, Any]) -> None:
        assert keys(delivery(event)) != keys(delivery(event, array="standby"))

    @pytest.mark.parametrize("event", [message(), item(postback={"title": "Menu"})])
    def test_the_same_event_of_two_pages_has_two_keys(self, event: dict[str, Any]) -> None:
        assert keys(delivery(event)) != keys(delivery(event, page="12"))

    @pytest.mark.parametrize("mid", [None, "", 7])
    def test_two_events_without_a_mid_have_two_keys(self, mid: object) -> None:
        first, second = (message(mid, text) for text in ("1", "2"))  # type: ignore[arg-type]
        assert len(set(keys(delivery(first, second)))) == 2

    def test_a_tap_of_the_same_button_later_is_another_event(self) -> None:
        tap = item(postback={"title": "Menu"})
        later = {**tap, "timestamp": SENT_MS + 1}
        assert len(set(keys(delivery(tap, later)))) == 2
