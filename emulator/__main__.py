"""`python -m emulator --port 8600`: serve until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import msgspec

from .platform.state.config import ConfigError, default_config, load_config
from .platform.state.models import Config
from .server import running


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator; returns the exit status: 2 for a configuration that cannot be used, 1 for
    an address that is taken.
    """
    options = _parser().parse_args(arguments)
    try:
        config = _config(options.config, options.webhook)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        asyncio.run(_serve(config, options.host, options.port))
    except OSError as error:
        print(
            f"Cannot serve on {options.host}:{options.port}: {error}. Choose another port "
            "with --port.",
            file=sys.stderr,
        )
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="emulator", description="A local Messenger Platform.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8600, help="0 takes a free one (%(default)s)")
    parser.add_argument(
        "--config",
        type=Path,
        help="JSON file: page, apps, instagram, users, routing, switches, delivery, desk",
    )
    parser.add_argument("--webhook", help="callback URL of the first app, the bot")
    return parser


def _config(path: Path | None, webhook: str | None) -> Config:
    config = load_config(path) if path else default_config()
    if webhook is None:
        return config
    bot, *others = config.apps
    bot = msgspec.structs.replace(bot, webhook=webhook)
    return msgspec.structs.replace(config, apps=(bot, *others))


async def _serve(config: Config, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with running(config, host=host, port=port) as url:
        print(f"emulator listening on {url}", flush=True)
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
