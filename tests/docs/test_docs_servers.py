"""What the documentation shows of nginx and systemd, by the programs that read it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from demo.processes import free_port
from tests.support.documents import examples

PAGE = "docs/going-live.md"


class Bot(BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Not into the tests' output."""


@pytest.fixture
def bot() -> Iterator[int]:
    """The port of a server that answers everything."""
    server = HTTPServer(("127.0.0.1", 0), Bot)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def nginx(locations: str, directory: Path) -> Iterator[str]:
    """The URL of an nginx with these locations, which is up."""
    port = free_port()
    settings = directory / "nginx.conf"
    settings.write_text(
        f"pid {directory}/pid; error_log {directory}/log; events {{}}\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port};\n{locations}}} }}\n"
    )
    command = ["nginx", "-c", str(settings), "-e", f"{directory}/log"]
    subprocess.run(command, check=True)  # it is up once it has gone into the background
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        subprocess.run([*command, "-s", "stop"], check=True)


def status(url: str) -> int:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - it is our own
            return int(answer.status)
    except HTTPError as error:
        return error.code


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not here")
def test_nginx_lets_through_the_webhook_and_the_operator_api_alone(
    bot: int, tmp_path: Path
) -> None:
    [shown] = examples(PAGE, "A proxy", "nginx")
    locations = shown.replace("127.0.0.1:5005", f"127.0.0.1:{bot}")
    with nginx(locations, tmp_path) as url:
        open_ones = ["/webhook", "/handovers", "/handovers/", "/handovers/24870165432109876"]
        assert [status(f"{url}/webhooks/facebook{one}") for one in open_ones] == [200] * 4
        closed = ["/", "/model", "/webhooks/facebook/metrics", "/webhooks/facebook/health"]
        assert [status(f"{url}{one}") for one in closed] == [404] * 4


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_nothing_wrong_in_the_unit(tmp_path: Path) -> None:
    [shown] = examples(PAGE, "A service", "ini")
    program = tmp_path / ".venv" / "bin" / "rasa"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    unit = tmp_path / "bot.service"
    unit.write_text(shown.replace("/srv/bot", str(tmp_path)))
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
