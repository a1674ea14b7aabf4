"""What the exhaustive searches share."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints what a search has found, and in how many seconds, whether or not the test fails."""
    began_at = time.monotonic()

    def tell(found: str) -> None:
        seconds = time.monotonic() - began_at
        with capsys.disabled():
            print(f"\n{found}, in {seconds:.0f} s")

    return tell
