"""A project as `rasa init` writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rasa_project import write_template


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What `rasa init` writes."""
    directory = tmp_path / "project"
    write_template(directory)
    return directory
