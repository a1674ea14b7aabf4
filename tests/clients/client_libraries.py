"""The client libraries that are run, and a running one to call."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PYTHON = HERE.parents[1] / ".venv-clients" / "bin" / "python"
PACKAGES = HERE / "node_modules"
PATIENCE = 30.0  # seconds for one call; the first one loads the library
LINE = 2**20  # bytes

_THREADS = ("pass", "take", "request", "owner")
_SENDS = (
    *("text", "quick_replies", "buttons", "human", "typing", "seen"),
    *("image_url", "upload_url", "image_again"),
)
_FILES = ("image_file", "upload_file")
_PERSONAS = ("as_persona", "create_persona", "persona", "personas", "delete_persona")
_PROFILE = ("set_profile", "profile", "delete_profile")
_MENUS = ("set_menu", "menu", "delete_menu")
_PAGE = ("subscribe", "subscribed", "unsubscribe")
_APP = ("subscribe_app", "app_subscriptions", "unsubscribe_app")

DRIVERS = {
    "messaging-api-messenger": "messaging_api_messenger.mjs",
    "facebook-nodejs-business-sdk": "business_sdk.mjs",
    "@warriorteam/messenger-sdk": "messenger_sdk.mjs",
    "facebook-business": "facebook_business_sdk.py",
    "facebook-sdk": "facebook_graph_sdk.py",
    "fbmessenger": "fbmessenger_client.py",
}
"""The program of each library that `Library` runs."""

CALLS: dict[str, set[str]] = {
    "messaging-api-messenger": {
        *_THREADS,
        *("pass_to_inbox", "secondary_receivers"),
        *(*_SENDS, *_FILES, *_PERSONAS, "generic", "media", "batch"),
        *(*_PROFILE, *_MENUS, "person", "page"),
        *("subscribe_app", "app_subscriptions", "debug_token"),
    },
    "facebook-nodejs-business-sdk": {
        *(*_THREADS, "release", "extend", "secondary_receivers"),
        *(*_SENDS, *_PERSONAS, "generic", "react", "batch"),
        *(*_PROFILE, "page"),
        *(*_PAGE, *_APP, "debug_token", "accounts"),
    },
    "@warriorteam/messenger-sdk": {*_SENDS, "generic", "media", "react", "person"},
    "facebook-business": {
        *(*_THREADS, "release", "extend"),
        *(*_SENDS, *_FILES, *_PERSONAS, "generic", "react", "batch"),
        *(*_PROFILE, "page"),
        *(*_PAGE, *_APP, "accounts"),
    },
    "facebook-sdk": {
        *(*_THREADS, "release", "extend", "secondary_receivers"),
        *(*_SENDS, *_FILES, *_PERSONAS, "generic", "media", "react", "batch"),
        *(*_PROFILE, "person", "people", "page"),
        *(*_PAGE, *_APP, "debug_token", "app_token", "longer_token", "accounts", "version"),
    },
    "fbmessenger": {*_SENDS, "person", "set_profile", "subscribe_without_fields"},
}
"""What each library can do of all that is tested."""


def libraries_with(*calls: str) -> pytest.MarkDecorator:
    """Run a test with every library that has these calls."""
    able = [name for name, its_calls in CALLS.items() if its_calls.issuperset(calls)]
    return pytest.mark.parametrize("library", able, indirect=True)


class RefusedError(Exception):
    """The library has raised its error; `codes` are the code and the subcode that it has read."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told)
        self.codes = (told.get("code"), told.get("subcode"))
        self.message = str(told["message"])


@dataclass(frozen=True, kw_only=True)
class Library:
    """A client library in a process of its own."""

    name: str
    process: asyncio.subprocess.Process

    async def call(self, name: str, access: dict[str, Any], /, **arguments: Any) -> Any:
        """What the library answers; RefusedError if it raises an error."""
        line = json.dumps({"call": name, "access": access, "args": arguments})
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line.encode() + b"\n")
        answer = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert answer, f"{self.name} ended"
        told = json.loads(answer)
        if "error" in told:
            raise RefusedError(told["error"])
        return told["answer"]


async def started(name: str) -> Library:
    """The library, waiting for calls."""
    driver = HERE / "drivers" / DRIVERS[name]
    program = interpreter(driver.suffix)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        program, str(driver), stdin=pipe, stdout=pipe, cwd=HERE, limit=LINE
    )
    return Library(name=name, process=process)


def interpreter(language: str) -> str:
    """The program that runs files of that suffix; a test fails that needs one which is missing."""
    if language.endswith("py"):
        if not PYTHON.exists():
            pytest.fail("The Python client libraries are not there; `make clients` installs them.")
        return str(PYTHON)
    node = shutil.which("node")
    if node is None:
        pytest.fail(
            "There is no Node: install it with npm, on Debian `apt-get install nodejs npm`."
        )
    if not PACKAGES.exists():
        pytest.fail("The Node client libraries are not there; `make clients` installs them.")
    return node
