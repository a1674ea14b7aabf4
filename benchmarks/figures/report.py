"""The results of a run, as text: the file RESULTS.md, or a table on the screen."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from .results import Line, Row, Size, figure

_PACKAGES = ("rasa", "sanic", "SQLAlchemy", "aiohttp", "uvloop")
_GIB = 2**30
_HEAD = "| what | baseline, in this run | ours | ratio | goal | result |\n|---|---|---|---|---|---|"
_INTRODUCTION = """\
# Benchmarks

Written by `make bench`. Each baseline is measured beside ours, in the same run on the same
machine; the ratio is ours divided by the baseline: above 1 is better for rates, and below 1 for
times. `python -m benchmarks ROW` measures one row; the rows are explained below the table."""


def results(
    rows: Mapping[str, tuple[str, Row]], *, size: Size, at: datetime, took: timedelta
) -> str:
    """The text of RESULTS.md, from each row's name, description and outcome."""
    lines = [line for _, row in rows.values() for line in row.lines]
    missed = _missed_of(lines)
    parts = [
        _INTRODUCTION,
        "**A quick run: it shows that everything works, and no figures.**" if size.is_quick else "",
        table(lines),
        _surroundings(at, took),
        "## What each row is",
        *(_described(*named) for named in rows.items()),
        "## Where the time goes when a goal is missed" if missed else "",
        *missed,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(lines: Iterable[Line]) -> str:
    return "\n".join([_HEAD, *map(_table_line, lines)])


def _table_line(line: Line) -> str:
    baseline = f"{line.baseline} ({line.baseline_is})" if line.baseline else "–"
    ratio = "–" if line.ratio is None else f"{figure(line.ratio)} ×"
    goal = line.goal.shown(line.ours.unit) if line.goal else "–"
    return f"| {line.what} | {baseline} | {line.ours} | {ratio} | {goal} | {line.verdict} |"


def _surroundings(at: datetime, took: timedelta) -> str:
    told = {**_machine(), "versions": ", ".join(f"{name} {it}" for name, it in _versions().items())}
    minutes = took / timedelta(minutes=1)
    measured = f"{at:%Y-%m-%d}, in {minutes:.0f} minutes"
    return "\n".join(f"- {name}: {it}" for name, it in {**told, "measured": measured}.items())


def _described(name: str, described_row: tuple[str, Row]) -> str:
    described, row = described_row
    notes = "\n".join(f"- {note}" for note in row.notes)
    return "\n\n".join(filter(None, (f"### {name}", described.strip(), notes)))


def _missed_of(lines: Iterable[Line]) -> list[str]:
    return [_missed(line) for line in lines if line.is_missed]


def _missed(line: Line) -> str:
    """A missed goal, and the profile of a run of its own: processor time, by share."""
    goal = line.goal.shown(line.ours.unit) if line.goal else ""
    ratio = "" if line.ratio is None else f", {figure(line.ratio)} × the baseline"
    head = f"**{line.what}**: {line.ours}{ratio}; the goal is {goal}."
    shares = "\n".join(f"    {share}" for share in line.where)
    return f"{head}\n\n{shares}" if shares else head


def _machine() -> dict[str, str]:
    """What kind of machine it is, without anything that identifies it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory / _GIB:.0f} GiB",
        "system": f"{_system()}, kernel {platform.release()}",
    }


def _versions() -> dict[str, str]:
    """The versions of Python and of the packages that the figures depend on."""
    return {"Python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
