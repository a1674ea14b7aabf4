"""What the agent's app reads at `context_url`: for one session, by its token, for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from channels.core.briefing.situation import context_token
from tests.contract.operators.operator_stage import BOT, OperatorStage, operator_stage

ANNA, BEN = "24870165432500001", "24870165432500002"
PLANS = {"default": {"context-slots": ["order_id"], "metadata": {"team": "support"}}}
OPTIONS: dict[str, Any] = {"public-url": "https://bot.example.com", "plans": PLANS}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OperatorStage]:
    async with operator_stage(tmp_path, **OPTIONS, transcript=True) as running:
        yield running


async def told(stage: OperatorStage) -> None:
    """What Rasa's tracker has of Anna."""
    slots = [TextSlot("order_id", mappings=[]), TextSlot("card", mappings=[])]
    tracker = DialogueStateTracker(ANNA, slots)
    for event in (
        UserUttered("Hi", intent={"name": "greet"}),
        BotUttered("Hi! What can I do for you?"),
        SlotSet("order_id", "4711"),
        SlotSet("card", "secret"),
        UserUttered(None, intent={"name": "handover_ended"}, metadata={"is_external": True}),
    ):
        tracker.update(event)

    async def retrieve(sender_id: str) -> DialogueStateTracker | None:
        return tracker if sender_id == ANNA else None

    stage.agent.tracker_store.retrieve = retrieve


async def read(stage: OperatorStage, session: str, token: str) -> tuple[int, Any]:
    return await stage.calls("GET", f"/handovers/{session}/context?token={token}", headers={})


async def test_it_tells_what_the_assistant_knows_and_no_slot_that_the_plan_does_not_name(
    stage: OperatorStage,
) -> None:
    await told(stage)
    session = (await stage.is_with_operator(ANNA, says="Hello there"))["session_id"]
    status, context = await read(stage, session, context_token(session, BOT.secret))

    assert status == 200
    assert context["intent"] == "greet"
    assert context["slots"] == {"order_id": "4711"}
    assert context["metadata"] == {"team": "support"}
    assert [(one["speaker"], one["text"]) for one in context["said"]] == [
        ("user", "Hi"),
        ("bot", "Hi! What can I do for you?"),
    ]
    assert [one["text"] for one in context["transcript"]] == ["Hello there"]


async def test_what_the_user_takes_back_is_gone_and_what_they_edit_is_replaced(
    stage: OperatorStage,
) -> None:
    await stage.control("POST", "users", id=ANNA, name="Anna")
    back, edited = [
        (await stage.control("POST", f"users/{ANNA}/messages", text=text))["mid"]
        for text in ("My card is 1234", "Send it to Pari")
    ]
    tracker = DialogueStateTracker(ANNA, [])
    for text, mid in (("Hi", "m_0"), ("My card is 1234", back), ("Send it to Pari", edited)):
        tracker.update(UserUttered(text, message_id=mid))
        tracker.update(BotUttered("Noted."))

    async def retrieve(_: str) -> DialogueStateTracker:
        return tracker

    stage.agent.tracker_store.retrieve = retrieve
    await stage.control("PUT", "switches", messenger_deletions="told")
    await stage.control("POST", f"users/{ANNA}/deletions", mid=back)
    await stage.control("POST", f"users/{ANNA}/edits", mid=edited, text="Send it to Paris")
    await stage.control("POST", f"inbox/{ANNA}/take")
    session = (await stage.until(ANNA, bool))["session_id"]

    _, context = await read(stage, session, context_token(session, BOT.secret))
    said = [one["text"] for one in context["said"] if one["speaker"] == "user"]
    assert said == ["Hi", "Send it to Paris"]


async def test_what_is_kept_here_is_told_even_if_rasas_store_fails(stage: OperatorStage) -> None:
    async def retrieve(_: str) -> DialogueStateTracker:
        raise RuntimeError("a store of their own")

    stage.agent.tracker_store.retrieve = retrieve
    session = (await stage.is_with_operator(ANNA, says="Hello there"))["session_id"]
    status, context = await read(stage, session, context_token(session, BOT.secret))

    assert (status, context["said"]) == (200, [])
    assert [one["text"] for one in context["transcript"]] == ["Hello there"]


async def test_a_token_opens_its_own_session_alone(stage: OperatorStage) -> None:
    anna = (await stage.is_with_operator(ANNA))["session_id"]
    ben = (await stage.is_with_operator(BEN))["session_id"]
    right = context_token(anna, BOT.secret)

    assert (await read(stage, anna, right))[0] == 200
    for session, token in (
        (ben, right),
        (anna, ""),
        (anna, right[:-1]),
        (anna, "ä"),
        (anna, context_token(anna, "another secret")),
        ("0" * 32, context_token("0" * 32, BOT.secret)),
    ):
        assert (await read(stage, session, token))[0] == 404


async def test_a_context_that_may_be_read_no_longer_is_not_there(
    stage: OperatorStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = (await stage.is_with_operator(ANNA))["session_id"]
    monkeypatch.setattr("channels.operators.context_route.may_be_read", lambda *_: False)
    assert (await read(stage, session, context_token(session, BOT.secret)))[0] == 404


async def test_what_was_kept_is_not_told_once_transcripts_are_switched_off(tmp_path: Path) -> None:
    async with operator_stage(tmp_path, **OPTIONS, transcript=True) as stage:
        session = (await stage.is_with_operator(ANNA, says="Hello there"))["session_id"]
    async with operator_stage(tmp_path, **OPTIONS, transcript=False) as stage:
        status, context = await read(stage, session, context_token(session, BOT.secret))
        _, story = await stage.calls("GET", f"/handovers/sessions/{session}")

    assert (status, context["transcript"]) == (200, [])
    assert story["transcript"] is None


async def test_without_a_public_url_there_is_no_such_route(tmp_path: Path) -> None:
    async with operator_stage(tmp_path) as stage:
        session = (await stage.is_with_operator(ANNA))["session_id"]
        assert (await read(stage, session, context_token(session, BOT.secret)))[0] == 404
