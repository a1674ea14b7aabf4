"""`init` on a project's folder, and the project's files as tests read and write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cli.main import main

MARK = "S3CRET"  # is in every value that nobody may see

Output = pytest.CaptureFixture[str]


def init(project: Path, *arguments: str) -> int:
    return main(["init", "--project", str(project), *arguments])


def read(project: Path, name: str) -> Any:
    return YAML(typ="safe", pure=True).load((project / name).read_text(encoding="utf-8"))


def write(project: Path, name: str, text: str) -> None:
    (project / name).parent.mkdir(exist_ok=True)
    (project / name).write_bytes(text.encode())
