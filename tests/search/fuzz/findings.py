"""What a run of the fuzz has found, and how it is told."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

MOST_GROWTH_KB = 32 * 1024  # of a process, after its first portion


@dataclass(kw_only=True)
class Findings:
    """`peaks` has each process's largest memory, in KB, after each portion of its inputs."""

    inputs: int = 0
    results: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds
    slowest_input: str = ""
    peaks: dict[int, list[int]] = field(default_factory=dict)
    offence: str | None = None
    culprit: bytes = b""

    def add(self, other: Findings) -> None:
        self.inputs += other.inputs
        self.results += other.results
        self.note_time(other.slowest, other.slowest_input)
        for process, peaks in other.peaks.items():
            self.peaks.setdefault(process, []).extend(peaks)
        if other.offence is not None:
            self.offence, self.culprit = other.offence, other.culprit

    def note_time(self, seconds: float, name: str) -> None:
        if seconds > self.slowest:
            self.slowest, self.slowest_input = seconds, name

    @property
    def growth_kb(self) -> int:
        return max((peaks[-1] - peaks[0] for peaks in self.peaks.values()), default=0)

    def judge_growth(self) -> None:
        """Memory that grows is an offence of no single input."""
        if self.offence is None and self.growth_kb > MOST_GROWTH_KB:
            self.offence = f"memory grew by {self.growth_kb} KB"

    def tell(self, seed: int) -> int:
        """Print all of it; the exit status."""
        print(f"seed {seed}: {self.inputs:,} inputs")
        for result, count in sorted(self.results.items()):
            print(f"  {count:>9,} {result}")
        print(f"  slowest: {self.slowest * 1000:.1f} ms, {self.slowest_input}")
        print(f"  memory grew by {self.growth_kb:,} KB")
        if self.offence is None:
            print("nothing found")
            return 0
        print(f"FAILED: {self.offence}")
        if self.culprit:
            file = Path(tempfile.gettempdir()) / f"fuzz-{seed}.json"
            file.write_bytes(self.culprit)
            print(f"The delivery is in {file}")
        return 1
