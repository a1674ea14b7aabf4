"""What is outside of the containers: Meta at its own address, and an authority for HTTPS."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from pathlib import Path

import msgspec
from msgspec.structs import replace

from demo.platform import EmulatedPlatform
from demo.processes import START_LIMIT, Process
from demo.stack import PROJECT
from emulator.platform.state.config import default_config
from emulator.platform.state.models import DeliverySettings
from tests.stack.deploy.containers import HOST, LOOK_INTERVAL, Network

DOMAIN = "bot.localhost"  # Caddy asks its own authority for a certificate of such a name
GRAPH = "graph.facebook.com"
REPEATED_AFTER_MS = (0, *[1_000] * 120)  # what was not taken; Meta goes on for hours
EMULATOR = "http://127.0.0.1:8600"
_CADDYFILE = f"""
{{
	admin off
	skip_install_trust
	auto_https disable_redirects
}}
{GRAPH} {{
	tls internal
	reverse_proxy {EMULATOR.removeprefix("http://")}
}}
"""


class Outside:
    """The emulator as Meta; a person's hands on it are `platform`."""

    def __init__(self, directory: Path, network: Network) -> None:
        self._directory = directory
        self._network = network
        self._caddy = Process("meta", directory=directory, log=directory / "meta.log")
        self._emulator = Process("emulator", directory=PROJECT, log=directory / "emulator.log")
        self.platform = EmulatedPlatform(EMULATOR)

    @property
    def authority(self) -> Path:
        """The certificate of the authority that signs for Meta, and for the containers' Caddy."""
        return self._authority / "authorities" / "local" / "root.crt"

    async def start(self) -> None:
        """Start Meta; the volume `certificates` gets the authority's key."""
        config = self._directory / "emulator.json"
        patient = DeliverySettings(retry_after_ms=REPEATED_AFTER_MS)
        config.write_bytes(msgspec.json.encode(replace(default_config(), delivery=patient)))
        command = [sys.executable, "-m", "emulator", "--config", str(config)]
        await self._emulator.start(command, {"SSL_CERT_FILE": str(self.authority)})
        caddyfile = self._directory / "Caddyfile"
        caddyfile.write_text(_CADDYFILE)
        serve = ["caddy", "run", "--config", str(caddyfile), "--adapter", "caddyfile"]
        await self._caddy.start(serve, {"XDG_DATA_HOME": str(self._directory)})
        await self._emulator.answers(f"{EMULATOR}/_emulator/config")
        await asyncio.to_thread(_until_there, self.authority)
        self._network.name(GRAPH, HOST)
        shutil.copytree(self._authority, self._network.volume("certificates") / "caddy" / "pki")
        await self.platform.open(bot_webhook=f"https://{DOMAIN}/webhooks/facebook/webhook")

    async def stop(self) -> None:
        await self.platform.close()
        await self._caddy.stop()
        await self._emulator.stop()

    @property
    def _authority(self) -> Path:
        return self._directory / "caddy" / "pki"


def _until_there(file: Path) -> None:
    deadline = time.monotonic() + START_LIMIT.total_seconds()
    while not file.exists():
        assert time.monotonic() < deadline, f"there is no {file}"
        time.sleep(LOOK_INTERVAL.total_seconds())
