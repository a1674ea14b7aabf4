"""Subscriptions of the Page and of the app by client libraries."""

from __future__ import annotations

import pytest

from tests.clients.client_libraries import Library, RefusedError, libraries_with
from tests.clients.client_stage import AGENT, BOT, VERIFY_TOKEN, Stage

FIELDS = ["messages", "messaging_handovers", "standby"]


@libraries_with("subscribe")
async def test_an_app_subscribes_to_the_page(library: Library, stage: Stage) -> None:
    await library.call("subscribe", stage.access(), fields=FIELDS)
    assert (await stage.app())["subscribed_fields"] == FIELDS


@libraries_with("subscribed")
async def test_the_apps_of_the_page_are_listed(library: Library, stage: Stage) -> None:
    apps = await library.call("subscribed", stage.access())
    assert [one["id"] for one in apps] == [BOT.id, AGENT.id]


@libraries_with("subscribed", "unsubscribe")
async def test_an_app_leaves_the_page(library: Library, stage: Stage) -> None:
    await library.call("unsubscribe", stage.access())
    apps = await library.call("subscribed", stage.access(AGENT))
    assert [one["id"] for one in apps] == [AGENT.id]


@libraries_with("subscribe", "unsubscribe")
async def test_an_app_that_left_comes_back(library: Library, stage: Stage) -> None:
    await library.call("unsubscribe", stage.access())
    await library.call("subscribe", stage.access(), fields=FIELDS)
    assert (await stage.app())["installed"] is True


@libraries_with("subscribe_without_fields")
async def test_a_subscription_without_fields_is_refused(library: Library, stage: Stage) -> None:
    with pytest.raises(RefusedError) as refused:
        await library.call("subscribe_without_fields", stage.access())
    assert refused.value.codes == (100, None)


@libraries_with("subscribe_app")
async def test_an_app_names_its_webhook_and_fields(library: Library, stage: Stage) -> None:
    await library.call("subscribe_app", stage.app_access(), **asked_for(stage))
    app = await stage.app()
    assert (app["webhook"], app["app_fields"]) == (stage.webhook, FIELDS)


@libraries_with("subscribe_app")
async def test_a_webhook_that_fails_the_handshake_is_refused(
    library: Library, stage: Stage
) -> None:
    asked = {**asked_for(stage), "verify": "another token"}
    with pytest.raises(RefusedError) as refused:
        await library.call("subscribe_app", stage.app_access(), **asked)
    assert refused.value.codes == (2200, None)
    assert (await stage.app())["webhook"] is None


@libraries_with("subscribe_app", "app_subscriptions")
async def test_an_apps_subscriptions_are_listed(library: Library, stage: Stage) -> None:
    await library.call("subscribe_app", stage.app_access(), **asked_for(stage))
    [page, _] = await library.call("app_subscriptions", stage.app_access())
    assert page["object"] == "page"
    assert [field["name"] for field in page["fields"]] == FIELDS


@libraries_with("subscribe_app", "unsubscribe_app")
async def test_an_app_ends_its_subscription(library: Library, stage: Stage) -> None:
    await library.call("subscribe_app", stage.app_access(), **asked_for(stage))
    await library.call("unsubscribe_app", stage.app_access())
    assert (await stage.app())["app_fields"] == []


def asked_for(stage: Stage) -> dict[str, object]:
    return {"webhook": stage.webhook, "fields": FIELDS, "verify": VERIFY_TOKEN}
