"""Messages a second through a real Rasa: our channel against Rasa's REST channel.

Both use this repository's trained model and the same messages, 20 in flight; Rasa answers each with
two. REST has no Graph at all; ours sends each answer, and that the bot has seen the message and is
typing, to a Graph that takes 50 ms. The two take turns, and the median of their rounds counts.
"""

from __future__ import annotations

import statistics
from datetime import timedelta
from pathlib import Path

from aiohttp import ClientSession

from ...figures.profiles import top_functions
from ...figures.results import Bound, Goal, Line, Measured, Quantity, Row, Size
from ...material.deliveries import Kind
from ...material.scratch import scratch, sqlite
from ...processes.channel import RunningChannel, running_channel
from ...processes.children import ROOT
from ...processes.graph import RunningGraph, running_graph
from ...processes.load import Load, deliver

_IN_FLIGHT = 20
_USERS = 200
_GRAPH_WAIT = timedelta(milliseconds=50)
_MODEL = ROOT / "models" / "handover.tar.gz"
_GOAL = Goal(Bound.AT_LEAST, 0.9, Measured.RATIO)


async def measure(size: Size) -> Row:
    messages = size.of(full=600, quick=100)
    with scratch() as directory:
        theirs, ours, answers = await _rates(directory, messages, rounds=size.of(full=5, quick=1))
        line = _line(theirs, ours)
        if line.is_missed:
            line = _line(theirs, ours, where=await _profile(directory, messages, answers))
        return Row(lines=(line,))


async def _rates(directory: Path, messages: int, *, rounds: int) -> tuple[float, float, int]:
    """Messages a second of REST and of ours, and how many answers each message gets."""
    async with (
        running_graph(directory, wait=_GRAPH_WAIT) as graph,
        running_channel("rest", directory, model=_MODEL) as rest,
        running_channel(
            "messenger", directory, model=_MODEL, graph=graph.url, store=sqlite(directory)
        ) as channel,
    ):
        answers = await _answers_to_one(rest)
        await _of_rest(rest, _USERS)
        await _of_ours(channel, graph, _USERS, answers)
        theirs, ours = [], []
        for _ in range(rounds):
            theirs.append(await _of_rest(rest, messages))
            ours.append(await _of_ours(channel, graph, messages, answers))
        return statistics.median(theirs), statistics.median(ours), answers


async def _answers_to_one(rest: RunningChannel) -> int:
    asked = {"sender": "anna", "message": "hello"}
    url = f"http://127.0.0.1:{rest.port}/webhooks/rest/webhook"
    async with ClientSession() as http, http.post(url, json=asked) as response:
        return len(await response.json())


async def _of_rest(channel: RunningChannel, messages: int) -> float:
    return (await deliver(_load(channel, messages, Kind.REST))).a_second


async def _of_ours(
    channel: RunningChannel, graph: RunningGraph, messages: int, answers: int
) -> float:
    """Messages a second, until the last answer to the last of them has been sent."""
    await graph.reset()
    outcome = await deliver(_load(channel, messages, Kind.MESSAGE))
    sent = await graph.messages(messages * answers)
    return messages / (max(call.answered_at for call in sent) - outcome.started_at)


async def _profile(directory: Path, messages: int, answers: int) -> tuple[str, ...]:
    file = directory / "profile"
    async with (
        running_graph(directory, wait=_GRAPH_WAIT) as graph,
        running_channel(
            "messenger",
            directory,
            model=_MODEL,
            graph=graph.url,
            store=sqlite(directory, "profiled"),
            profile=file,
        ) as channel,
    ):
        await _of_ours(channel, graph, messages, answers)
    return top_functions(file)


def _load(channel: RunningChannel, messages: int, kind: Kind) -> Load:
    return Load(
        port=channel.port,
        deliveries=messages,
        connections=_IN_FLIGHT,
        users=_USERS,
        kind=kind,
    )


def _line(theirs: float, ours: float, where: tuple[str, ...] = ()) -> Line:
    return Line(
        what="the same through real Rasa, Graph 50 ms",
        baseline=Quantity(theirs, "/s"),
        baseline_is="Rasa's REST channel, no Graph",
        ours=Quantity(ours, "/s"),
        goal=_GOAL,
        where=where,
    )
