"""The benchmarks' own end of the wire: messages put together, sends limited, signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from benchmarks.material.deliveries import SECRET, WEBHOOK, Kind, request
from benchmarks.processes.graph_stub import RateLimit
from benchmarks.processes.http_messages import HttpMessage, HttpReader, answer

PARTS = answer("200 OK", b'{"success": true}')


@pytest.mark.parametrize("cut", range(1, len(PARTS)))
def test_a_message_is_complete_wherever_it_was_cut(cut: int) -> None:
    reader = HttpReader()
    assert reader.feed(PARTS[:cut]) is None
    head, _, body = PARTS.partition(b"\r\n\r\n")
    assert reader.feed(PARTS[cut:]) == HttpMessage(b"HTTP/1.1 200 OK", head, body)


def test_a_reader_begins_again_after_each_message() -> None:
    reader = HttpReader()
    first, second = (answer("200 OK", body) for body in (b"1", b"2"))
    messages = [reader.feed(first), reader.feed(second)]
    assert [message.body for message in messages if message] == [b"1", b"2"]


def test_a_rate_limit_admits_so_many_in_any_second() -> None:
    limit = RateLimit(2)
    assert [limit.admits(now) for now in (0.0, 0.5, 0.9, 1.0, 1.4, 1.5)] == [
        *(True, True, False),
        *(True, False, True),
    ]


def test_without_a_rate_limit_everything_is_admitted() -> None:
    assert all(RateLimit(None).admits(0.0) for _ in range(1000))


@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.STANDBY])
def test_a_delivery_is_signed_over_its_body(kind: Kind) -> None:
    sent = request(kind, 1, user="2000000001", text="hello", age=timedelta())
    head, body = sent.split(b"\r\n\r\n")
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert head.startswith(f"POST {WEBHOOK} HTTP/1.1".encode())
    assert f"X-Hub-Signature-256: sha256={signature}".encode() in head
    assert json.loads(body)["entry"][0][kind.value][0]["message"]["text"] == "hello"
