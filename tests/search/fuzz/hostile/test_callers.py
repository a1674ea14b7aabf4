"""Callers who are not Meta and no operator, over real HTTP on a Sanic server."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.operators import guesses
from tests.search.fuzz.raw_requests import PATH, delivery, message, request
from tests.search.fuzz.served_channel import ADMIN, ServedChannel, signed


class TestSignatures:
    @pytest.mark.parametrize(
        "header",
        [b"", b"sha256=", b"sha256=\xff\xfe", b"sha256=" + b"0" * 64, b"x" * 7000, b"\xc3\xa4"],
    )
    async def test_a_delivery_that_the_app_has_not_signed_is_refused(
        self, channel: ServedChannel, user: str, header: bytes
    ) -> None:
        body = delivery(message(user, "forged"))
        length = b"Content-Length: %d" % len(body)
        signature = b"X-Hub-Signature-256: " + header
        assert await channel.answers(request("POST", PATH, length, signature, body=body)) == 403
        assert channel.agent.heard[user] == []

    async def test_the_first_of_two_signatures_counts(
        self, channel: ServedChannel, user: str
    ) -> None:
        body = delivery(message(user, "hello"))
        length = b"Content-Length: %d" % len(body)
        right = f"X-Hub-Signature-256: {signed(body)['X-Hub-Signature-256']}".encode()
        wrong = b"X-Hub-Signature-256: sha256=" + b"0" * 64
        assert await channel.answers(request("POST", PATH, length, wrong, right, body=body)) == 403
        assert await channel.answers(request("POST", PATH, length, right, wrong, body=body)) == 200

    @pytest.mark.parametrize(
        "kind",
        [b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data", b"\xff"],
    )
    async def test_the_type_of_the_content_does_not_count(
        self, channel: ServedChannel, user: str, kind: bytes
    ) -> None:
        body = delivery(message(user, "hello"))
        headers = (
            b"Content-Type: " + kind,
            b"Content-Length: %d" % len(body),
            f"X-Hub-Signature-256: {signed(body)['X-Hub-Signature-256']}".encode(),
        )
        assert await channel.answers(request("POST", PATH, *headers, body=body)) == 200
        await channel.hears(user, "hello")

    @pytest.mark.parametrize("query", ["", "?hub.verify_token=", "?hub.verify_token=%ff%00"])
    async def test_a_handshake_without_the_token_is_refused(
        self, channel: ServedChannel, query: str
    ) -> None:
        assert await channel.answers(request("GET", PATH + query)) == 403


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [b"", b"webhook", b"bot:443", b"http://", b"/webhooks/\xff", b"/?\xff", b"/\x01"],
    )
    async def test_one_that_can_not_be_read_is_refused_and_leaves_no_traceback(
        self, channel: ServedChannel, caplog: pytest.LogCaptureFixture, address: bytes
    ) -> None:
        """Strangers could fill the disk."""
        request = b"GET " + address + b" HTTP/1.1\r\nHost: bot\r\n\r\n"
        assert await channel.answers(request) in (400, 404)
        assert [line.message for line in caplog.records if line.exc_info] == []


class TestOperatorApi:
    @pytest.fixture(autouse=True)
    def _no_delay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hundreds of guesses are made here; `tests/contract/operators` sees what they cost."""
        monkeypatch.setattr(guesses, "LONGEST_DELAY", timedelta())

    @pytest.mark.parametrize(
        "header",
        [
            b"",
            b"Bearer",
            b"Bearer ",
            b"Bearer the-bots-admin-token",
            b"Bearer the-bots-admin-t\xf6k\xe9n",
            b"Bearer \xff\xfe",
            b"Token the-bots-admin-t\xc3\xb6k\xc3\xa9n",
            b"Basic x",
            b"x" * 7000,
        ],
    )
    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/handovers"), ("GET", "/handovers/22"), ("POST", "/handovers/22/return")],
    )
    async def test_without_the_token_nothing_is_told(
        self, channel: ServedChannel, method: str, path: str, header: bytes
    ) -> None:
        path = f"/webhooks/facebook{path}"
        assert await channel.answers(request(method, path, b"Authorization: " + header)) == 401

    @pytest.mark.parametrize("user", ["%00", "%0a", "%ff", "%ed%a0%80", "x" * 5000, "'--", "11:22"])
    async def test_a_user_that_nobody_can_be_has_no_handover(
        self, channel: ServedChannel, user: str
    ) -> None:
        bearer = f"Authorization: {ADMIN['Authorization']}".encode()
        path = f"/webhooks/facebook/handovers/{user}"
        assert await channel.answers(request("GET", path, bearer)) == 404

    @given(
        method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]),
        user=st.text(st.characters(codec=None), max_size=20) | st.binary(max_size=20),
        end=st.sampled_from(["", "/", "/return", "/return?x=%00", "//", "/../return"]),
        token=st.sampled_from([b"", b"Bearer ", ADMIN["Authorization"].encode()])
        | st.binary(max_size=20),
        body=st.binary(max_size=20),
    )
    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    async def test_anything_gets_an_answer_that_is_no_error_of_the_servers(
        self,
        channel: ServedChannel,
        method: str,
        user: str | bytes,
        end: str,
        token: bytes,
        body: bytes,
    ) -> None:
        raw = user if isinstance(user, bytes) else user.encode(errors="surrogatepass")
        path = f"/webhooks/facebook/handovers/{quote(raw, safe='')}{end}"
        headers = (
            b"Content-Length: %d" % len(body),
            b"Authorization: " + token.replace(b"\r", b"").replace(b"\n", b""),
        )
        assert 200 <= await channel.answers(request(method, path, *headers, body=body)) < 500
