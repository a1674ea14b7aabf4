"""Into somebody's own project: the wheel, `rasa-handover init`, `rasa train`, and a handover."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from tests.stack.acceptance.conversation import FEEDBACK, Conversation
from tests.stack.acceptance.installation.building import ROOT, build_wheel, install
from tests.stack.acceptance.installation.installed import InstalledAssistant, write_project

pytestmark = pytest.mark.timeout(900)  # it builds, installs and trains before it begins

USER = "24870165432300000"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel of the working tree."""
    directory = tmp_path_factory.mktemp("wheel")
    return install(build_wheel(directory), directory / "environment")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def assistant(
    python: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[InstalledAssistant]:
    """A project that init has been run on, trained and running."""
    project = tmp_path_factory.mktemp("somebody") / "project"
    write_project(project)
    running = InstalledAssistant(project, python)
    try:
        await running.run("init", running.script("init", "--yes"))
        await running.run("train", running.python("-m", "rasa", "train", "--quiet"))
        await running.start()
        yield running
    finally:
        await running.stop()


async def test_a_user_gets_a_person_and_comes_back_by_a_keyword(
    assistant: InstalledAssistant,
) -> None:
    await assistant.platform.add_user(USER, "Grace")
    chat = Conversation(assistant, USER)
    await chat.is_handed_over("I want to talk to a person")
    await chat.operator_says("What can I do for you?")
    await chat.says("back to bot")
    await chat.is_owned_by(assistant.platform.bot.id)
    await chat.hears("you are back with the bot", FEEDBACK)


async def test_the_action_server_has_the_projects_own_actions_and_ours(
    assistant: InstalledAssistant,
) -> None:
    async with ClientSession() as http, http.get(f"{assistant.actions_url}/actions") as answer:
        names = {action["name"] for action in await answer.json()}
    ours = {"action_handover", "action_handover_availability", "action_rephrase_or_handover"}
    assert names == {*ours, "action_hello_world"}


async def test_what_runs_is_the_installed_package(
    assistant: InstalledAssistant, python: Path
) -> None:
    program = "import rasa_handover.channels as channels; print(channels.__file__)"
    imported = await assistant.run("where", assistant.python("-c", program))
    assert Path(imported.strip()).is_relative_to(python.parents[1])
    assert str(ROOT) not in imported


async def test_the_repository_is_not_on_the_path(assistant: InstalledAssistant) -> None:
    program = (
        "import importlib.util as u; print([n for n in ('channels', 'emulator') if u.find_spec(n)])"
    )
    assert await assistant.run("path", assistant.python("-c", program)) == "[]\n"


async def test_a_second_init_has_nothing_to_do(assistant: InstalledAssistant) -> None:
    before = {path: path.read_bytes() for path in assistant.project.rglob("*.yml")}
    told = await assistant.run("again", assistant.script("init"))
    assert told == "Nothing to add.\n"
    assert {path: path.read_bytes() for path in assistant.project.rglob("*.yml")} == before
