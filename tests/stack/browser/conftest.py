"""The emulator's chat page in a real Chromium, with the whole stack behind it."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from demo.live import make_live
from demo.platform import EmulatedPlatform
from demo.stack import Stack
from tests.stack.browser.chat_screen import FOREIGN_NAME, ChatScreen
from tests.stack.browser.pictures import keep_if_failed
from tests.stack.forks.forked_stack import Stacks

HERE = Path(__file__).parent
# The first has no windows, which is half of the work.
NAMES_OF_CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",  # as root, in containers, Chromium does not start with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {FOREIGN_NAME} 127.0.0.1",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    one_loop = pytest.mark.asyncio(loop_scope="session")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.acceptance)
            item.add_marker(one_loop, append=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, NAMES_OF_CHROMIUM)), None)
    if found is None:
        pytest.fail(
            f"There is no Chromium: none of {', '.join(NAMES_OF_CHROMIUM)} is on the PATH. "
            "Install your system's package, on Debian `apt-get install chromium-headless-shell`."
        )
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(stacks: Stacks) -> AsyncIterator[Stack]:
    async with stacks.new("live") as running:
        make_live(running)
        await running.start()
        yield running


@pytest.fixture(scope="session")
def platform(stack: Stack) -> EmulatedPlatform:
    return stack.platform


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        await started.close()


@pytest.fixture(scope="session")
def new_user_id() -> Callable[[], str]:
    numbers = itertools.count(24_870_165_432_300_000)
    return lambda: str(next(numbers))


@pytest_asyncio.fixture(loop_scope="session")
async def screen(
    platform: EmulatedPlatform,
    browser: Browser,
    new_user_id: Callable[[], str],
    request: pytest.FixtureRequest,
) -> AsyncIterator[ChatScreen]:
    """The page with a user whom nobody has met yet."""
    user = new_user_id()
    await platform.add_user(user, "Grace Hopper")
    context = await browser.new_context(viewport={"width": 1600, "height": 900})
    screen = ChatScreen(await context.new_page(), platform, user)
    await screen.open()
    yield screen
    await keep_if_failed(screen.page, request.node)
    await context.close()
    await platform.call("DELETE", "faults")
    await platform.call("PUT", "routing", {"mode": "on"})
    assert screen.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def greeted(screen: ChatScreen) -> ChatScreen:
    """The page of a user who has said goodbye, so that messages can be sent to her."""
    await screen.writes("goodbye")
    await screen.shows("Goodbye!")
    return screen
