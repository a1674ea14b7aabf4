"""The Assistant seam on a real Rasa agent: its turns, its rules, its model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from rasa.core.actions.action import Action
from rasa.core.agent import Agent
from rasa.core.lock_store import InMemoryLockStore, TicketLock
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
)
from rasa.shared.core.trackers import DialogueStateTracker

from channels.core.errors import ClaimLost
from channels.dialogue.assistant import RasaAssistant, Turn
from channels.instruments.clock import SystemClock
from channels.instruments.leases import working_on
from tests.contract.store.store_samples import message
from tests.fakes.store import MemoryStore
from tests.scenario.collecting_output import CollectingOutput
from tests.scenario.dialogue.small_assistant import USER, heard, turn


@pytest.mark.parametrize("once", [True, False])
async def test_a_turn_is_answered_and_saved(
    assistant: RasaAssistant, agent: Agent, once: bool
) -> None:
    output = CollectingOutput()
    await assistant.take_turn(turn("m_1", once=once), output)

    assert [message["text"] for message in output.messages] == ["back"]
    assert await heard(agent) == ["m_1"]


def ended(message_id: str) -> Turn:
    return msgspec.structs.replace(turn(message_id, once=True), resumes=True)


async def pause(agent: Agent) -> None:
    """What an action of an old tutorial does beside `action_handover`."""
    tracker = await agent.tracker_store.get_or_create_tracker(USER)
    tracker.update(ConversationPaused())
    await agent.tracker_store.save(tracker)


async def test_a_turn_is_over_once_an_action_lets_rasa_listen(
    assistant: RasaAssistant, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By itself, Rasa would go on and predict the same action again, for ever."""
    run = agent.processor._run_action

    async def run_and_listen(
        action: Action, tracker: DialogueStateTracker, *args: Any, **kwargs: Any
    ) -> Any:
        goes_on = await run(action, tracker, *args, **kwargs)
        if action.name() == "utter_back":
            assert len(output.messages) == 1
            tracker.update(ActionExecuted("action_listen"))
        return goes_on

    output = CollectingOutput()
    monkeypatch.setattr(agent.processor, "_run_action", run_and_listen)
    await assistant.take_turn(turn("m_1", once=False), output)
    assert [message["text"] for message in output.messages] == ["back"]


async def test_a_turn_that_rasa_has_cut_off_leaves_the_bot_listening(
    assistant: RasaAssistant, agent: Agent
) -> None:
    """After too many actions in a row, by itself, Rasa would never predict one again."""
    agent.processor.max_number_of_predictions = 1
    output = CollectingOutput()
    for message_id in ("m_1", "m_2"):
        await assistant.take_turn(turn(message_id, once=False), output)
    assert [message["text"] for message in output.messages] == ["back", "back"]


async def test_what_is_told_after_an_action_that_was_executed_by_itself_is_answered(
    assistant: RasaAssistant, agent: Agent
) -> None:
    """Such as the start of the handover that it has made."""
    output = CollectingOutput()
    await agent.execute_action(USER, "utter_back", output, None, None)
    await assistant.take_turn(turn("m_1", once=True), output)
    assert [message["text"] for message in output.messages] == ["back", "back"]


async def test_a_paused_tracker_goes_on_with_the_end_of_the_handover(
    assistant: RasaAssistant, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    await pause(agent)
    output = CollectingOutput()
    await assistant.take_turn(ended("m_1"), output)
    await assistant.take_turn(turn("m_2", once=False), output)

    assert [message["text"] for message in output.messages] == ["back", "back"]
    assert "ConversationPaused" in caplog.text
    assert "Remove that event" in caplog.text


@pytest.mark.parametrize(
    "instead_of_listening",
    [
        pytest.param([ConversationPaused()], id="a pause"),
        pytest.param([ActionExecuted("utter_back")] * 10, id="Rasa, after ten actions in a row"),
    ],
)
async def test_the_end_is_answered_although_the_turn_before_was_cut_short_by(
    assistant: RasaAssistant, agent: Agent, instead_of_listening: list[Event]
) -> None:
    output = CollectingOutput()
    await assistant.take_turn(turn("m_1", once=False), output)
    tracker = await agent.tracker_store.get_or_create_tracker(USER)
    events = [*list(tracker.events)[:-1], *instead_of_listening]
    cut = DialogueStateTracker.from_events(USER, events, agent.domain.slots)
    await agent.tracker_store.save(cut)

    await assistant.take_turn(ended("m_2"), output)
    await assistant.take_turn(turn("m_3", once=False), output)
    assert [message["text"] for message in output.messages] == ["back", "back", "back"]


class Output(CollectingOutput):
    """It hands over, or has done so, as a test says."""

    def __init__(self, *, asks: bool, is_silenced: bool) -> None:
        super().__init__()
        self.has_asked, self.is_silenced = asks, is_silenced


@pytest.fixture
def is_paused_after(
    assistant: RasaAssistant, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Output], Awaitable[bool]]:
    """Takes a turn in which an action pauses the tracker, and tells whether it then is paused."""
    run = agent.processor._run_action

    async def run_and_pause(
        action: Action, tracker: DialogueStateTracker, *args: Any, **kwargs: Any
    ) -> None:
        await run(action, tracker, *args, **kwargs)
        if action.name() == "utter_back":
            tracker.update(ConversationPaused())

    async def is_paused_after(output: Output) -> bool:
        with monkeypatch.context() as patched:
            patched.setattr(agent.processor, "_run_action", run_and_pause)
            await assistant.take_turn(turn("m_1", once=False), output)
        tracker = await agent.tracker_store.retrieve(USER)
        assert tracker is not None
        return bool(tracker.is_paused())

    return is_paused_after


async def test_a_turn_that_pauses_while_its_handover_waits_leaves_the_bot_awake(
    assistant: RasaAssistant,
    is_paused_after: Callable[[Output], Awaitable[bool]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    output = Output(asks=True, is_silenced=False)
    assert not await is_paused_after(output)
    assert "Remove that event" in caplog.text

    await assistant.take_turn(turn("m_2", once=False), output)
    assert [message["text"] for message in output.messages] == ["back", "back"]


async def test_a_turn_that_pauses_while_a_person_gets_the_thread_is_left_alone(
    is_paused_after: Callable[[Output], Awaitable[bool]], caplog: pytest.LogCaptureFixture
) -> None:
    assert await is_paused_after(Output(asks=True, is_silenced=True))
    assert "ConversationPaused" not in caplog.text


async def test_a_turn_that_pauses_and_hands_nobody_over_is_told(
    assistant: RasaAssistant,
    is_paused_after: Callable[[Output], Awaitable[bool]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    output = Output(asks=False, is_silenced=False)
    assert await is_paused_after(output)
    assert "remove that event from the action" in caplog.text
    caplog.clear()
    await assistant.take_turn(turn("m_2", once=False), output)
    assert caplog.text == ""


async def test_it_is_resumed_once_and_by_no_other_turn(
    assistant: RasaAssistant, agent: Agent
) -> None:
    await pause(agent)
    output = CollectingOutput()
    await assistant.take_turn(turn("m_1", once=True), output)
    assert output.messages == []

    for _ in range(2):
        await assistant.take_turn(ended("m_2"), output)
    tracker = await agent.tracker_store.retrieve_full_tracker(USER)
    assert tracker is not None
    assert sum(isinstance(event, ConversationResumed) for event in tracker.events) == 1


async def test_a_tracker_that_is_not_paused_is_left_alone(
    assistant: RasaAssistant, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    await assistant.take_turn(ended("m_1"), CollectingOutput())
    tracker = await agent.tracker_store.retrieve_full_tracker(USER)
    assert tracker is not None
    assert not any(isinstance(event, ConversationResumed) for event in tracker.events)
    assert "ConversationPaused" not in caplog.text


async def test_half_of_an_emoji_that_the_bot_has_said_can_be_told_to_agents(
    assistant: RasaAssistant, agent: Agent
) -> None:
    tracker = await agent.tracker_store.get_or_create_tracker(USER)
    tracker.update(BotUttered("Here you are \ud83d"))
    await agent.tracker_store.save(tracker)

    situation = await assistant.situation(USER)
    assert situation.bot_texts() == ["Here you are \ufffd"]


async def test_a_turn_that_several_take_at_once_counts_once(
    assistant: RasaAssistant, agent: Agent
) -> None:
    output = CollectingOutput()
    await asyncio.gather(
        *[assistant.take_turn(turn("m_1", once=True), output) for _ in range(2)],
    )

    assert [message["text"] for message in output.messages] == ["back"]
    assert await heard(agent) == ["m_1"]


async def test_another_turn_is_another_turn(assistant: RasaAssistant, agent: Agent) -> None:
    for message_id in ("m_1", "m_2"):
        await assistant.take_turn(turn(message_id, once=True), CollectingOutput())

    assert await heard(agent) == ["m_1", "m_2"]


async def test_what_fails_is_not_saved_and_can_be_taken_again(
    assistant: RasaAssistant, agent: Agent
) -> None:
    class Refusing(CollectingOutput):
        async def send_response(self, *_: object, **__: object) -> None:
            raise ConnectionError("Graph is down")

    with pytest.raises(ConnectionError):
        await assistant.take_turn(turn("m_1", once=True), Refusing())
    await assistant.take_turn(turn("m_1", once=True), CollectingOutput())

    assert await heard(agent) == ["m_1"]


def test_its_language_is_the_model_s(assistant: RasaAssistant) -> None:
    assert assistant.is_ready()
    assert assistant.language() == "tr"


def test_without_an_agent_it_is_not_ready() -> None:
    async def never(_: object) -> None:
        raise AssertionError

    assert not RasaAssistant(agent=lambda: None, on_new_message=never).is_ready()


@pytest.mark.parametrize("once", [True, False])
async def test_a_turn_that_another_worker_has_taken_over_is_not_saved(
    assistant: RasaAssistant, agent: Agent, once: bool
) -> None:
    clock, store = SystemClock(), MemoryStore(worker="one")
    [entry] = await store.record([message("a")], clock.now())

    class TakenOverMeanwhile(CollectingOutput):
        async def send_response(self, *_: object, **__: object) -> None:
            store._rows.entries["a"].claimed_by = "two"

    with working_on(entry, store=store, clock=clock), pytest.raises(ClaimLost):
        await assistant.take_turn(turn("m_1", once=once), TakenOverMeanwhile())
    assert await heard(agent) == []

    assert await assistant.take_turn(turn("m_1", once=once), CollectingOutput())
    assert await heard(agent) == ["m_1"]


async def test_a_response_can_be_said_without_a_turn_and_leaves_no_trace(
    assistant: RasaAssistant, agent: Agent
) -> None:
    said = await assistant.response("utter_back", USER, "facebook")
    assert said == {"text": "back", "utter_action": "utter_back"}
    assert await assistant.response("utter_connecting", USER, "facebook") is None
    assert await agent.tracker_store.retrieve(USER) is None


async def test_a_turn_whose_model_is_unloaded_under_it_is_looked_for_where_it_was_saved(
    agent: Agent, assistant: RasaAssistant
) -> None:
    await assistant.take_turn(turn("m_1", once=True), CollectingOutput())
    loaded = [agent]

    class Unloading(InMemoryLockStore):
        def get_lock(self, conversation_id: str) -> TicketLock | None:
            loaded[0] = Agent(model_server=None)  # what DELETE /model leaves
            return super().get_lock(conversation_id)

    agent.lock_store = Unloading()
    unloaded = RasaAssistant(agent=lambda: loaded[0], on_new_message=agent.handle_message)
    assert not await unloaded.take_turn(turn("m_1", once=True), CollectingOutput())
    assert await heard(agent) == ["m_1"]


async def test_a_turn_whose_model_is_unloaded_under_it_still_tells_its_language(
    agent: Agent,
) -> None:
    """A handover asks for it, in the midst of the turn, which would be taken again."""
    loaded, told = [agent], list[str]()
    unloaded = RasaAssistant(agent=lambda: loaded[0], on_new_message=agent.handle_message)

    class Unloading(CollectingOutput):
        async def send_response(self, _: str, __: dict[str, Any]) -> None:
            loaded[0] = Agent(model_server=None)  # what DELETE /model leaves
            told.append(unloaded.language())

    assert await unloaded.take_turn(turn("m_1", once=True), Unloading())
    assert told == ["tr"]
