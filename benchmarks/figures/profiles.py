"""Where a process spends its processor time, function by function, in each of our own threads.

cProfile counts each thread's processor time, so waiting costs nothing. It makes small functions
look more expensive than they are: the shares count, not the times. Garbage may be collected in the
middle of any function; the time for that is counted separately.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

_STORE_THREAD = "handover-store"
_TOP = 12  # functions that are shown
_LEAST_SHARE = 0.01  # for a package to be shown
_ROOT = f"{Path(__file__).parents[2]}/"
_INSTALLED = re.compile(r".*/site-packages/")
_STANDARD = re.compile(r".*/python3\.\d+/")
_COMPILED = "~"  # what pstats gives as the file of a function that has none

_Function = tuple[str, int, str]


class Collections(msgspec.Struct):
    """Garbage collections so far, in seconds of processor time."""

    taken: float = 0.0
    longest: float = 0.0
    _began_at: float = 0.0

    def __call__(self, phase: str, _: dict[str, int]) -> None:
        """What `gc.callbacks` calls."""
        now = time.thread_time()
        if phase == "start":
            self._began_at = now
            return
        self.taken += now - self._began_at
        self.longest = max(self.longest, now - self._began_at)


class Profiler:
    """Profiles the calling thread, and the store's thread if it is started meanwhile."""

    def __init__(self) -> None:
        self._profiles: list[cProfile.Profile] = []
        self._collections = Collections()

    def start(self) -> None:
        gc.callbacks.append(self._collections)
        threading.setprofile(self._on_first_call)
        self._add()

    def stop(self, file: Path) -> None:
        """Write what all threads did to the file, and to one beside it."""
        self._profiles[0].disable()
        threading.setprofile(None)
        gc.callbacks.remove(self._collections)
        pstats.Stats(*self._profiles).dump_stats(file)
        _beside(file).write_bytes(msgspec.json.encode(self._collections))

    def _add(self) -> None:
        profile = cProfile.Profile(time.thread_time)
        self._profiles.append(profile)
        profile.enable()

    def _on_first_call(self, _: FrameType, __: str, ___: Any) -> None:
        """Called in a new thread: from here on its own profile takes over, if it has one."""
        threading.setprofile(self._on_first_call)
        if threading.current_thread().name == _STORE_THREAD:
            self._add()


@contextmanager
def profiled(file: Path) -> Iterator[None]:
    """Profile what happens in the context."""
    profiler = Profiler()
    profiler.start()
    try:
        yield
    finally:
        profiler.stop(file)


def top_functions(file: Path) -> tuple[str, ...]:
    """The packages and functions that took most of the processor time, with their shares.

    A function's time excludes the functions that it calls; a package's is that of its functions and
    of the compiled ones that they call.
    """
    stats: dict[_Function, Any] = pstats.Stats(str(file)).stats  # type: ignore[attr-defined]
    own = {function: figures[2] for function, figures in stats.items()}
    whole = sum(own.values()) or 1.0
    packages = {name: taken / whole for name, taken in _by_package(stats).items()}
    collections = msgspec.json.decode(_beside(file).read_bytes(), type=Collections)
    shares = [
        f"{name} {packages[name]:.0%}"
        for name in _dearest(packages)
        if packages[name] >= _LEAST_SHARE
    ]
    return (
        ", ".join(shares),
        _of_collections(collections, whole),
        *(f"{own[function] / whole:.1%} {_name(function)}" for function in _dearest(own)),
    )


def _of_collections(collections: Collections, whole: float) -> str:
    longest_ms = collections.longest * 1_000
    share = f"{collections.taken / whole:.0%}, the longest {longest_ms:.0f} ms"
    return f"garbage collection, in the midst of these: {share}"


def _dearest(taken: dict[Any, float]) -> list[Any]:
    return sorted(taken, key=lambda one: taken[one], reverse=True)[:_TOP]


def _by_package(stats: dict[_Function, Any]) -> dict[str, float]:
    taken: defaultdict[str, float] = defaultdict(float)
    for function, (_, _, own, _, callers) in stats.items():
        if function[0] == _COMPILED and callers:
            for caller, (_, _, own_for_caller, _) in callers.items():
                taken[_package(caller)] += own_for_caller
        else:
            taken[_package(function)] += own
    return taken


def _package(function: _Function) -> str:
    file = function[0]
    if _INSTALLED.match(file) or file.startswith(_ROOT):
        return _shown_file(file).partition("/")[0]
    return "Python's library" if _STANDARD.match(file) else "compiled code"


def _name(function: _Function) -> str:
    file, line, name = function
    return name if file == _COMPILED else f"{_shown_file(file)}:{line} {name}"


def _shown_file(file: str) -> str:
    """A path without this machine's own directories."""
    return _STANDARD.sub("", _INSTALLED.sub("", file)).removeprefix(_ROOT)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.collections")
