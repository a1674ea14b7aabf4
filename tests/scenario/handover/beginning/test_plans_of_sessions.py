"""The plan that a session follows: the action's wishes, the settings, and no later edit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from channels.core.sessions.session import Session
from tests.scenario.scripted_assistant import HANDOVER
from tests.scenario.world import ANNA, BOT, INBOX, PAGE, SECOND, TIMEOUT, World

SALES_APP = "777"
PLANS = {
    "default": {"timeout": "30m", "keywords": ["menu"]},
    "sales": {"timeout": "1h", "keywords": ["shop"], "target-app": SALES_APP},
}


async def handed_over(wishes: Mapping[str, Any], **settings: Any) -> tuple[World, Session | None]:
    """A world in which an action has asked for a handover with these wishes."""
    world = World(plans=PLANS, **settings)
    world.script.answers["human"] = ["connecting", {"custom": {"handover": wishes}}]
    await world.start()
    await world.user_says("human")
    await world.wait(SECOND)
    return world, await world.store.open_session(ANNA)


async def test_the_plan_that_is_named_is_followed() -> None:
    world, session = await handed_over({"plan": "sales"})
    assert session is not None
    assert session.plan.name == "sales"
    assert world.graph.threads[ANNA] == SALES_APP
    await world.user_says("menu")
    assert world.ends() == []

    await world.user_says("shop")
    assert world.ends() == ["keyword"]


@pytest.mark.parametrize("wishes", [{}, {"plan": None}, {"plan": ""}])
async def test_without_a_name_the_default_plan_is_followed(wishes: Mapping[str, Any]) -> None:
    _, session = await handed_over(wishes)
    assert session is not None
    assert session.plan.name == "default"


@pytest.mark.parametrize("plan", ["vip", 7, ["sales"]])
async def test_a_plan_that_nobody_knows_ends_as_failed_and_the_log_names_those_known(
    plan: object, caplog: pytest.LogCaptureFixture
) -> None:
    world, session = await handed_over({"plan": plan})

    assert session is None
    assert world.heard() == ["human", "<failed>"]
    assert world.said() == ["connecting", "re: failed"]
    assert world.calls("pass_control") == 0
    assert "it has default, sales." in caplog.text


async def test_where_a_handover_is_open_another_wish_is_not_looked_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd = {"custom": {"handover": {"plan": "vip", "timeout": "soon"}}}
    world = World(plans=PLANS)
    world.script.answers["human"] = ["connecting", HANDOVER, odd]
    await world.start()
    await world.user_says("human")

    assert (await world.session()).plan.name == "default"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_wishes_that_are_no_mapping_are_those_of_the_default_plan(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, session = await handed_over(["sales"])  # type: ignore[arg-type]

    assert session is not None
    assert session.plan.name == "default"
    assert "instead of a mapping" in caplog.text


async def test_a_wish_overrides_the_plan_for_one_session() -> None:
    wishes = {"plan": "sales", "timeout": "2m", "keywords": ["bot"], "target_app": "888"}
    world, session = await handed_over(wishes)
    assert session is not None
    assert session.plan.timeout == timedelta(minutes=2)
    assert world.graph.threads[ANNA] == "888"
    await world.user_says("shop")
    assert world.ends() == []

    await world.user_says("bot")
    assert world.ends() == ["keyword"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": "soon"},
        {"target_app": "sales"},
        {"target_app": BOT},
        {"keywords": 7},
        {"colour": "red"},
    ],
)
async def test_a_wrong_wish_is_left_out_and_the_others_hold(
    wrong: Mapping[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    world, session = await handed_over({"plan": "sales", "metadata": {"team": "a"}, **wrong})

    assert session is not None
    assert session.plan.timeout == timedelta(hours=1)
    assert set(session.plan.keywords) == {"en"}
    assert session.plan.keywords["en"] == ("shop",)
    assert session.plan.metadata == {"team": "a"}
    assert world.graph.threads[ANNA] == SALES_APP
    assert f"'{next(iter(wrong))}'" in caplog.text


async def test_keywords_without_a_language_are_compared_in_the_assistant_s_own() -> None:
    world = World(plans={"default": {"keywords": ["iptal"]}})
    world.script.language = "tr"
    await world.start()
    session = await world.hand_over()
    assert session.plan.keywords == {"tr": ("iptal",)}

    await world.user_says("İPTAL")
    assert world.ends() == ["keyword"]


async def test_keywords_of_a_language_keep_it_beside_the_assistant_s_own() -> None:
    world = World(plans={"default": {"keywords": {"de": ["zurück"], "tr": ["iptal"]}}})
    await world.start()
    session = await world.hand_over()
    assert set(session.plan.keywords) == {"de", "tr"}

    await world.user_says("ZURÜCK")
    assert world.ends() == ["keyword"]


async def test_an_edit_of_the_settings_changes_future_handovers_only() -> None:
    world, session = await handed_over({})
    assert session is not None
    await world.kill()
    world.section["plans"] = {"default": {"timeout": "5m", "keywords": ["other"]}}
    await world.start()
    await world.user_says("other")
    await world.wait(timedelta(minutes=10))
    assert world.ends() == []

    await world.user_says("menu")
    assert world.ends() == ["keyword"]

    again = await world.hand_over()
    assert again.plan.timeout == timedelta(minutes=5)
    await world.user_says("menu")
    await world.user_says("other")
    assert world.ends() == ["keyword", "keyword"]


async def test_a_deadline_that_passed_while_nothing_ran_ends_the_handover_at_the_start() -> None:
    world, _ = await handed_over({})
    await world.kill()
    world.clock.advance(TIMEOUT)
    await world.start()

    assert world.ends() == ["timeout"]


async def test_the_agent_s_app_gets_the_context_of_the_session() -> None:
    world, session = await handed_over({"metadata": {"team": "a"}})
    assert session is not None
    [call] = [call for call in world.graph.calls if call.verb == "pass_control"]

    assert call.thread == ANNA
    assert call.thread.page == PAGE
    assert call.arguments["app_id"] == INBOX
    for part in (session.id, '"team":"a"', '"language":"en"', '"last_messages":["human"]'):
        assert part in call.arguments["metadata"]
