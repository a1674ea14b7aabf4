"""Situations that the answers of the operator API are looked at in."""

from __future__ import annotations

from tests.contract.operators.operator_stage import OperatorStage

ANNA, BEN = "24870165432500001", "24870165432500002"


async def nothing(_: OperatorStage) -> None:
    """All is well as it is."""


async def has_handover(stage: OperatorStage) -> object:
    return await stage.is_with_operator(ANNA)


async def is_ending(stage: OperatorStage) -> None:
    """Rasa takes its time with the end."""
    await stage.is_with_operator(ANNA)
    stage.agent.listens.clear()
    await stage.calls("POST", f"/handovers/{ANNA}/return")


async def has_ended(stage: OperatorStage) -> None:
    await stage.is_with_operator(ANNA)
    await stage.returns(ANNA)
    await stage.control("POST", f"users/{ANNA}/messages", text="Back?")
    await stage.agent.has_heard("Back?")


async def has_dead(stage: OperatorStage) -> None:
    """The first event of all, which Rasa fails at."""
    stage.agent.fails = True
    await stage.control("POST", "users", id=ANNA, name="Grace")
    await stage.control("POST", f"users/{ANNA}/messages", text="Hello")
    await stage.dead(1)
    stage.agent.fails = False
