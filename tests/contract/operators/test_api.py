"""The operator API over HTTP, on a running channel: whom it answers, and what."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from async_timeout import timeout
from yarl import URL

from channels.operators import api
from channels.operators.guesses import LONGEST_DELAY
from channels.operators.sheet import sheet
from channels.webhook.guarded_requests import LARGEST_UNREAD
from tests.contract.operators.operator_stage import (
    ADMIN,
    OPERATOR_TOKEN,
    STRANGER,
    OperatorStage,
    operator_stage,
)
from tests.contract.operators.situations import ANNA, BEN, has_dead, has_ended, has_handover

GUESSING_DELAY = LONGEST_DELAY.total_seconds()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OperatorStage]:
    async with operator_stage(tmp_path, **{"operator-token": OPERATOR_TOKEN}) as running:
        yield running
        running.agent.listens.set()


@pytest.mark.parametrize(("scheme", "status"), [("bearer", 200), ("BEARER", 200), ("Basic", 401)])
async def test_the_case_of_the_scheme_does_not_matter(
    stage: OperatorStage, scheme: str, status: int
) -> None:
    headers = {"Authorization": ADMIN["Authorization"].replace("Bearer", scheme)}
    async with stage.http.get(f"{stage.url}/handovers", headers=headers) as answer:
        assert answer.status == status


async def test_who_guesses_leaves_a_trace_and_keeps_no_operator_out(
    stage: OperatorStage, caplog: pytest.LogCaptureFixture
) -> None:
    guessed = {"Authorization": "Bearer S3CRET-nearly-the-token"}
    guessing = [
        asyncio.create_task(stage.calls("GET", "/handovers", headers=guessed)) for _ in range(300)
    ]
    await asyncio.wait(guessing, return_when=asyncio.FIRST_COMPLETED)
    async with timeout(GUESSING_DELAY):
        assert (await stage.calls("GET", "/handovers"))[0] == 200
    assert {status for status, _ in await asyncio.gather(*guessing)} == {401}

    [line] = [one.getMessage() for one in caplog.records if "wrong admin token" in one.getMessage()]
    assert "from 127.0.0.1" in line
    assert "S3CRET" not in caplog.text
    _, metrics = await stage.calls("GET", "/metrics")
    assert "rasa_handover_admin_tokens_refused_total 300.0" in metrics


async def test_a_call_without_any_token_is_no_guess(
    stage: OperatorStage, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        assert (await stage.calls("GET", "/handovers", headers={}))[0] == 401
    assert "wrong admin token" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/handovers/{ANNA}/", 404),
        ("GET", f"/handovers/{ANNA}/nothing", 404),
        ("PUT", f"/handovers/{ANNA}/return", 405),
        ("POST", f"/handovers/{ANNA}/return", 413),
    ],
)
async def test_no_answer_of_sanics_own_that_repeats_the_path_is_kept_on_the_way(
    stage: OperatorStage, method: str, path: str, status: int
) -> None:
    body = b" " * (LARGEST_UNREAD + 1) if status == 413 else None
    async with stage.http.request(method, f"{stage.url}{path}", headers=ADMIN, data=body) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (status, "no-store")


async def test_that_meta_does_not_answer_is_told(stage: OperatorStage) -> None:
    await stage.control("POST", "faults", calls={"path": "me", "times": None})
    status, told = await stage.calls("GET", f"/handovers/{ANNA}")
    assert (status, "error" in told) == (503, True)


async def test_a_handover_tells_who_has_the_thread_and_until_when(stage: OperatorStage) -> None:
    shown = await stage.is_with_operator(ANNA, says="Good morning")
    assert shown["user"] == shown["sender_id"] == ANNA
    assert (shown["plan"], shown["state"], shown["is_with_inbox"]) == ("default", "active", True)
    assert shown["opened_by"] == "somebody else"
    left = moment(shown["ends_at"]) - moment(shown["opened_at"])
    assert (left.total_seconds(), shown["ends_by"]) == (1800, "timeout")
    assert "Good morning" not in str(shown)
    _, listed = await stage.calls("GET", "/handovers")
    [told] = listed["handovers"]
    assert (listed["total"], listed["found"], told["session_id"]) == (1, 1, shown["session_id"])
    assert moment(listed["now"]) >= moment(shown["opened_at"])


async def test_the_statistics_count_ends_and_waits(stage: OperatorStage) -> None:
    await stage.is_with_operator(ANNA, says="Good morning")
    await stage.is_with_operator(BEN)
    for user in (ANNA, BEN):
        await stage.returns(user)
    _, counted = await stage.calls("GET", "/handovers/statistics?days=1")
    assert counted["ended"] == counted["by_reason"]["operator_request"] == 2
    assert sum(one["sessions"] for one in counted["first_answers"]) == 0
    assert (counted["unanswered"], counted["median_first_answer_seconds"]) == (1, None)


@pytest.mark.parametrize("days", ["", "0", "-1", "3651", "9" * 500, "²", "seven", "1.5"])
async def test_days_that_are_none_are_refused_in_prose(stage: OperatorStage, days: str) -> None:
    status, told = await stage.calls("GET", "/handovers/statistics", params={"days": days})
    assert status == 400
    assert "from 1 to 3650" in told["error"]


async def test_of_an_erased_user_nothing_is_left_and_the_next_message_is_heard(
    stage: OperatorStage,
) -> None:
    await has_ended(stage)
    status, told = await stage.erases(ANNA, unless=409)
    assert (status, told["sender_id"]) == (200, ANNA)
    assert told["erased"] >= 2
    assert (await stage.calls("GET", "/handovers/statistics"))[1]["ended"] == 0
    assert (await stage.calls("DELETE", f"/handovers/{ANNA}"))[0] == 404
    await stage.control("POST", f"users/{ANNA}/messages", text="Do you know me?")
    await stage.agent.has_heard("Do you know me?")


async def test_who_is_with_an_operator_is_not_erased_and_the_remedy_is_told(
    stage: OperatorStage,
) -> None:
    await has_handover(stage)
    status, told = await stage.calls("DELETE", f"/handovers/{ANNA}")
    assert status == 409
    assert "Return the thread" in told["error"]
    assert (await stage.calls("GET", f"/handovers/{ANNA}"))[0] == 200


async def test_a_message_that_waits_keeps_its_user_from_being_erased(stage: OperatorStage) -> None:
    await stage.control("POST", "users", id=BEN, name="Ben")
    stage.agent.listens.clear()
    await stage.control("POST", f"users/{BEN}/messages", text="Hello")
    status, told = await stage.erases(BEN, unless=404)
    assert status == 409
    assert "being handled" in told["error"]
    stage.agent.listens.set()
    assert (await stage.erases(BEN, unless=409))[0] == 200


@pytest.mark.parametrize("user", [STRANGER, "statistics%2F", "%FF", "%00", "a%20b", "1:2:3"])
async def test_who_is_nobody_has_no_handover(stage: OperatorStage, user: str) -> None:
    assert (await stage.calls("GET", f"/handovers/{user}"))[0] == 404


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


async def test_what_is_dead_is_told_by_ids_times_and_the_error_s_class_alone(
    stage: OperatorStage,
) -> None:
    await has_dead(stage)
    _, answer = await stage.calls("GET", "/dead")
    [dead] = answer["dead"]
    assert (dead["id"], dead["kind"], dead["sender_id"], dead["error"]) == (
        "event-1",
        "user_message",
        ANNA,
        "RuntimeError",
    )
    assert "Hello" not in str(answer)


async def test_what_was_dead_is_handled_once_it_is_asked_for(stage: OperatorStage) -> None:
    await has_dead(stage)
    assert await stage.calls("POST", "/dead/event-1/retry") == (202, {"retried": 1})
    await stage.agent.has_heard("Hello")
    assert await stage.calls("GET", "/dead") == (200, {"dead": []})


@pytest.mark.parametrize(
    "name", ["event-2", "message-1", "event-", "1", "event-1x", "%F0%9F%98%80"]
)
async def test_only_what_is_dead_is_taken_up_again(stage: OperatorStage, name: str) -> None:
    await has_dead(stage)
    status, answer = await stage.calls("POST", f"/dead/{name}/retry")
    assert (status, answer) == (404, {"error": "Nothing with that id is set aside."})


async def test_a_sheet_is_written_beside_the_event_loop(
    stage: OperatorStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of 20,000 handovers takes a quarter of a second."""
    written_in: list[threading.Thread] = []

    def write(*handovers: Any) -> str:
        written_in.append(threading.current_thread())
        return sheet(*handovers)

    monkeypatch.setattr(api, "sheet", write)
    async with stage.http.get(f"{stage.url}/handovers/sessions.csv", headers=ADMIN) as answer:
        assert answer.status == 200
    assert [thread is threading.main_thread() for thread in written_in] == [False]


async def test_an_export_has_all_that_is_kept_of_one_person(stage: OperatorStage) -> None:
    stage.agent.answers["Hello"] = {"text": "Hi! I am a bot."}
    await stage.is_with_operator(ANNA, says="Good day, Grace")
    status, kept = await stage.calls("GET", f"/handovers/{ANNA}/export")
    assert status == 200
    texts = [event.get("text") for event in kept["events"]]
    assert "Hello" in texts
    assert "Good day, Grace" in texts
    assert [one["operator_messages"] for one in kept["handovers"]] == [1]
    assert {event["thread"]["user"] for event in kept["events"]} == {ANNA}
    [message] = kept["messages"]
    assert "Hi! I am a bot." in str(message)
    assert "mark" not in message


async def test_an_id_may_be_percent_encoded_as_browsers_do_with_its_colon(
    stage: OperatorStage,
) -> None:
    await stage.is_with_operator(ANNA)
    encoded = f"%{ord(ANNA[0]):x}{ANNA[1:]}"
    url = URL(f"{stage.url}/handovers/{encoded}", encoded=True)
    async with stage.http.get(url, headers=ADMIN) as answer:
        assert (answer.status, (await answer.json())["user"]) == (200, ANNA)
