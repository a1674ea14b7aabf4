"""What the page about the emulator shows of client libraries, run as it stands but for the port."""

from __future__ import annotations

import asyncio

from tests.clients.client_libraries import DRIVERS, HERE, interpreter
from tests.clients.client_stage import AGENT, BOT, USER, Stage
from tests.support.documents import codes, examples, table

PAGE = "docs/emulator.md"
SECTION = "With any Messenger client"
SHOWN = "http://127.0.0.1:8600"


async def ran(stage: Stage, language: str, *program: str) -> None:
    """The program runs the only example in that language, on the stage's emulator."""
    [code] = examples(PAGE, SECTION, language)
    assert SHOWN in code
    code = code.replace(SHOWN, stage.url)
    process = await asyncio.create_subprocess_exec(*program, code, cwd=HERE)
    assert await process.wait() == 0


async def texts(stage: Stage, app: str) -> list[str]:
    thread = await stage.control("GET", f"threads/{USER}")
    return [one["text"] for one in thread["messages"] if one["from"] == app]


async def test_the_example_in_javascript_writes_and_passes(stage: Stage) -> None:
    await ran(stage, "js", interpreter("js"), "--input-type=commonjs", "-e")
    assert await texts(stage, BOT.id) == ["A person will be with you."]
    assert await stage.owner() == AGENT.id


async def test_the_example_in_python_takes_and_writes(stage: Stage) -> None:
    await ran(stage, "python", interpreter("py"), "-c")
    assert await texts(stage, AGENT.id) == ["What can I do for you?"]
    assert await stage.owner() == AGENT.id


async def test_the_page_lists_the_libraries_that_are_tested() -> None:
    listed = [code for row in table(PAGE, SECTION) for code in codes(row[0])]
    assert listed == list(DRIVERS)
