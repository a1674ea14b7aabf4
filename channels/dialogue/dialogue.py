"""Rasa's turns: what it is told, and the output that carries its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from ..core.errors import TRY_LATER
from ..core.events import Platform, Postback, Thread, UserMessage, sender_id_of
from ..core.sessions import Cause, Session
from ..core.settings import Settings
from ..core.transcript import MOST_LINES, for_metadata
from ..core.turns import (
    HANDOVER_ENDED,
    HANDOVER_STARTED,
    ended_metadata,
    ended_parse_data,
    external_text,
    metadata_for_rasa,
    plain,
    started_metadata,
    started_parse_data,
    text_for_rasa,
)
from ..graph.protocol import Graph
from ..instruments.clock import Clock
from ..instruments.metrics import Metrics
from ..store.protocol import Store
from .assistant import Assistant, Turn
from .cut_turns import CutTurns, Delivered
from .output import InstagramOutput, MessengerOutput
from .turn_limit import TurnLimit
from .typing_indicator import TypingIndicator

READY_INTERVAL = timedelta(milliseconds=250)  # between looks for a loaded model


class Dialogue:
    """Lets Rasa take turns, as many at once as `max-turns` allows.

    `thread_of`, `is_silent`, `hand_over` and `lost` are what the output asks of the engine, or
    tells it; the last two also get what led to it, or None if Rasa did so on its own.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        graph: Graph,
        clock: Clock,
        metrics: Metrics,
        assistant: Assistant,
        thread_of: Callable[[str], Awaitable[Thread]],
        is_silent: Callable[[Thread], Awaitable[bool]],
        hand_over: Callable[[Thread, Mapping[str, Any], Cause | None], Awaitable[bool]],
        lost: Callable[[Thread, Cause | None], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._store = store
        self._graph = graph
        self._clock = clock
        self._metrics = metrics
        self._assistant = assistant
        self._thread_of = thread_of
        self._is_silent = is_silent
        self._hand_over = hand_over
        self._lost = lost
        self._turn_limit = TurnLimit(settings.max_turns, several_pages=bool(settings.pages))
        self._cut_turns = CutTurns(store=store, clock=clock)
        self._typing = TypingIndicator(graph)

    async def route(self, event: UserMessage | Postback, *, repeated: bool) -> None:
        """Let Rasa answer what the user said.

        A `repeated` event may have been answered before a crash: the tracker tells.
        """
        turn = Turn(
            sender_id=self._sender_id(event.thread),
            channel=event.thread.platform.value,
            text=text_for_rasa(event, typed_intents=self._settings.typed_intents),
            message_id=event.mid or event.key,
            metadata=metadata_for_rasa(event),
            once=repeated,
        )
        await self._ready()
        await self._opened(event.thread.page)
        if not repeated:
            self._typing.begin(event.thread)
        await self._take(turn, event.thread, Cause(at=event.at, key=event.key))

    async def tell_started(self, session: Session) -> None:
        """Let Rasa handle `handover_started`, if its domain has that intent."""
        await self._ready()
        if not self._assistant.knows_intent(HANDOVER_STARTED):
            return
        turn = Turn(
            sender_id=self._sender_id(session.thread),
            channel=session.thread.platform.value,
            text=external_text(HANDOVER_STARTED),
            message_id=session.started_message_id,
            metadata=started_metadata(session),
            parse_data=started_parse_data(),
            once=True,
        )
        await self._take(turn, session.thread, Cause(at=session.opened_at, key=turn.message_id))

    async def tell_ended(self, session: Session) -> None:
        """Let Rasa handle `handover_ended`, unless its tracker shows that it has.

        Where the session has not `regained` its thread, what Rasa says is not sent.
        """
        if session.reason is None:
            return
        turn = Turn(
            sender_id=self._sender_id(session.thread),
            channel=session.thread.platform.value,
            text=external_text(HANDOVER_ENDED),
            message_id=session.ended_message_id,
            metadata=ended_metadata(session, await self._transcript(session)),
            parse_data=ended_parse_data(session.reason),
            once=True,
        )
        await self._ready()
        cause = Cause(at=session.ended_at or self._clock.now(), key=turn.message_id)
        await self._take(turn, session.thread, cause, in_silence=not session.regained)

    async def read(self, text: str) -> tuple[str | None, float]:
        """The intent that the assistant's NLU reads in a text, and its confidence."""
        await self._ready()
        return await self._assistant.read(plain(text))

    def output(
        self,
        *,
        cause: Cause | None = None,
        delivered: Delivered | None = None,
        thread: Thread | None = None,
        in_silence: bool = False,
    ) -> MessengerOutput:
        """An output for one turn; without a `cause`, for what Rasa says on its own.

        `in_silence`: it sends nothing.
        """
        on_instagram = thread is not None and thread.platform is Platform.INSTAGRAM
        kind = InstagramOutput if on_instagram else MessengerOutput
        return kind(
            graph=self._graph,
            thread=thread,
            thread_of=self._thread_of,
            is_silent=_always if in_silence else self._is_silent,
            hand_over=self._hand_over,
            lost=self._lost,
            answers=self._typing.answered,
            cause=cause,
            delivered=delivered or Delivered(),
        )

    def _sender_id(self, thread: Thread) -> str:
        return sender_id_of(thread, several_pages=bool(self._settings.pages))

    async def stop(self) -> None:
        """Give up what is shown to users besides messages."""
        await self._typing.stop()

    async def _transcript(self, session: Session) -> dict[str, Any] | None:
        if not self._settings.transcript:
            return None
        one_too_many = MOST_LINES + 1
        return for_metadata(await self._store.transcript(session.id, limit=one_too_many))

    async def _take(
        self, turn: Turn, thread: Thread, cause: Cause, *, in_silence: bool = False
    ) -> None:
        """Let Rasa take the turn. Raises, before it begins, what keeps its page closed."""
        if not in_silence:
            await self._check_open(thread.page)
        async with self._turn_limit.place(thread.page):
            if not in_silence:
                await self._check_open(thread.page)  # which may have been closed meanwhile
            await self._run(turn, thread, cause, in_silence=in_silence)

    async def _run(self, turn: Turn, thread: Thread, cause: Cause, *, in_silence: bool) -> None:
        delivered = await self._cut_turns.delivered(turn, thread)
        output = self.output(cause=cause, delivered=delivered, thread=thread, in_silence=in_silence)
        began = self._clock.now()
        try:
            await self._assistant.take_turn(turn, output)
        except (Exception, asyncio.CancelledError) as cut:
            # Who cancels it is about to stop, and waits for nothing.
            waits = not isinstance(cut, asyncio.CancelledError)
            await self._cut_turns.remember(turn, thread, delivered, waits=waits)
            raise
        else:
            self._metrics.turn_taken(self._clock.now() - began)
        finally:
            output.end_turn()

    async def _opened(self, page: str) -> None:
        """Return once Meta takes the page's calls."""
        while True:
            try:
                await self._check_open(page)
            except TRY_LATER:
                closed = self._graph.closed_page(page)
            else:
                return
            if closed is not None:
                await self._clock.sleep(closed.until - self._clock.now())

    async def _check_open(self, page: str) -> None:
        """Raises what keeps the page closed, unless Meta says that it does no more."""
        if self._graph.closed_page(page) is not None:
            await self._graph.probe(page)

    async def _ready(self) -> None:
        while not self._assistant.is_ready():
            await self._clock.sleep(READY_INTERVAL)


async def _always(_: Thread) -> bool:
    return True
