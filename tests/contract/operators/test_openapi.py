"""Each operation of the OpenAPI document, over HTTP: its statuses, its schemas, its doors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from async_timeout import timeout
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth

from channels.operators.openapi import document
from tests.contract.operators.operator_stage import (
    ADMIN,
    LOOK_INTERVAL,
    OPERATOR,
    OPERATOR_TOKEN,
    WAIT_LIMIT,
    OperatorStage,
    operator_stage,
    starting_api,
)
from tests.contract.operators.situations import (
    ANNA,
    has_dead,
    has_ended,
    has_handover,
    is_ending,
    nothing,
)
from tests.support.profile import EXAMPLES

NO_SESSION = "0" * 32
PARAMETERS = {"user": ANNA, "id": "event-1"}
WRONG_TOKENS = ["", "Bearer", "Bearer the-bots-admin-tökén", "the-bots-admin-token", "Basic dGhl"]
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


async def refusal(
    stage: OperatorStage, operation: tuple[str, str], given_token: str
) -> tuple[int, str | None, bool]:
    """The answer's status, which token it asks for, and whether it tells of an error."""
    method, path = operation
    url, headers = f"{stage.url}{path.replace('{user}', ANNA)}", {"Authorization": given_token}
    async with stage.http.request(method, url, headers=headers) as answer:
        asked_for = answer.headers.get("WWW-Authenticate")
        return answer.status, asked_for, "error" in await answer.json()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_no_answer_that_may_name_people_is_kept_on_the_way(
    stage: OperatorStage, method: str, path: str
) -> None:
    await has_handover(stage)
    for headers in (ADMIN, {}):
        url = f"{stage.url}{path.replace('{user}', ANNA)}"
        async with stage.http.request(method, url, headers=headers) as answer:
            assert (answer.status, answer.headers["Cache-Control"]) == (answer.status, "no-store")


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
