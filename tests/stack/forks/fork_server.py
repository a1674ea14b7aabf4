"""`python fork_server.py LOCK`: starts commands without the seconds that Rasa's imports take.

It imports Rasa, TensorFlow and the plugin once, and then forks a child for each command. The child
leads a session of its own and runs a module as `python -m` would: all but the imports is a real
start, and SIGKILL ends it as it would end any process. Nothing that runs (threads, loops,
connections, TensorFlow sessions) is there yet when it forks.

Standard input is a Unix socket that listens. Whoever connects (holding LOCK) sends commands, one
JSON object a line: `module`, `arguments`, `environment`, `directory` and `log`, the file that gets
the output. The answers: `{"ready": true}` once, `{"started": pid}` for each command in their
order, and `{"ended": pid, "status": …}` for each child. When one sends no more, its children are
killed, and the connection ends with them; when there is no connection left, so does the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import inspect
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

# Of a command's environment.
CLOCK_AHEAD = "FORKED_CLOCK_AHEAD"  # seconds
LEASE = "FORKED_LEASE"  # seconds
LOCK_LIFETIME = "TICKET_LOCK_LIFETIME"  # Rasa's own, seconds
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


class Client:
    """Who has connected, and the commands that run for it, each in a process group of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.pids: set[int] = set()
        self.is_leaving = False
        self._asked = b""
        self.tell(ready=True)

    def read(self) -> list[dict[str, Any]]:
        """The commands that have come; when no more will, its children are killed."""
        read = self.connection.recv(65536)
        if not read:
            self._leave()
        *lines, self._asked = (self._asked + read).split(b"\n")
        return [json.loads(line) for line in lines]

    def tell(self, **answer: object) -> None:
        with contextlib.suppress(OSError):  # it is gone, which reading will tell
            self.connection.sendall(json.dumps(answer).encode() + b"\n")

    def _leave(self) -> None:
        self.is_leaving = True
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)  # it may lead no group yet
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


class Server:
    """It forks for all clients that there are; `listening` is where they connect."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._clients: list[Client] = []
        self._sources = selectors.DefaultSelector()
        self._sources.register(listening, selectors.EVENT_READ, self._accept)
        self._hear_of_children()

    def serve(self, lock: Path) -> None:
        """Start what the clients ask for, until the last of them has left.

        Whoever connects holds the lock meanwhile.
        """
        while self._clients or self._is_wanted(lock):
            for key, _ in self._sources.select():
                key.data()
            for client in [one for one in self._clients if one.is_leaving and not one.pids]:
                self._clients.remove(client)
                client.connection.close()

    def _is_wanted(self, lock: Path) -> bool:
        """Whether somebody has connected; if not, nobody can any more."""
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            is_wanted = bool(self._sources.select(timeout=0))
            if not is_wanted:
                self._listening.close()
        return is_wanted

    def _hear_of_children(self) -> None:
        wakeup, interrupt = os.pipe()
        os.set_blocking(wakeup, False)
        os.set_blocking(interrupt, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(interrupt)
        self._sources.register(wakeup, selectors.EVENT_READ, lambda: self._reap(wakeup))

    def _accept(self) -> None:
        connection, _ = self._listening.accept()
        client = Client(connection)
        self._clients.append(client)
        self._sources.register(connection, selectors.EVENT_READ, lambda: self._do_for(client))

    def _do_for(self, client: Client) -> None:
        for command in client.read():
            pid = os.fork()
            if pid == 0:
                self._forget()
                _run(command)
            client.pids.add(pid)
            client.tell(started=pid)
        if client.is_leaving:
            self._sources.unregister(client.connection)

    def _forget(self) -> None:
        """In a child: a connection ends when the server does, whoever lives on."""
        self._sources.close()
        self._listening.close()
        for client in self._clients:
            client.connection.close()

    def _reap(self, wakeup: int) -> None:
        """Tell of all children that have ended since the last look."""
        os.read(wakeup, 4096)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                (client,) = (one for one in self._clients if pid in one.pids)
                client.pids.remove(pid)
                client.tell(ended=pid, status=os.waitstatus_to_exitcode(status))


def _run(command: dict[str, Any]) -> NoReturn:
    """What a child does instead of `python -m <module>`; it never returns."""
    status = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _redirect(command["log"])
        os.chdir(command["directory"])
        os.environ.update(command["environment"])
        _seem_imported_with(os.environ)
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


def _seem_imported_with(environment: Mapping[str, str]) -> None:
    """Let modules be as if they had been imported with this environment, or with what it asks of
    this file.
    """
    if CLOCK_AHEAD in environment:
        _set_clock_ahead(timedelta(seconds=float(environment[CLOCK_AHEAD])))
    if LEASE in environment:
        _shorten_leases(timedelta(seconds=float(environment[LEASE])))
    if LOCK_LIFETIME in environment:
        _shorten_locks(int(environment[LOCK_LIFETIME]))
    values: Any = sys.modules["prometheus_client.values"]
    values.ValueClass = values.get_value_class()


def _shorten_locks(lifetime: int) -> None:
    """Let Rasa's locks expire so soon; it asks its environment when it is imported."""
    store = sys.modules["rasa.core.lock_store"].LockStore
    store.issue_ticket.__defaults__ = (lifetime,)
    lock = inspect.unwrap(store.lock)
    lock.__defaults__ = (lifetime, *lock.__defaults__[1:])


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


def main() -> None:
    if os.fork():  # who has started it need not wait for its end
        os._exit(0)
    listening = socket.socket(fileno=os.dup(0))
    os.dup2(2, 1)
    sys.path.insert(0, str(Path.cwd()))
    for module in IMPORTS:
        importlib.import_module(module)
    logging.getLogger().__class__ = logging.RootLogger  # skops imports what makes another of it
    gc.freeze()  # a collection in a child would otherwise copy all that was imported
    Server(listening).serve(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
