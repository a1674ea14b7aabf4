"""Containers without Docker, by what Docker itself uses: namespaces, and layers of a file system.

It takes root in namespaces of one's own (`unshare --net --mount --pid`), and is gone with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from tests.stack.deploy.compose import HealthCheck, Service
from tests.stack.deploy.images import Image

BRIDGE = "compose0"
NETWORK = "10.77.0"
HOST = f"{NETWORK}.1"
RESTART_PAUSE = timedelta(milliseconds=100)  # Docker's first
LOOK_INTERVAL = timedelta(milliseconds=200)
_SEEN_INSIDE = ("proc", "sys", "dev")


class Network:
    """A bridge on which each container has an address, and each service its containers' ones."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._hosts = directory / "hosts"
        self._count = 1
        for folder in (directory, Path("/run")):
            _run("mount", "-t", "tmpfs", "tmpfs", str(folder))
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", BRIDGE, "type", "bridge")
        _run("ip", "address", "add", f"{HOST}/24", "dev", BRIDGE)
        _run("ip", "link", "set", BRIDGE, "up")
        shutil.copy("/etc/hosts", self._hosts)
        _run("mount", "--bind", str(self._hosts), "/etc/hosts")

    def name(self, name: str, address: str) -> None:
        """Let everybody find `address` by `name`, beside the addresses that have it already."""
        with self._hosts.open("a") as hosts:
            hosts.write(f"{address} {name}\n")

    def join(self, name: str, service: str) -> str:
        """A new address of the service; the container's processes join the network by its name."""
        self._count += 1
        address = f"{NETWORK}.{self._count}"
        _run("ip", "netns", "add", name)
        outer, inner = f"v{self._count}", ("eth0", "netns", name)
        _run("ip", "link", "add", outer, "type", "veth", "peer", "name", *inner)
        _run("ip", "link", "set", outer, "master", BRIDGE, "up")
        _run("ip", "-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            _run("ip", "-n", name, "link", "set", link, "up")
        self.name(service, address)
        return address

    def volume(self, name: str) -> Path:
        """The folder of a volume, which outlives its containers."""
        return self._directory / "volumes" / name

    def root_of(self, container: str) -> Path:
        """A file system of the container's own: this machine's, and what it writes over it."""
        place = self._directory / container
        upper, work, root = (place / part for part in ("upper", "work", "root"))
        for folder in (upper, work, root):
            folder.mkdir(parents=True)
        layers = f"lowerdir=/,upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "overlay", "-o", layers, str(root))
        for seen in _SEEN_INSIDE:
            _run("mount", "--rbind", f"/{seen}", str(root / seen))
        _run("mount", "--bind", str(self._hosts), str(root / "etc" / "hosts"))
        (root / "root").chmod(0o755)  # an interpreter may lie there, and a service not be root
        return root


class Container:
    """One container of a service; what its processes say is added to a file of its name."""

    def __init__(
        self, name: str, service: Service, image: Image, network: Network, logs: Path
    ) -> None:
        self.name = name
        self.service = service
        self.address = network.join(name, service.name)
        self.ends: list[int] = []
        self._image = image
        self._log = logs / f"{name}.log"
        self._root = network.root_of(name)
        self._child: asyncio.subprocess.Process | None = None
        self._supervising: asyncio.Task[None] | None = None
        self._fill(network)

    def write(self, place: str, content: bytes) -> None:
        """Lay a file into its file system."""
        _within(self._root, place).write_bytes(content)

    def written(self) -> dict[str, list[str]]:
        """The names of the files in each folder that is a volume or a tmpfs."""
        places = [*self.service.tmpfs, *(one.target for one in self.service.volumes if one.name)]
        return {
            one: sorted(file.name for file in _within(self._root, one).iterdir()) for one in places
        }

    async def start(self) -> None:
        """Start it; from then on it is started again whenever it ends, if the file says so."""
        assert self._child is None
        await self._start()
        self._supervising = asyncio.create_task(self._supervise())

    async def healthy(self, health: HealthCheck) -> None:
        """Return once the health check has passed; asyncio.TimeoutError if it would not in time."""
        await asyncio.wait_for(self._until_healthy(health), health.limit.total_seconds())

    async def checked(self, command: str) -> bool:
        """Whether a command of the shell succeeds in the container."""
        with self._log.open("ab") as log:
            line = self._inside("sh", "-c", command)
            child = await asyncio.create_subprocess_exec(*line, stdout=log, stderr=log)
        return await child.wait() == 0

    async def kill(self) -> None:
        """End it at once (SIGKILL), as a machine does that fails."""
        self._signal(signal.SIGKILL)

    async def stop(self) -> int | None:
        """End it for good, as `docker stop` does; the status it ended with, None if it was killed
        because its time was over."""
        supervising, self._supervising = self._supervising, None
        if supervising is not None:
            supervising.cancel()
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child.pid, signal.SIGTERM)  # only the first process, as Docker does
        try:
            return await asyncio.wait_for(
                self._child.wait(), self.service.stop_grace.total_seconds()
            )
        except asyncio.TimeoutError:
            self._signal(signal.SIGKILL)
            return None

    def _fill(self, network: Network) -> None:
        """Lay what the image, the volumes and tmpfs have into the file system."""
        image, root = self._image, self._root
        _within(root, image.workdir).mkdir(parents=True, exist_ok=True)
        for folder in image.folders:
            _within(root, folder).mkdir(parents=True, exist_ok=True)
            _run("chroot", str(root), "chown", image.user, folder)
        if image.copied is not None:
            shutil.copytree(image.copied, _within(root, image.workdir), dirs_exist_ok=True)
        for step in image.steps:
            _run("chroot", str(root), "sh", "-c", step)
        for place in self.service.tmpfs:
            _within(root, place).mkdir()
        for volume in self.service.volumes:
            target = _within(root, volume.target)
            if volume.source is not None:
                target.touch()
                _mount(volume.source, target, read_only=volume.read_only)
            else:
                assert volume.name is not None
                _mount(_named(network.volume(volume.name), like=target), target)

    async def _start(self) -> None:
        for folder in self.service.tmpfs:
            place = _within(self._root, folder)
            if place.is_mount():
                _run("umount", "--lazy", str(place))  # who was killed may still be going
            _run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", str(place))
        with self._log.open("ab") as log:
            self._child = await asyncio.create_subprocess_exec(
                *self._inside(*self._image.entry, *(self.service.command or self._image.command)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _supervise(self) -> None:
        while True:
            assert self._child is not None
            self.ends.append(await self._child.wait())
            self._signal(signal.SIGKILL)  # a container ends with its first process
            if not self.service.restarts:
                return
            await asyncio.sleep(RESTART_PAUSE.total_seconds())
            await self._start()

    async def _until_healthy(self, health: HealthCheck) -> None:
        while True:
            if await self.checked(health.command):
                return
            await asyncio.sleep(min(health.interval, LOOK_INTERVAL).total_seconds())

    def _inside(self, *command: str) -> Sequence[str]:
        network = ("nsenter", f"--net=/run/netns/{self.name}")
        root = ("chroot", f"--userspec={self._image.user}", str(self._root))
        return (
            *network,
            *root,
            "env",
            "-i",
            f"--chdir={self._image.workdir}",
            *self._variables,
            *command,
        )

    @property
    def _variables(self) -> Sequence[str]:
        both: Mapping[str, str] = {**self._image.environment, **self.service.environment}
        return [f"{name}={value}" for name, value in both.items()]

    def _signal(self, number: signal.Signals) -> None:
        assert self._child is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


def _named(folder: Path, *, like: Path) -> Path:
    """A volume's folder; a new one has the owner that its place has in the image."""
    if not folder.exists():
        folder.mkdir(parents=True)
        if like.exists():
            os.chown(folder, like.stat().st_uid, like.stat().st_gid)
    return folder


def _mount(source: Path, target: Path, *, read_only: bool = False) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    _run("mount", "--bind", str(source), str(target))
    if read_only:
        _run("mount", "-o", "remount,bind,ro", str(target))


def _within(root: Path, place: str) -> Path:
    return root / place.removeprefix("/")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
