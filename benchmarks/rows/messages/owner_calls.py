"""Graph calls that it takes to learn who owns the thread of a message for Rasa.

The stub of Graph counts calls of `thread_owner` and of `/me`, which has the page's routing status.
It begins after the first messages have been answered, because a worker asks `/me` when it starts,
and then every five minutes, whether the token is good. Rasa's own channel never asks, and answers
in threads that a person has.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from ...figures.results import Bound, Goal, Line, Quantity, Row, Size
from ...material.scratch import scratch, sqlite
from ...processes.channel import running_channel
from ...processes.graph import running_graph
from ...processes.load import Load, deliver

_IN_FLIGHT = 20
_ABOUT_OWNERS = ("thread_owner", "me")
_GOAL = Goal(Bound.AT_MOST, 0)


async def measure(size: Size) -> Row:
    messages = size.of(full=2_000, quick=200)
    with scratch() as directory:
        async with (
            running_graph(directory, wait=timedelta()) as graph,
            running_channel(
                "messenger", directory, graph=graph.url, store=sqlite(directory)
            ) as channel,
        ):
            load = Load(
                port=channel.port, deliveries=messages, connections=_IN_FLIGHT, users=messages
            )
            await deliver(replace(load, deliveries=_IN_FLIGHT, first_user=messages))
            await graph.messages(_IN_FLIGHT)
            await graph.reset()
            await deliver(load)
            await graph.messages(messages)
            asked = sum(call.kind in _ABOUT_OWNERS for call in await graph.calls())
    line = Line(
        what="Graph calls per routed message to learn the owner",
        ours=Quantity(asked / messages, ""),
        goal=_GOAL,
    )
    return Row(lines=(line,))
