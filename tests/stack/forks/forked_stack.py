"""Stacks whose processes a fork server starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.processes import Process
from demo.stack import MODEL, PROJECT, Stack
from tests.stack.forks.forks import ForkedProcess, ForkServer


class ForkedStack(Stack):
    """As a Stack, but for the seconds of CPU that each start of Rasa takes to import it."""

    def __init__(self, forks: ForkServer, directory: Path, *, model: Path) -> None:
        self._forks = forks
        super().__init__(directory, model=model)

    def _process(self, name: str) -> Process:
        log = self._directory / f"{name}.log"
        return ForkedProcess(name, forks=self._forks, directory=PROJECT, log=log)


class Stacks:
    """Makes stacks, each in a directory of its own."""

    def __init__(self, forks: ForkServer, directories: pytest.TempPathFactory) -> None:
        self.forks = forks
        self._directories = directories

    def new(self, name: str, *, model: Path | None = None) -> Stack:
        """One that has not started yet; its assistant is the project's unless a model is given."""
        if model is None and not MODEL.exists():
            pytest.fail("There is no trained model; run these tests with `make test`.")
        return ForkedStack(self.forks, self._directories.mktemp(name), model=model or MODEL)
