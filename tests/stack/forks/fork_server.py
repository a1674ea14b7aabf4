"""`python fork_server.py`: starts commands without the seconds that Rasa's imports take.

It imports Rasa, TensorFlow and the plugin once, and then forks a child for each command. The child
leads a session of its own and runs a module as `python -m` would: all but the imports is a real
start, and SIGKILL ends it as it would end any process. Nothing that runs (threads, loops,
connections, TensorFlow sessions) is there yet when it forks.

Commands come on standard input, one JSON object a line: `module`, `arguments`, `environment`,
`directory` and `log`, the file that gets the output. Answers go to standard output:
`{"ready": true}` once, `{"started": pid}` for each command in their order, and
`{"ended": pid, "status": …}` for each child. When standard input ends, so do all children and the
server.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import runpy
import selectors
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

# Of a command's environment.
CLOCK_AHEAD = "FORKED_CLOCK_AHEAD"  # seconds
LEASE = "FORKED_LEASE"  # seconds
IMPORTS = (
    "skops.io",  # it looks through all modules that are there, which is quick while they are few
    "rasa.__main__",
    "rasa.core.run",
    "rasa.core.train",
    "rasa.engine.recipes.default_recipe",
    "rasa.engine.runner.dask",
    "rasa.engine.training.graph_trainer",
    "rasa.engine.validation",
    "rasa.model_training",
    "rasa_sdk.__main__",
    "psycopg2",
    "channels.messenger",
)


class Children:
    """The commands that run, each in a process group of its own."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self._pids: set[int] = set()

    def start(self, command: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            _run(command, self._answers)
        self._pids.add(pid)
        self.tell(started=pid)

    def reap(self) -> None:
        """Tell of all children that have ended since the last look."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._pids.discard(pid)
                self.tell(ended=pid, status=os.waitstatus_to_exitcode(status))

    def kill(self) -> None:
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def tell(self, **answer: object) -> None:
        os.write(self._answers, json.dumps(answer).encode() + b"\n")


def _run(command: dict[str, Any], answers: int) -> NoReturn:
    """What a child does instead of `python -m <module>`; it never returns."""
    status = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(answers)
        _redirect(command["log"])
        os.chdir(command["directory"])
        os.environ.update(command["environment"])
        _set_clock_ahead(timedelta(seconds=float(os.environ.get(CLOCK_AHEAD, "0"))))
        if LEASE in os.environ:
            _shorten_leases(timedelta(seconds=float(os.environ[LEASE])))
        sys.argv = [command["module"], *command["arguments"]]
        sys.modules.pop(f"{command['module']}.__main__", None)  # it is to run, not to be imported
        runpy.run_module(command["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _redirect(log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)


def _shorten_leases(lease: timedelta) -> None:
    """Let the claims of a killed worker expire sooner than after `CLAIM_LEASE`.

    A run that may last a minute and a half can't wait a minute for each of them.
    """
    plugin = [module for name, module in sys.modules.items() if name.startswith("channels.")]
    factor = lease / sys.modules["channels.store.protocol"].CLAIM_LEASE
    for module in plugin:
        for name in ("CLAIM_LEASE", "LEASE_MARGIN", "RENEWAL_INTERVAL", "RETURN_GRACE"):
            if hasattr(module, name):
                setattr(module, name, getattr(module, name) * factor)


def _set_clock_ahead(ahead: timedelta) -> None:
    """Let this process have another machine's clock, which differs from the others'."""
    system_clock = sys.modules["channels.instruments.clock"].SystemClock
    wall = system_clock.wall
    system_clock.wall = lambda clock: wall(clock) + ahead


def serve(answers: int) -> None:
    """Start what standard input asks for, until it ends."""
    children = Children(answers)
    wakeup, interrupt = os.pipe()
    os.set_blocking(wakeup, False)
    os.set_blocking(interrupt, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(interrupt)
    sources = selectors.DefaultSelector()
    sources.register(sys.stdin.fileno(), selectors.EVENT_READ)
    sources.register(wakeup, selectors.EVENT_READ)
    children.tell(ready=True)
    asked = b""
    while True:
        for key, _ in sources.select():
            if key.fd == wakeup:
                os.read(wakeup, 4096)
                children.reap()
                continue
            read = os.read(key.fd, 65536)
            if not read:
                children.kill()
                return
            *lines, asked = (asked + read).split(b"\n")
            for line in lines:
                children.start(json.loads(line))


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what an import prints is no answer
    sys.path.insert(0, str(Path.cwd()))
    for module in IMPORTS:
        importlib.import_module(module)
    logging.getLogger().__class__ = logging.RootLogger  # skops imports what makes another of it
    gc.freeze()  # a collection in a child would otherwise copy all that was imported
    serve(answers)


if __name__ == "__main__":
    main()
