"""The operator API over HTTP, on a running channel: each status that its document has."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from async_timeout import timeout
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth

from channels.operators.guesses import LONGEST_DELAY
from channels.operators.openapi import document
from channels.webhook.guarded_requests import LARGEST_UNREAD
from tests.contract.operators.operator_stage import (
    ADMIN,
    LOOK_INTERVAL,
    OPERATOR,
    OPERATOR_TOKEN,
    STRANGER,
    WAIT_LIMIT,
    OperatorStage,
    operator_stage,
    starting_api,
)
from tests.support.profile import EXAMPLES

ANNA, BEN = "24870165432500001", "24870165432500002"
NO_SESSION = "0" * 32
PARAMETERS = {"user": ANNA, "id": "event-1"}
WRONG_TOKENS = ["", "Bearer", "Bearer the-bots-admin-tökén", "the-bots-admin-token", "Basic dGhl"]
GUESSING_DELAY = LONGEST_DELAY.total_seconds()
METHODS = {"get", "post", "put", "patch", "delete"}
DOCUMENTED = {
    (method.upper(), path, int(status))
    for path, item in document()["paths"].items()
    for method, operation in item.items()
    if method in METHODS
    for status in operation["responses"]
}

Prepare = Callable[[OperatorStage], Awaitable[object]]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OperatorStage]:
    async with operator_stage(tmp_path, **{"operator-token": OPERATOR_TOKEN}) as running:
        yield running
        running.agent.listens.set()


async def nothing(_: OperatorStage) -> None:
    """All is well as it is."""


async def has_handover(stage: OperatorStage) -> object:
    return await stage.is_with_operator(ANNA)


async def is_ending(stage: OperatorStage) -> None:
    """Rasa takes its time with the end."""
    await stage.is_with_operator(ANNA)
    stage.agent.listens.clear()
    await stage.calls("POST", f"/handovers/{ANNA}/return")


async def has_ended(stage: OperatorStage) -> None:
    await stage.is_with_operator(ANNA)
    await stage.returns(ANNA)
    await stage.control("POST", f"users/{ANNA}/messages", text="Back?")
    await stage.agent.has_heard("Back?")


async def has_dead(stage: OperatorStage) -> None:
    """The first event of all, which Rasa fails at."""
    stage.agent.fails = True
    await stage.control("POST", "users", id=ANNA, name="Grace")
    await stage.control("POST", f"users/{ANNA}/messages", text="Hello")
    await stage.dead(1)
    stage.agent.fails = False


STATUSES: list[tuple[str, str, int, Prepare]] = [
    ("GET", "/handovers", 200, has_handover),
    ("GET", "/handovers?limit=0", 400, nothing),
    ("GET", "/handovers/sessions/{session}", 200, has_handover),
    ("GET", "/handovers/sessions/{session}", 404, nothing),
    ("GET", "/handovers/statistics", 200, nothing),
    ("GET", "/handovers/statistics?days=0", 400, nothing),
    ("GET", "/handovers/sessions.csv", 200, has_ended),
    ("GET", "/handovers/sessions.csv?days=0", 400, nothing),
    ("GET", "/handovers/ended", 200, has_ended),
    ("GET", "/handovers/ended?days=x", 400, nothing),
    ("GET", "/handovers/{user}", 200, has_handover),
    ("GET", "/handovers/{user}", 404, nothing),
    ("GET", "/handovers/{user}/export", 200, has_handover),
    ("GET", "/handovers/{user}/export", 404, nothing),
    ("DELETE", "/handovers/{user}", 404, nothing),
    ("DELETE", "/handovers/{user}", 409, has_handover),
    ("POST", "/handovers/{user}/return", 202, has_handover),
    ("POST", "/handovers/{user}/return", 404, nothing),
    ("POST", "/handovers/{user}/return", 409, is_ending),
    ("GET", "/dead", 200, has_dead),
    ("POST", "/dead/retry", 202, has_dead),
    ("POST", "/dead/{id}/retry", 202, has_dead),
    ("POST", "/dead/{id}/retry", 404, nothing),
]
TESTED = {(method, path.partition("?")[0], status) for method, path, status, _ in STATUSES}
OPERATIONS = sorted({(method, path) for method, path, _ in DOCUMENTED})
FOR_ADMINS = {
    ("DELETE", "/handovers/{user}"),
    ("GET", "/handovers/{user}/export"),
    ("POST", "/dead/retry"),
    ("POST", "/dead/{id}/retry"),
}


def schema_of(url: str) -> Any:
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url=url)
    return schema


async def conforms(
    url: str, method: str, path: str, headers: dict[str, str], *, session: str = NO_SESSION
) -> int:
    """The status of a call whose answer is as its document has it."""
    schema = schema_of(url)
    operation = schema[path.partition("?")[0]][method]
    query = dict([path.partition("?")[2].split("=")]) if "?" in path else {}
    known = {**PARAMETERS, "session": session}
    named = {name: value for name, value in known.items() if f"{{{name}}}" in path}
    case = operation.Case(path_parameters=named, query=query, headers=headers)
    answer = await asyncio.to_thread(case.call)
    operation.validate_response(answer)
    return int(answer.status_code)


def test_every_documented_status_is_tested() -> None:
    everywhere = {(*operation, status) for operation in OPERATIONS for status in (401, 503)}
    erased = {("DELETE", "/handovers/{user}", 200)}
    forbidden = {(*operation, 403) for operation in FOR_ADMINS}
    assert TESTED | everywhere | erased | forbidden == DOCUMENTED


async def test_an_operator_may_do_all_but_what_the_document_says(stage: OperatorStage) -> None:
    statuses = {
        operation: await conforms(stage.url, *operation, OPERATOR) for operation in OPERATIONS
    }
    assert {operation for operation, status in statuses.items() if status == 403} == FOR_ADMINS


@pytest.mark.parametrize(("method", "path", "status", "prepare"), STATUSES)
async def test_an_answer_is_as_the_document_has_it(
    stage: OperatorStage, method: str, path: str, status: int, prepare: Prepare
) -> None:
    prepared = await prepare(stage)
    known = prepared if isinstance(prepared, dict) else {}
    session = known.get("session_id", NO_SESSION)
    assert await conforms(stage.url, method, path, ADMIN, session=session) == status


async def test_the_answer_to_erasing_is_as_the_document_has_it(stage: OperatorStage) -> None:
    await has_ended(stage)
    async with timeout(WAIT_LIMIT):
        while True:  # the last event is noted as done only after it was heard
            status = await conforms(stage.url, "DELETE", "/handovers/{user}", ADMIN)
            if status != 409:
                break
            await asyncio.sleep(LOOK_INTERVAL)
    assert status == 200


async def test_a_channel_that_starts_says_so() -> None:
    async with starting_api() as url:
        statuses = {operation: await conforms(url, *operation, ADMIN) for operation in OPERATIONS}
    assert statuses == dict.fromkeys(OPERATIONS, 503)


async def test_who_has_no_token_or_another_is_refused(stage: OperatorStage) -> None:
    tried = list(product(OPERATIONS, WRONG_TOKENS))
    answers = await asyncio.gather(*[refusal(stage, *each) for each in tried])
    assert dict(zip(tried, answers, strict=True)) == dict.fromkeys(tried, (401, "Bearer", True))


@pytest.mark.parametrize(("scheme", "status"), [("bearer", 200), ("BEARER", 200), ("Basic", 401)])
async def test_the_case_of_the_scheme_does_not_matter(
    stage: OperatorStage, scheme: str, status: int
) -> None:
    headers = {"Authorization": ADMIN["Authorization"].replace("Bearer", scheme)}
    async with stage.http.get(f"{stage.url}/handovers", headers=headers) as answer:
        assert answer.status == status


async def refusal(
    stage: OperatorStage, operation: tuple[str, str], given_token: str
) -> tuple[int, str | None, bool]:
    """The answer's status, which token it asks for, and whether it tells of an error."""
    method, path = operation
    url, headers = f"{stage.url}{path.replace('{user}', ANNA)}", {"Authorization": given_token}
    async with stage.http.request(method, url, headers=headers) as answer:
        asked_for = answer.headers.get("WWW-Authenticate")
        return answer.status, asked_for, "error" in await answer.json()


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


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_no_answer_that_may_name_people_is_kept_on_the_way(
    stage: OperatorStage, method: str, path: str
) -> None:
    await has_handover(stage)
    for headers in (ADMIN, {}):
        url = f"{stage.url}{path.replace('{user}', ANNA)}"
        async with stage.http.request(method, url, headers=headers) as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (answer.status, "no-store")


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
    assert sum(one["sessions"] for one in counted["first_answers"]) == 1
    assert (counted["unanswered"], counted["median_first_answer_seconds"] >= 0) == (1, True)


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


async def test_the_document_needs_no_token(stage: OperatorStage) -> None:
    status, served = await stage.calls("GET", "/openapi.json", headers={})
    assert (status, served) == (200, document())


async def test_the_served_api_keeps_to_its_document(stage: OperatorStage) -> None:
    await has_handover(stage)
    await asyncio.to_thread(keeps_to_its_document, f"{stage.url}/openapi.json")


def keeps_to_its_document(url: str) -> None:
    """Let schemathesis call each operation, with what fits the document and what does not."""
    schema = schemathesis.openapi.from_url(url)
    schema.config.update(headers=ADMIN)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        call_often(operation, schemathesis.GenerationMode.POSITIVE)
        if operation.definition.raw["parameters"]:  # or there is nothing to get wrong
            call_often(operation, schemathesis.GenerationMode.NEGATIVE)


def call_often(operation: Any, mode: schemathesis.GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES // 4,
        deadline=None,
        database=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        # Whoever comes without the token waits for the answer, which is another test's subject.
        case.call_and_validate(headers=ADMIN, excluded_checks=[ignored_auth])

    call()


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
    assert (status, answer) == (404, {"error": "Nothing of that id is set aside."})


async def test_an_export_has_all_that_is_kept_of_one_person(stage: OperatorStage) -> None:
    await stage.is_with_operator(ANNA, says="Good day, Grace")
    status, kept = await stage.calls("GET", f"/handovers/{ANNA}/export")
    assert status == 200
    texts = [event.get("text") for event in kept["events"]]
    assert "Hello" in texts
    assert "Good day, Grace" in texts
    assert [one["operator_messages"] for one in kept["handovers"]] == [1]
    assert {event["thread"]["user"] for event in kept["events"]} == {ANNA}
