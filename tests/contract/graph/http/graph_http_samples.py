"""An HttpGraph, the calls that its tests make, and answers of Graph's that they script."""

from __future__ import annotations

from typing import Any

from channels.core.events import Thread
from channels.core.meta.app_secret import mark_in
from channels.graph.http import HttpGraph
from channels.instruments.clock import Clock
from tests.contract.graph.scripted_graph import ScriptedGraph, Seen, accepted, refused

TOKEN = "EAABpagetoken"
SECRET = "appsecret123"
ADA = Thread(page="111000111", user="71000000001")
DOWN = refused(500, code=2, is_transient=True, message="Service temporarily unavailable")
NOT_OWNER = refused(code=100, message="(#100) calling app is not the thread owner")
ANOTHER_OWNS = accepted(data=[{"thread_owner": {"app_id": "901"}}])
NOBODY_OWNS = accepted(data=[])
WE_OWN = accepted(data=[{"thread_owner": {"app_id": "900"}}])
SENT = accepted(recipient_id=ADA.user, message_id="m_1")
DONE = accepted(success=True)


def graph_of(url: str, clock: Clock, **settings: Any) -> HttpGraph:
    return HttpGraph(
        graph_url=url,
        page_access_token=TOKEN,
        app_id="900",
        app_secret=SECRET,
        clock=clock,
        **settings,
    )


async def send(graph: HttpGraph, text: str = "Hello") -> str:
    return await graph.send(ADA, {"text": text})


async def pass_to_agent(graph: HttpGraph) -> None:
    await graph.pass_control(ADA, app_id="901", metadata="{}")


def posts(meta: ScriptedGraph) -> list[str]:
    """What was asked for besides looking: the last segment of each path."""
    return [seen.path.rsplit("/", 1)[1] for seen in meta.seen if seen.method == "POST"]


def mark_of(seen: Seen) -> str:
    """The mark of the message that this request sends."""
    mark = mark_in(seen.body["message"]["metadata"], SECRET)
    assert mark is not None
    return mark
