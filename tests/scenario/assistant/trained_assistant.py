"""A trained Rasa in this process, with the real action server, and conversations with it.

The channel's events come in as the channel sends them, through its own `RasaAssistant`.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import rasa.model_training
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.endpoint import create_app
from sanic import Sanic

from channels.dialogue.assistant import RasaAssistant, Turn
from demo.stack import MODEL
from tests.scenario.collecting_output import CollectingOutput

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """One user's conversation with the assistant."""

    agent: Agent
    user: str

    async def says(self, text: str, *, metadata: dict[str, Any] | None = None) -> list[Any]:
        """What the bot answers to the user's `text`: texts, addresses of images, and custom
        messages as dicts.
        """
        return await self._turn(UserMessage(text, metadata=metadata, **self._envelope()))

    async def hears_of(self, intent: str, *, message_id: str, **entities: str) -> list[Any]:
        """What the bot says when the channel reports `intent`."""
        text = f"EXTERNAL: {intent}"
        turn = Turn(
            sender_id=self.user,
            channel="facebook",
            text=text,
            message_id=message_id,
            metadata={"is_external": True, "handover": {"session_id": message_id}},
            parse_data={
                "text": text,
                "intent": {"name": intent, "confidence": 1.0},
                "entities": [
                    {"entity": entity, "value": value, "start": 0, "end": 0}
                    for entity, value in entities.items()
                ],
            },
            once=True,
        )
        assistant = RasaAssistant(
            agent=lambda: self.agent, on_new_message=self.agent.handle_message
        )
        output = CollectingOutput()
        await assistant.take_turn(turn, output)
        return _said(output.messages)

    async def handover_starts(self) -> list[Any]:
        return await self.hears_of("handover_started", message_id=uuid4().hex)

    async def handover_ends(self, reason: str) -> list[Any]:
        return await self.hears_of(
            "handover_ended", message_id=uuid4().hex, handover_end_reason=reason
        )

    async def tracker(self) -> DialogueStateTracker:
        tracker = await self.agent.tracker_store.retrieve_full_tracker(self.user)
        assert tracker is not None
        return tracker

    async def heard(self) -> list[str | None]:
        """The text of each message in the tracker; None of an event of the channel's."""
        events = (await self.tracker()).events
        return [event.text for event in events if isinstance(event, UserUttered)]

    async def slot(self, name: str) -> Any:
        return (await self.tracker()).get_slot(name)

    async def form(self) -> str | None:
        """The form that is under way."""
        name: str | None = (await self.tracker()).active_loop_name
        return name

    async def moved_back(self, by: timedelta) -> Conversation:
        """The same conversation under another user's name, had `by` earlier."""
        copy = replace(self, user=uuid4().hex)
        events = list((await self.tracker()).events)
        for event in events:
            event.timestamp -= by.total_seconds()
        await self.agent.tracker_store.save(
            DialogueStateTracker.from_events(copy.user, events, self.agent.domain.slots)
        )
        return copy

    def _envelope(self) -> dict[str, Any]:
        channel = CollectingOutputChannel()
        return {"output_channel": channel, "sender_id": self.user, "input_channel": "facebook"}

    async def _turn(self, message: UserMessage) -> list[Any]:
        messages = await self.agent.handle_message(message)
        assert messages is not None
        return _said(messages)


def _said(messages: Sequence[dict[str, Any]]) -> list[Any]:
    kinds = ("text", "custom", "image")
    return [next(message[one] for one in kinds if one in message) for message in messages]


def repository_model() -> str:
    """The repository's own assistant, as `make` has trained it."""
    if not MODEL.exists():
        pytest.fail("There is no trained model; run these tests with `make test`.")
    return str(MODEL)


def train(
    directory: Path, *, domain: Path, data: Sequence[Path], config: Path = ROOT / "config.yml"
) -> str:
    """Train on the files, with the repository's pipeline and policies unless told otherwise; what
    comes of it is kept in `directory`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RASA_TELEMETRY_ENABLED", "false")
        patch.setenv("RASA_CACHE_DIRECTORY", str(directory / "cache"))
        model = rasa.model_training.train(
            domain=str(domain),
            config=str(config),
            training_files=[str(path) for path in data],
            output=str(directory / "models"),
        ).model
    assert model is not None
    return str(model)


def load(model: str, action_server: EndpointConfig | None) -> Agent:
    """The trained assistant, with an empty tracker store."""
    store = SQLTrackerStore(db=":memory:")
    return Agent.load(model, tracker_store=store, action_endpoint=action_server)


@asynccontextmanager
async def serving_actions() -> AsyncIterator[EndpointConfig]:
    """The action server with every action that has been imported."""
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sanic, "test_mode", True)  # a process may have had an action server before
        app = create_app("actions")
        server = await app.create_server(sock=listener, return_asyncio_server=True)
        await server.startup()
        await server.start_serving()
        yield EndpointConfig(f"http://127.0.0.1:{listener.getsockname()[1]}/webhook")
        await server.close()
