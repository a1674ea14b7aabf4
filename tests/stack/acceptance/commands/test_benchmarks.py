"""`python -m benchmarks` runs and prints what it has measured. No figure is tested."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from demo.stack import PROJECT
from tests.stack.forks.forked_stack import Stacks
from tests.stack.forks.forks import ForkedProcess

COLUMNS = "| what | baseline, in this run | ours | ratio | goal | result |"


@pytest.mark.parametrize("row", ["owner_calls", "large_store", "opening_hours"])
@pytest.mark.timeout(600)
async def test_a_row_is_measured_and_printed(row: str, stacks: Stacks, tmp_path: Path) -> None:
    log = tmp_path / "output"
    process = ForkedProcess("benchmarks", forks=stacks.forks, directory=PROJECT, log=log)
    await process.start([sys.executable, "-m", "benchmarks", row, "--quick"], {})
    assert await process.exit_code() == 0, process.output
    assert COLUMNS in process.output
    assert f"### {row}\n" in process.output
