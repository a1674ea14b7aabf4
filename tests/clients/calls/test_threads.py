"""Thread control by client libraries."""

from __future__ import annotations

import pytest

from emulator import PAGE_INBOX
from tests.clients.client_libraries import Library, libraries_with
from tests.clients.client_stage import AGENT, BOT, USER, Stage

SEVEN_DAYS = 604_800
TELL_SUCCESS = ["messaging-api-messenger", "facebook-sdk"]  # others keep it to themselves
METADATA = '{"reason": "wants a person"}'


@libraries_with("pass")
async def test_a_thread_is_passed(library: Library, stage: Stage) -> None:
    await library.call("pass", stage.access(), user=USER, target=AGENT.id, metadata=METADATA)
    assert await stage.owner() == AGENT.id


@libraries_with("pass")
async def test_the_metadata_of_a_pass_arrives_as_it_was(library: Library, stage: Stage) -> None:
    await library.call("pass", stage.access(), user=USER, target=AGENT.id, metadata=METADATA)
    call = await stage.newest("call")
    assert call["params"]["metadata"] == METADATA


@pytest.mark.parametrize("library", TELL_SUCCESS, indirect=True)
async def test_success_is_told(library: Library, stage: Stage) -> None:
    answer = await library.call("pass", stage.access(), user=USER, target=AGENT.id, metadata="")
    assert answer == {"success": True}


@libraries_with("pass_to_inbox")
async def test_a_thread_is_passed_to_the_page_inbox(library: Library, stage: Stage) -> None:
    await library.call("pass_to_inbox", stage.access(), user=USER)
    assert await stage.owner() == PAGE_INBOX


@libraries_with("take")
async def test_a_thread_is_taken(library: Library, stage: Stage) -> None:
    await stage.gives_thread_to(AGENT)
    await library.call("take", stage.access(), user=USER, metadata=METADATA)
    assert await stage.owner() == BOT.id


@libraries_with("release")
async def test_a_thread_is_released(library: Library, stage: Stage) -> None:
    await library.call("release", stage.access(), user=USER)
    assert await stage.owner() is None


@libraries_with("request")
async def test_an_idle_thread_is_granted_on_request(library: Library, stage: Stage) -> None:
    await stage.gives_thread_to(None)
    await stage.control("PUT", "routing", {"mode": "off"})
    await library.call("request", stage.access(), user=USER, metadata=METADATA)
    assert await stage.owner() == BOT.id


@libraries_with("extend")
async def test_control_is_extended(library: Library, stage: Stage) -> None:
    before = await stage.control("GET", f"threads/{USER}")
    await library.call("extend", stage.access(), user=USER, seconds=SEVEN_DAYS)
    after = await stage.control("GET", f"threads/{USER}")
    assert after["expires_at"] > before["expires_at"]


@libraries_with("owner")
async def test_the_owner_of_a_thread_is_told(library: Library, stage: Stage) -> None:
    answer = await library.call("owner", stage.access(), user=USER)
    assert BOT.id in (answer.get("app_id"), answer.get("appId"))


@libraries_with("secondary_receivers")
async def test_secondary_receivers_are_listed_to_the_primary(
    library: Library, stage: Stage
) -> None:
    await stage.control("PUT", "routing", {"mode": "legacy"})
    answer = await library.call("secondary_receivers", stage.access())
    assert [one["id"] for one in answer] == [AGENT.id, PAGE_INBOX]
