"""What the doctor says of endpoints.yml and of the action server that it names."""

from __future__ import annotations

import pytest

from tests.contract.cli.doctor.doctor_samples import endpoints
from tests.contract.live_page import NOWHERE, LivePage


async def test_a_project_without_endpoints_is_reported_once(page: LivePage) -> None:
    page.endpoints = None
    assert "There is no" in await page.wrong("endpoints-file")
    told = {one.check: one.detail for one in await page.examined()}
    depending = {"tracker-store", "tracker-store-answers", "lock-store", "action-server"}
    for check in (*depending, "action-handover"):
        assert told[check] == "This depends on 'endpoints-file'."


async def test_endpoints_that_can_not_be_read_are_wrong_without_their_lines(page: LivePage) -> None:
    page.endpoints = None
    (page.directory / "endpoints.yml").write_text("tracker_store: 'S3CRET\n")
    detail = await page.wrong("endpoints-file")
    assert "can't be read" in detail
    assert "S3CRET" not in detail


async def test_a_variable_of_endpoints_that_is_not_set_is_named(page: LivePage) -> None:
    page.endpoints = None
    text = "tracker_store:\n  type: SQL\n  password: S3CRET\n  url: ${DB_HOST_OF_NOBODY}\n"
    (page.directory / "endpoints.yml").write_text(text)
    detail = await page.wrong("endpoints-file")
    assert "set the environment variables ${DB_HOST_OF_NOBODY} first" in detail
    assert "S3CRET" not in detail


# The action server


async def test_an_action_server_that_is_down_is_reported_once(page: LivePage) -> None:
    endpoints(page)["action_endpoint"] = {"url": f"{NOWHERE}/webhook"}
    assert "does not answer" in await page.wrong("action-server")


async def test_a_project_without_an_action_server_is_wrong(page: LivePage) -> None:
    del endpoints(page)["action_endpoint"]
    assert "no 'action_endpoint'" in await page.wrong("action-server")


async def test_actions_that_rasa_pro_runs_itself_can_not_be_judged(page: LivePage) -> None:
    endpoints(page)["action_endpoint"] = {"actions_module": "actions"}
    assert "the module actions itself" in await page.untold("action-server")


async def test_an_action_server_that_is_ill_is_wrong(page: LivePage) -> None:
    page.action_server.health = 500
    assert "HTTP 500" in await page.wrong("action-server")


async def test_an_action_server_without_the_action_is_wrong(page: LivePage) -> None:
    page.action_server.actions = [{"name": "action_of_mine"}]
    assert "does not have action_handover" in await page.wrong("action-handover")


@pytest.mark.parametrize("missing", ["action_handover_availability", "action_rephrase_or_handover"])
async def test_so_is_one_without_another_action_that_the_domain_names(
    page: LivePage, missing: str
) -> None:
    page.action_server.actions.remove({"name": missing})
    assert f"does not have {missing}, which" in await page.wrong("action-handover")


async def test_an_action_server_that_lists_nothing_can_not_be_judged(page: LivePage) -> None:
    page.action_server.actions = {"error": "not here"}
    assert "does not list" in await page.untold("action-handover")
