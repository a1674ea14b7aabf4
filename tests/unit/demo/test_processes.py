"""The ports that the demo's and the tests' processes are given."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack

import pytest

from demo import processes
from demo.processes import free_port


@pytest.fixture
def two_ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, ...]:
    """There are no more than these, and the first is drawn until it is taken."""
    with ExitStack() as servers:
        listening = [servers.enter_context(socket.create_server(("", 0))) for _ in range(2)]
        ports = tuple(one.getsockname()[1] for one in listening)
    draws = iter([0, 0, 1])
    monkeypatch.setattr(processes, "_PORTS", ports)
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(draws))
    return ports


def test_a_port_is_promised_once_though_nothing_listens_on_it_yet(
    two_ports: tuple[int, ...],
) -> None:
    assert (free_port(), free_port()) == two_ports


def test_a_port_that_another_process_has_been_promised_is_left_alone(
    two_ports: tuple[int, ...],
) -> None:
    promised, other = two_ports
    with socket.socket(type=socket.SOCK_DGRAM) as promise:
        promise.bind(("127.0.0.1", promised))
        assert free_port() == other


def test_a_server_can_listen_on_a_port_that_is_promised() -> None:
    with socket.create_server(("", free_port())) as server:
        assert not processes.is_free(server.getsockname()[1])
