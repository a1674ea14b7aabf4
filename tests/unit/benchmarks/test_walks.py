"""What `benchmarks.walks` counts, on modules that are made for it."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.walks import Footprints


def module(name: str, code: str, **known: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": name, **known}
    exec(code, names)  # noqa: S102 - a module by another name needs no file
    return names


ARRIVED = module("channels.b", "def arrive(): return None")["arrive"]


def footprints_of(call: Any) -> Footprints:
    footprints = Footprints()
    footprints.listen()
    try:
        with footprints.noting():
            call()
    finally:
        footprints.stop_listening()
    return footprints


def test_a_call_from_one_module_into_another_is_a_crossing() -> None:
    go = module("channels.a", "def go(): arrive(); arrive()", arrive=ARRIVED)["go"]
    found = footprints_of(go)
    assert found.crossings == {("channels.a", "channels.b"): 2}
    assert found.modules == {"channels.a", "channels.b"}


def test_a_call_within_a_module_is_none() -> None:
    go = module("channels.a", "def stay(): pass\ndef go(): stay()")["go"]
    assert footprints_of(go).crossings == {}


def test_what_stands_between_is_looked_through() -> None:
    through = module("asyncio.between", "def through(): arrive()", arrive=ARRIVED)["through"]
    go = module("channels.a", "def go(): through()", through=through)["go"]
    assert footprints_of(go).crossings == {("channels.a", "channels.b"): 1}


def test_what_a_fake_does_is_left_out() -> None:
    fake = module("tests.fakes.graph", "def send(): arrive()", arrive=ARRIVED)["send"]
    go = module("channels.a", "def go(): send()", send=fake)["go"]
    found = footprints_of(go)
    assert found.crossings == {}
    assert found.modules == {"channels.a"}


def test_going_on_after_an_await_is_no_call() -> None:
    code = "async def rest():\n for _ in range(3): await sleep(0)"
    rest = module("channels.b", code, sleep=asyncio.sleep)["rest"]
    go = module("channels.a", "async def go(): await rest()", rest=rest)["go"]
    assert footprints_of(lambda: asyncio.run(go())).crossings == {("channels.a", "channels.b"): 1}
