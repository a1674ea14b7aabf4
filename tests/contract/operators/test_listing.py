"""The lists of the operator API: a part at a time, searched, by need, and with names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from async_timeout import timeout

from tests.contract.operators.operator_stage import (
    BOT,
    LOOK_INTERVAL,
    WAIT_LIMIT,
    OperatorStage,
    operator_stage,
)

ANNA, BEN, CARA = "24870165432500001", "24870165432500002", "24870165432500003"
NAMES = {ANNA: "Grace Hopper", BEN: "Ada Lovelace", CARA: "<b>Élise</b>"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OperatorStage]:
    """Anna has had an answer, Ben and Cara wait for one."""
    directory = tmp_path_factory.mktemp("listing")
    async with operator_stage(directory, transcript=True) as running:
        for user, says in ((ANNA, "Good morning"), (BEN, None), (CARA, None)):
            await running.is_with_operator(user, says=says, name=NAMES[user])
        yield running


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def listed(stage: OperatorStage, **query: str) -> Any:
    status, told = await stage.calls("GET", "/handovers", params=query)
    assert status == 200, told
    return told


async def named(stage: OperatorStage, **query: str) -> Any:
    """The list once Meta has told all the names."""
    async with timeout(WAIT_LIMIT):
        while True:
            told = await listed(stage, **query)
            if all(one["name"] and one["page_name"] for one in told["handovers"]):
                return told
            await asyncio.sleep(LOOK_INTERVAL)


def users(told: Any) -> list[str]:
    return [one["user"] for one in told["handovers"]]


async def test_the_oldest_come_first_and_by_need_who_waits(stage: OperatorStage) -> None:
    assert users(await listed(stage)) == [ANNA, BEN, CARA]
    assert users(await listed(stage, order="need")) == [BEN, CARA, ANNA]


async def test_a_part_of_the_list_tells_how_many_there_are(stage: OperatorStage) -> None:
    told = await listed(stage, order="need", skip="1", limit="1", unanswered="true")
    assert users(told) == [CARA]
    assert (told["total"], told["found"], told["unanswered"]) == (3, 2, 2)
    assert told["plans"] == ["default"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("hopper", [ANNA]), ("É", [CARA]), ("500002", [BEN]), ("inbox", [ANNA, BEN, CARA])],
)
async def test_a_search_finds_names_ids_and_apps(
    stage: OperatorStage, words: str, found: list[str]
) -> None:
    await named(stage)
    assert users(await listed(stage, search=words)) == found


@pytest.mark.parametrize("words", ["nobody", "%", "Hopper%", "\x00", "'; DROP TABLE", "🙂"])
async def test_a_search_takes_words_as_they_are(stage: OperatorStage, words: str) -> None:
    found = [] if words.strip("\x00") else [ANNA, BEN, CARA]
    assert users(await listed(stage, search=words)) == found


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"skip": "-1"},
        {"skip": "99999"},
        {"order": "name"},
        {"unanswered": "yes"},
        {"search": "x" * 101},
    ],
)
async def test_what_can_t_be_asked_is_refused_in_prose(
    stage: OperatorStage, query: dict[str, str]
) -> None:
    status, told = await stage.calls("GET", "/handovers", params=query)
    assert status == 400
    assert next(iter(query)) in told["error"]


async def test_each_has_the_names_of_user_page_and_app(stage: OperatorStage) -> None:
    told = await named(stage)
    assert [one["name"] for one in told["handovers"]] == list(NAMES.values())
    [anna, *_] = told["handovers"]
    assert (anna["page_name"], anna["target_app_name"]) == ("Demo Page", "Page Inbox")
    assert list(told["pages"].values()) == ["Demo Page"]


async def test_a_name_is_asked_for_once(stage: OperatorStage) -> None:
    for _ in range(5):
        await named(stage)
    calls = await stage.control("GET", f"calls?path={ANNA}")
    assert len([call for call in calls if call["app_id"] == BOT.id]) == 1


async def test_who_waits_is_known_and_since_when(stage: OperatorStage) -> None:
    anna, ben, _ = (await listed(stage))["handovers"]
    assert anna["waits_since"] is None
    assert ben["waits_since"] >= ben["opened_at"]


async def test_the_story_of_a_handover_has_its_steps_and_what_was_said(
    stage: OperatorStage,
) -> None:
    [anna, *_] = (await listed(stage))["handovers"]
    status, told = await stage.calls("GET", f"/handovers/sessions/{anna['session_id']}")
    assert status == 200
    assert [step["what"] for step in told["steps"]] == ["opened", "passed", "first_answer"]
    assert [(line["speaker"], line["text"]) for line in told["transcript"]] == [
        ("operator", "Good morning")
    ]
    assert told["inbox_url"].startswith("https://business.facebook.com/latest/inbox/all?")
    assert f"selected_item_id={ANNA}" in told["inbox_url"]


async def test_the_history_comes_in_parts(stage: OperatorStage) -> None:
    for user in (CARA, BEN):
        await stage.returns(user)
    _, told = await stage.calls("GET", "/handovers/ended", params={"limit": "1"})
    assert (users(told), told["is_more"]) == ([BEN], True)
    _, told = await stage.calls("GET", "/handovers/ended", params={"limit": "1", "skip": "1"})
    assert (users(told), told["is_more"]) == ([CARA], False)
