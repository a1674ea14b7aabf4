"""What the files of `deploy/` say, done without Docker: commands, environments, health, order.

What only Docker can show is not run: docs/many-machines.md lists it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from demo.stack import MODEL, PROJECT
from tests.stack.deploy.rehearsal import CHANNEL, USERS, counters

CONNECTING = "I'm connecting you to a person. They will answer you here."
BACK = "As you asked, you are back with the bot."
ASKED = "How was the chat with our team?"
NAMESPACES = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
PROGRAMS = ("unshare", "nsenter", "ip", "caddy")
# What the rehearsal asks of the kernel, each once: a container's machine may keep it from root.
PROBE = """
set -e
mount -t tmpfs tmpfs /mnt
mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
ip link add probe type bridge
ip link add outer type veth peer name inner
mount -t tmpfs tmpfs /run
ip netns add probe
"""
OUTSIDE = {
    "/": 404,
    "/version": 404,
    f"{CHANNEL}/": 404,
    f"{CHANNEL}/health": 404,
    f"{CHANNEL}/metrics": 404,
    f"{CHANNEL}/webhook": 403,
    f"{CHANNEL}/handovers/": 200,
    f"{CHANNEL}/handovers": 401,
}

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]


def rehearsed(directory: Path, file: str, *options: str) -> dict[str, Any]:
    """What has happened when it was done."""
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        _left_out(f"{' and '.join(missing)} is missing; on Debian: apt-get install caddy iproute2")
    if os.geteuid() != 0:
        _left_out("only root may make the namespaces")
    probe = subprocess.run(
        [*NAMESPACES, "sh", "-c", PROBE], capture_output=True, check=False, text=True
    )
    if probe.returncode != 0:
        pytest.skip(f"this machine lets nobody make the namespaces: {probe.stderr.strip()}")
    if not MODEL.exists():
        pytest.fail("There is no trained model; run these tests with `make test`.")
    places = {name: directory / name for name in ("containers", "logs")}
    for place in places.values():
        place.mkdir()
    done = subprocess.run(
        [
            *(*NAMESPACES, sys.executable, "-m", "tests.stack.deploy.rehearsal", file, *options),
            *("--directory", str(places["containers"]), "--logs", str(places["logs"])),
        ],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        pytest.fail(f"{done.stderr}\n{_logs(places['logs'])}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _left_out(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _logs(directory: Path) -> str:
    ends = (f"{log.name}:\n{log.read_text()[-2000:]}" for log in sorted(directory.glob("*.log")))
    return "\n".join(ends)


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return rehearsed(tmp_path_factory.mktemp("replicas"), "deploy/compose.yml", "--scale", "rasa=2")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return rehearsed(tmp_path_factory.mktemp("one"), "deploy/small/compose.yml")


def all_said_once(seen: dict[str, Any]) -> bool:
    return all(
        [said.count(words) for words in (CONNECTING, BACK, ASKED)] == [1, 1, 1]
        for said in seen["said"].values()
    )


class TestReplicas:
    def test_rasa_is_started_when_its_stores_are_healthy(self, replicas: dict[str, Any]) -> None:
        order = replicas["order"]
        healthy = max(order.index(f"{name}-1 is healthy") for name in ("postgres", "redis"))
        assert healthy < min(order.index("rasa-1"), order.index("rasa-2"))

    def test_the_proxy_lets_only_meta_and_operators_through(self, replicas: dict[str, Any]) -> None:
        assert replicas["outside"] == OUTSIDE
        assert replicas["with token"] == 200

    def test_a_replica_that_is_killed_stops_no_handover(self, replicas: dict[str, Any]) -> None:
        assert len(replicas["said"]) == len(USERS)
        assert all_said_once(replicas), replicas["said"]

    def test_the_workers_of_each_replica_share_their_figures(
        self, replicas: dict[str, Any]
    ) -> None:
        assert [len(counters(one)) for one in replicas["written"].values()] == [2, 2]
        assert sum(replicas["ended"].values()) == len(USERS)

    def test_each_service_stops_in_its_time(self, replicas: dict[str, Any]) -> None:
        assert None not in replicas["ends"].values()
        assert len(replicas["ends"]) == 6


@pytest.mark.deep
class TestOneContainer:
    def test_the_proxy_lets_only_meta_and_operators_through(self, one: dict[str, Any]) -> None:
        assert one["outside"] == OUTSIDE
        assert one["with token"] == 200

    def test_nothing_is_lost_when_the_container_is_killed(self, one: dict[str, Any]) -> None:
        assert len(one["said"]) == len(USERS)
        assert all_said_once(one), one["said"]

    def test_all_that_is_kept_lies_on_the_volume(self, one: dict[str, Any]) -> None:
        assert {"handover.db", "tracker.db"} <= set(one["written"]["rasa-1"]["/data"])

    def test_it_passes_its_own_health_check(self, one: dict[str, Any]) -> None:
        assert one["healthy"] == ["rasa-1"]

    def test_each_service_stops_in_its_time(self, one: dict[str, Any]) -> None:
        assert one["ends"] == {"rasa-1": 0, "proxy-1": 0}
