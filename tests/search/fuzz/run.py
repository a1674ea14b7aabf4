"""`make fuzz`: hostile inputs without end, in process and over real HTTP.

    PYTHONPATH=. python tests/search/fuzz/run.py --inputs 1000000 --seed 7

Prints what became of them, and the seed that makes the same ones again. Exits 1, with the
culprit in a file, if an input raises what is not declared, takes over 100 ms, is answered with a
5xx, holds up the event loop, or shows a secret; or if the memory of a process grows.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from tests.search.fuzz.checks import (
    TIME_LIMIT,
    Offence,
    ShortLogs,
    take_delivery,
    take_search,
    take_settings,
    timed,
)
from tests.search.fuzz.findings import Findings
from tests.search.fuzz.odd.deliveries import OddDeliveries
from tests.search.fuzz.odd.settings import OddSettings
from tests.search.fuzz.odd.words import OddWords
from tests.search.fuzz.served_channel import ServedChannel, served_channel

PORTION = 10_000  # inputs with one seed
AT_ONCE = 8  # requests


def fuzz_portion(seed: int, inputs: int) -> Findings:
    """Check so many inputs in this process, up to the first offence."""
    logs = ShortLogs()
    with _logging_to(logs):
        return _fuzz_portion(seed, inputs, logs)


def _fuzz_portion(seed: int, inputs: int, logs: ShortLogs) -> Findings:
    random, findings = Random(seed), Findings()
    deliveries, settings, words = OddDeliveries(random), OddSettings(random), OddWords(random)
    kinds: dict[str, tuple[Any, Any]] = {
        "delivery": (deliveries.delivery, take_delivery),
        "settings": (settings.section, take_settings),
        "keywords": (words.search, take_search),
    }
    for number in range(inputs):
        name = random.choices(list(kinds), weights=(8, 1, 1))[0]
        make, take = kinds[name]
        given = make()
        try:
            results, seconds = timed(take, given)
            if logs.offence is not None:
                raise Offence(logs.offence)
        except Offence as offence:
            findings.offence = f"{name} {number} of seed {seed} {offence}"
            findings.culprit = given if isinstance(given, bytes) else b""
            break
        findings.inputs += 1
        findings.results += results
        findings.note_time(seconds, f"{name} {number} of seed {seed}")
    findings.peaks[os.getpid()] = [_peak_kb()]
    return findings


def fuzz_in_process(seed: int, inputs: int, processes: int) -> Iterator[Findings]:
    """The findings of each portion; the processes share them."""
    portions = [min(PORTION, inputs - start) for start in range(0, inputs, PORTION)]
    with ProcessPoolExecutor(processes) as pool:
        try:
            yield from pool.map(fuzz_portion, range(seed, seed + len(portions)), portions)
        finally:
            pool.shutdown(cancel_futures=True)


async def fuzz_over_http(channel: ServedChannel, seed: int, requests: int) -> Findings:
    """Deliver so many to the channel, AT_ONCE at a time, up to the first 5xx."""
    findings, deliveries, logs = Findings(), OddDeliveries(Random(seed)), ShortLogs()
    peaks = findings.peaks.setdefault(os.getpid(), [])

    async def deliver() -> None:
        while findings.inputs < requests and findings.offence is None:
            findings.inputs += 1
            if findings.inputs * 4 in (requests, requests * 4):
                peaks.append(_peak_kb())
            body = deliveries.delivery()
            status = await channel.delivers(body)
            findings.results[f"HTTP {status}"] += 1
            if status not in (200, 400):
                findings.offence, findings.culprit = f"a delivery was answered {status}", body

    gc.freeze()  # what this process has imported is much, and not the channel's
    with _logging_to(logs):
        watching = asyncio.create_task(_watch_turns(findings))
        await asyncio.gather(*(deliver() for _ in range(AT_ONCE)))
        watching.cancel()
    findings.offence = findings.offence or logs.offence
    return findings


async def _watch_turns(findings: Findings) -> None:
    """Find turns of the event loop that leave all others waiting; the processor's time counts."""
    while findings.offence is None:
        begun, worked = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0.001)
        if time.perf_counter() - begun > TIME_LIMIT.total_seconds():
            worked = time.thread_time() - worked
            findings.note_time(worked, "turn of the event loop")
            if worked > TIME_LIMIT.total_seconds():
                findings.offence = f"the event loop was held up for {worked * 1000:.0f} ms"


async def _serve_and_fuzz(seed: int, requests: int) -> Findings:
    with _logging_to(ShortLogs()), tempfile.TemporaryDirectory() as directory:
        async with served_channel(Path(directory)) as channel:
            return await fuzz_over_http(channel, seed, requests)


@contextmanager
def _logging_to(handler: logging.Handler) -> Iterator[None]:
    """All that the channel logs goes only to this handler, for as long as this lasts."""
    channel = logging.getLogger("channels")
    before = channel.handlers, channel.propagate, channel.level
    channel.handlers, channel.propagate = [handler], False
    channel.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        channel.handlers, channel.propagate = before[:2]
        channel.setLevel(before[2])


def _peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> int:
    options = _options()
    begun, findings = time.monotonic(), Findings()
    for portion in fuzz_in_process(options.seed, options.inputs, options.processes):
        findings.add(portion)
        if findings.offence or time.monotonic() - begun > options.minutes * 60:
            break
    print(f"{findings.inputs:,} in process, within {time.monotonic() - begun:.0f} s")
    if findings.offence is None:
        findings.add(asyncio.run(_serve_and_fuzz(options.seed, options.requests)))
    findings.judge_growth()
    return findings.tell(options.seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs in process")
    parser.add_argument("--requests", type=int, default=5_000, help="deliveries over HTTP")
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**9))
    parser.add_argument("--minutes", type=float, default=30.0, help="when to stop in process")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
