"""The assistant's rules in a trained Rasa, with the real action server and tracker store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from rasa.core.agent import Agent
from rasa.shared.core.events import SessionStarted, UserUttered

from tests.scenario.assistant.trained_assistant import (
    Conversation,
    load,
    repository_model,
    serving_actions,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

GREETING = "Hi! I am the bot of this page. What can I do for you?"
MENU = "This is what I can do for you:"
CONNECTING = "I'm connecting you to a person. They will answer you here."
QUESTION = "How was the chat with our team?"

BACK_FROM_A_PERSON = {
    "timeout": "The time for this chat with our team is over. You are talking to the bot again.",
    "idle": "It has been quiet here for a while, so the bot is back.",
    "keyword": "As you asked, you are back with the bot.",
    "intent": "I understood that you want the bot again, so here I am.",
    "agent_returned": "Our colleague has handed you back to me, the bot.",
    "agent_released": "Our colleague has left this chat. You are talking to the bot again.",
    "operator_request": "Our team has closed this chat. You are talking to the bot again.",
}
NOBODY_REACHED = {
    "unanswered": (
        "I'm sorry, nobody from our team could answer you. The bot is back, and you can ask for "
        "a person again at any time."
    ),
    "failed": "I'm sorry, I could not reach our team. You are still talking to the bot.",
    "closed": (
        "I'm sorry, nobody from our team is available at this time. "
        "You are still talking to the bot."
    ),
    "cancelled": "As you asked, you are no longer waiting for our team.",
}
FOLLOW_UPS = {reason: [text, QUESTION] for reason, text in BACK_FROM_A_PERSON.items()} | {
    reason: [text, MENU] for reason, text in NOBODY_REACHED.items()
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent() -> AsyncIterator[Agent]:
    async with serving_actions() as action_server:
        yield load(repository_model(), action_server)


@pytest.fixture
def conversation(agent: Agent) -> Conversation:
    return Conversation(agent=agent, user=uuid4().hex)


async def test_the_bot_greets_and_shows_its_menu(conversation: Conversation) -> None:
    assert await conversation.says("hello there") == [GREETING, MENU]


async def test_asking_for_a_person_ends_the_turn_with_the_handover(
    conversation: Conversation,
) -> None:
    assert await conversation.says("I want to talk to a person") == [
        CONNECTING,
        {"handover": {"plan": "default"}},
    ]


async def test_asking_for_sales_hands_over_under_the_plan_for_sales(
    conversation: Conversation,
) -> None:
    assert await conversation.says("I want to talk to sales") == [
        CONNECTING,
        {"handover": {"plan": "sales"}},
    ]


async def test_the_plan_of_an_earlier_handover_does_not_stick(conversation: Conversation) -> None:
    await conversation.says("talk to sales")
    await conversation.handover_ends("agent_returned")

    assert (await conversation.says("human please"))[-1] == {"handover": {"plan": "default"}}


async def test_the_tracker_knows_that_a_handover_is_active(conversation: Conversation) -> None:
    await conversation.says("human please")

    assert await conversation.slot("handover_active") is True


async def test_the_tracker_knows_that_a_handover_is_over(conversation: Conversation) -> None:
    await conversation.says("human please")
    await conversation.handover_ends("timeout")

    assert await conversation.slot("handover_active") is False


@pytest.mark.parametrize("reason", FOLLOW_UPS)
async def test_each_end_reason_has_its_follow_up(conversation: Conversation, reason: str) -> None:
    await conversation.says("human please")

    assert await conversation.handover_ends(reason) == FOLLOW_UPS[reason]


async def test_the_reason_of_an_earlier_handover_never_answers_for_a_later_one(
    conversation: Conversation,
) -> None:
    reasons = [*FOLLOW_UPS, *reversed(FOLLOW_UPS)]

    said = [await conversation.handover_ends(reason) for reason in reasons]

    assert said == [FOLLOW_UPS[reason] for reason in reasons]


async def test_the_tracker_store_keeps_the_event_as_the_channel_sent_it(
    conversation: Conversation,
) -> None:
    await conversation.says("human please")
    await conversation.hears_of(
        "handover_ended", message_id="session-1", handover_end_reason="keyword"
    )

    (event,) = [
        event
        for event in (await conversation.tracker()).events
        if isinstance(event, UserUttered) and event.intent_name == "handover_ended"
    ]
    assert (event.message_id, event.input_channel) == ("session-1", "facebook")
    assert event.entities[0]["value"] == "keyword"
    assert {key: event.metadata[key] for key in ("is_external", "handover")} == {
        "is_external": True,
        "handover": {"session_id": "session-1"},
    }


async def test_the_follow_up_comes_although_the_rasa_session_has_expired(
    conversation: Conversation,
) -> None:
    await conversation.says("human please")
    two_days_on = await conversation.moved_back(timedelta(days=2))

    assert await two_days_on.handover_ends("timeout") == FOLLOW_UPS["timeout"]
    events = (await two_days_on.tracker()).events
    assert len([event for event in events if isinstance(event, SessionStarted)]) == 2


@pytest.mark.parametrize(
    ("answer", "kept", "thanks"),
    [
        ("/rate_good", "good", "Glad to hear it. Thank you for telling us."),
        ("it was great", None, "Glad to hear it. Thank you for telling us."),
        (
            "/rate_bad",
            "bad",
            "I'm sorry to hear that. Thank you for telling us. We will look into it.",
        ),
        (
            "not good",
            None,
            "I'm sorry to hear that. Thank you for telling us. We will look into it.",
        ),
    ],
)
async def test_the_answer_about_the_chat_is_thanked_for_kept_and_counted(
    conversation: Conversation, answer: str, kept: str | None, thanks: str
) -> None:
    await conversation.handover_ends("agent_returned")

    counted = {"handover_feedback": {"score": "good" if "Glad" in thanks else "bad"}}
    assert await conversation.says(answer) == [thanks, counted]
    assert await conversation.slot("handover_feedback") == kept


@pytest.mark.parametrize(
    ("words", "answer"), [("it was great", "You're welcome!"), ("it was terrible", MENU)]
)
async def test_words_are_an_answer_only_right_after_the_question(
    conversation: Conversation, words: str, answer: str
) -> None:
    assert await conversation.says(words) == [answer]
    await conversation.handover_ends("agent_returned")
    await conversation.says("menu")
    assert await conversation.says(words) == [answer]


async def test_the_bot_keeps_silent_when_somebody_else_begins_a_handover(
    conversation: Conversation,
) -> None:
    assert await conversation.handover_starts() == []
    assert await conversation.slot("handover_active") is True


async def test_the_bot_goes_on_after_a_handover(conversation: Conversation) -> None:
    await conversation.says("human please")
    await conversation.handover_ends("failed")

    assert await conversation.says("menu") == [MENU]


async def test_a_typed_mention_of_the_event_is_only_a_text(conversation: Conversation) -> None:
    await conversation.says("human please")
    await conversation.says("EXTERNAL: handover_ended")

    assert await conversation.slot("handover_end_reason") is None


UNDERSTOOD = {
    "greet": ["hi", "Hello!", "hey you", "good morning", "hi, are you a bot?"],
    "goodbye": ["bye", "ok bye", "goodbye then", "see you tomorrow"],
    "thank": ["thanks", "Thank you!", "thanks a bunch"],
    "show_menu": ["help", "what can you do?", "start over please"],
    "back_to_bot": ["Menu", "back to bot", "can I go back to the bot"],
    "ask_human": [
        "human please",
        "agent",
        "I'd like to talk to a human being",
        "can I get a real person?",
        "please connect me with someone",
        "I want to talk to someone about my invoice",
    ],
    "ask_sales": [
        "talk to sales",
        "can I speak to someone in sales",
        "what's the price?",
        "I want to buy two of these",
    ],
    "praise": ["Good", "it was great", "very helpful"],
    "complain": ["bad", "Not good", "it was awful", "not helpful at all"],
    "out_of_scope": ["my fridge is broken", "what is the weather in Paris?"],
    "nlu_fallback": ["asdf qwer", "order 4711", "😀"],
}


@pytest.mark.parametrize(
    ("text", "intent"), [(text, intent) for intent, texts in UNDERSTOOD.items() for text in texts]
)
async def test_the_nlu_tells_what_the_user_wants(agent: Agent, text: str, intent: str) -> None:
    assert (await agent.parse_message(text))["intent"]["name"] == intent


async def test_nobody_is_connected_outside_the_hours(conversation: Conversation) -> None:
    closed = {"open": False, "opens_at": "2026-11-30T09:00:00+01:00"}
    told = {"handover": {"default": closed, "sales": {"open": True, "opens_at": None}}}
    until = (
        "I'm sorry, nobody from our team is available right now. "
        "They will be back on 2026-11-30, 09:00."
    )

    assert await conversation.says("human please", metadata=told) == [until, MENU]
    assert await conversation.slot("handover_active") is not True
    assert (await conversation.says("talk to sales", metadata=told))[0] == CONNECTING
    await conversation.handover_ends("timeout")
    assert await conversation.says("human please", metadata=told) == [until, MENU]
    assert (await conversation.says("human please"))[0] == CONNECTING
