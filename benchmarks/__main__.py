"""`python -m benchmarks`: measure every row, and write RESULTS.md.

With the name of a ROW it measures only that one and prints it. `--quick` makes a small run, which
shows that everything works, and prints.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from datetime import datetime, timezone
from pathlib import Path
from types import ModuleType

from .figures.report import results, table
from .figures.results import Row, Size
from .rows import accuracy, large_store, memory
from .rows.floods import closed_page, due_at_once, opening_at_once, opening_hours, slow_page
from .rows.messages import (
    acknowledging,
    availability,
    keywords,
    one_user,
    owner_calls,
    real_rasa,
    ten_users,
    throughput,
)

_ROWS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        ten_users,
        one_user,
        throughput,
        real_rasa,
        acknowledging,
        opening_at_once,
        closed_page,
        owner_calls,
        large_store,
        keywords,
        availability,
        due_at_once,
        opening_hours,
        slow_page,
        memory,
        accuracy,
    )
}
_FILE = Path(__file__).with_name("RESULTS.md")


async def measured(name: str, size: Size) -> Row:
    print(f"{datetime.now().astimezone():%H:%M:%S} {name} …", flush=True)
    row: Row = await _ROWS[name].measure(size)
    print(table(row.lines), flush=True)
    return row


async def run(names: list[str], size: Size) -> dict[str, tuple[str, Row]]:
    return {name: (_ROWS[name].__doc__ or "", await measured(name, size)) for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("row", nargs="?", choices=_ROWS, metavar="ROW", help=", ".join(_ROWS))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that its processes end, too
    size = Size(is_quick=options.quick)
    began_at = datetime.now(timezone.utc)
    rows = asyncio.run(run([options.row] if options.row else list(_ROWS), size))
    took = datetime.now(timezone.utc) - began_at
    text = results(rows, size=size, at=began_at, took=took)
    if options.row or options.quick:
        print(text)
    else:
        _FILE.write_text(text, encoding="utf-8")
        print(f"Written to benchmarks/{_FILE.name}.")


if __name__ == "__main__":
    main()
