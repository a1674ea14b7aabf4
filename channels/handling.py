"""Handling one event: look it up in the decision table, then do what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import msgspec

from .dialogue import Dialogue
from .events import Event, Postback, UserMessage
from .graph import Graph
from .handover import Handovers
from .keywords import KeywordMatch, KeywordMatcher
from .plans import Plan
from .routing import Decision, Routing, decide
from .routing_status import RoutingStatus
from .sessions import Session
from .store import Store


class EventHandler:
    """Carries out the decision table of `routing` for one event at a time."""

    def __init__(
        self,
        *,
        app_id: str,
        store: Store,
        graph: Graph,
        routing: RoutingStatus,
        handovers: Handovers,
        dialogue: Dialogue,
    ) -> None:
        self._app_id = app_id
        self._store = store
        self._graph = graph
        self._routing = routing
        self._handovers = handovers
        self._dialogue = dialogue

    async def handle(self, event: Event, *, repeated: bool) -> None:
        """Handle the event whole; raises where another try is needed.

        A `repeated` event may have been handled before, whole or in part.
        """
        session = await self._store.open_session(event.thread)
        decision = await self._decide(event, session)
        if session is not None and not await self._change(session, decision):
            await self.handle(event, repeated=repeated)  # by the session as it is now
            return
        if decision.route and isinstance(event, (UserMessage, Postback)):
            await self._dialogue.route(event, repeated=repeated)

    async def _decide(self, event: Event, session: Session | None) -> Decision:
        look_up = partial(
            decide,
            event,
            session,
            us=self._app_id,
            # Without a session the mode makes no difference, and asking for it may take a call.
            routing=await self._routing.of(event.thread.page) if session else Routing.ON,
            is_return_word=return_words(session.plan) if session else _never,
        )
        decision = look_up()
        if decision.ask_owner:
            return look_up(owner=await self._graph.owner(event.thread))
        return decision

    async def _change(self, session: Session, decision: Decision) -> bool:
        """False if somebody else was faster, so that the decision no longer holds."""
        if decision.heard is not None:
            session = await self._handovers.hear(session, decision.heard)
        if decision.end is not None:
            ending = await self._handovers.end(session, decision.end)
        elif decision.regained:
            ending = await self._handovers.regain(session)
        else:
            return True
        if ending is not None:
            await self._handovers.advance(ending)
        return ending is not None


def return_words(plan: Plan) -> Callable[[str], bool]:
    """Whether a text is one of the plan's keywords."""
    matcher = _matcher(msgspec.json.encode((plan.keywords, plan.keyword_match)))
    return lambda text: matcher.find(text) is not None


@lru_cache(maxsize=256)
def _matcher(keywords_and_match: bytes) -> KeywordMatcher:
    keywords, match = msgspec.json.decode(
        keywords_and_match, type=tuple[dict[str, tuple[str, ...]], KeywordMatch]
    )
    return KeywordMatcher(keywords, match=match)


def _never(_: str) -> bool:
    return False
