"""What of the demo's logs is shown in the terminal, and what `rasa train` is let say."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from demo.live import taken
from demo.news import News
from demo.train import is_news

QUIET = "2026-11-29 10:00:00 INFO     root  - Rasa server is up and running.\n"
WARNING = "2026-11-29 10:00:01 WARNING  channels.dialogue.output  - utter_x was not sent\n"
ERROR = "2026-11-29 10:00:02 ERROR    rasa.core.actions.action  - Failed to run custom action\n"
TRACEBACK = "Traceback (most recent call last):\n  File x\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "rasa.log"


def test_warnings_and_errors_are_news_with_what_belongs_to_them(log: Path) -> None:
    log.write_text(QUIET + WARNING + QUIET + ERROR + TRACEBACK + QUIET)
    told = "\n".join(News(log).lines()) + "\n"
    assert told == WARNING + ERROR + TRACEBACK


def test_each_line_is_told_once_and_whole(log: Path) -> None:
    news = News(log)
    assert news.lines() == []
    log.write_text(WARNING[:40])
    assert news.lines() == []
    log.write_text(WARNING)
    assert news.lines() == [WARNING.rstrip("\n")]
    assert news.lines() == []


def test_what_libraries_deprecate_and_the_channels_own_intents_are_no_news() -> None:
    listed = "The intent '{}' is listed in the domain file, but not in the NLU training data."
    assert not is_news("setParseAction deprecated", DeprecationWarning)
    assert not is_news(listed.format("handover_ended"), UserWarning)
    assert not is_news(listed.format("rate_good"), UserWarning)
    assert is_news(listed.format("order_pizza"), UserWarning)


def test_a_port_that_is_taken_is_found_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert taken(port) == port
        assert taken(port - 1) in (port - 1, port)
    assert taken(0) is None
