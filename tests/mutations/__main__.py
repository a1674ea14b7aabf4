"""`python -m tests.mutations`: makes each mistake in a copy of the code, and runs the tests there.

Exits with 0 if a test fails for each; with 1 if one is made without any test that fails, or if
its line is there no more. Names of files as arguments: only the mistakes in these.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutations.mutants import MUTANTS, Mutant
from tests.support import in_memory

PROJECT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build", "site")
FAILED, PASSED = 1, 0  # what pytest exits with


def main(files: Sequence[str]) -> int:
    """As many at once as there are processors, each in a copy of its own."""
    mutants = [one for one in MUTANTS if not files or one.file in files]
    processors = os.cpu_count() or 1
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-", dir=in_memory.directory()) as directory:
        for number in range(processors):
            copy = Path(directory) / str(number) / "project"
            shutil.copytree(PROJECT, copy, ignore=LEFT_OUT, symlinks=True)
            copies.put(copy)
        with ThreadPoolExecutor(processors) as several:
            told = list(several.map(lambda mutant: _tried(mutant, copies), mutants))
    print(f"{told.count('killed')} of {len(told)} mutants are killed.")
    return 0 if set(told) == {"killed"} else 1


def _tried(mutant: Mutant, copies: SimpleQueue[Path]) -> str:
    copy = copies.get()
    try:
        outcome, by = _tried_in(copy, mutant)
    finally:
        copies.put(copy)
    print(f"{outcome}: {mutant.file}: {' '.join(mutant.right.split())} ({by})", flush=True)
    return outcome


def _tried_in(copy: Path, mutant: Mutant) -> tuple[str, str]:
    """What became of the mutant, and by which test."""
    file = copy / "channels" / mutant.file
    source = file.read_text(encoding="utf-8")
    if source.count(mutant.right) != 1:
        return "stale", "its line does not stand there once"
    file.write_text(source.replace(mutant.right, mutant.wrong), encoding="utf-8")
    outcome, by = _outcome(mutant.tests, copy)
    file.write_text(source, encoding="utf-8")
    if outcome == "killed" and _outcome([by], copy)[0] != "survived":
        outcome = "broken, for its test fails without it too"
    return outcome, by


def _outcome(tests: Sequence[str], copy: Path) -> tuple[str, str]:
    """What became of the mutant, and by which test."""
    # -B: of two files that are as long and of the same second, it would take the bytecode of one.
    python = [sys.executable, "-B", "-m"]
    command = [*python, "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not deep", *tests]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode == FAILED:
        first = next((one for one in lines if one.startswith("FAILED ")), "FAILED ?")
        return "killed", first.removeprefix("FAILED ").partition(" - ")[0]
    if done.returncode == PASSED:
        return "survived", lines[-1]
    return "broken", " ".join(lines[-3:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
