from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.errors import SignatureRefused
from channels.core.meta.app_secret import check_signature

SECRET = "the-secret"
FIXTURE = Path(__file__).parents[4] / "fixtures" / "webhooks" / "message.json"


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_a_published_signature_is_accepted() -> None:
    mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"  # RFC 4231, case 2
    check_signature(b"what do ya want for nothing?", f"sha256={mac}", "Jefe")


@pytest.mark.parametrize("body", [FIXTURE.read_bytes(), b"", b"\xff\x00", "ä".encode()])
def test_signed_bytes_are_accepted_whatever_they_hold(body: bytes) -> None:
    check_signature(body, signed(body), SECRET)


@pytest.mark.parametrize("header", [None, ""])
def test_a_delivery_without_signature_is_refused(header: str | None) -> None:
    with pytest.raises(SignatureRefused, match="without X-Hub-Signature-256"):
        check_signature(b"{}", header, SECRET)


@pytest.mark.parametrize(
    "header",
    [
        signed(b"{}", "another-secret"),
        signed(b"{} "),
        signed(b"{}").removeprefix("sha256="),
        signed(b"{}").upper(),
        signed(b"{}")[:-1],
        signed(b"{}") + "0",
        "sha256=",
        "sha1=" + hmac.new(SECRET.encode(), b"{}", hashlib.sha1).hexdigest(),
        "sha256=ä\ud800",
    ],
)
def test_any_other_signature_is_refused(header: str) -> None:
    with pytest.raises(SignatureRefused, match="not signed with this app's secret"):
        check_signature(b"{}", header, SECRET)


def test_the_same_json_in_other_bytes_is_refused() -> None:
    body = FIXTURE.read_bytes()
    unescaped = body.decode("unicode_escape").encode("utf-16", "surrogatepass").decode("utf-16")
    with pytest.raises(SignatureRefused):
        check_signature(unescaped.encode(), signed(body), SECRET)


@pytest.mark.parametrize("header", [None, signed(b"{}", "another-secret")])
def test_a_refusal_shows_neither_the_secret_nor_what_would_be_accepted(header: str | None) -> None:
    with pytest.raises(SignatureRefused) as refused:
        check_signature(b"{}", header, SECRET)
    assert SECRET not in str(refused.value)
    assert signed(b"{}").removeprefix("sha256=") not in str(refused.value)


@given(st.binary(), st.text(min_size=1))
def test_any_body_is_accepted_with_its_signature(body: bytes, secret: str) -> None:
    check_signature(body, signed(body, secret), secret)


@given(st.binary(), st.text(st.characters(codec=None)) | st.binary().map(lambda raw: signed(raw)))
def test_a_header_that_is_not_the_signature_is_refused_and_nothing_else(
    body: bytes, header: str
) -> None:
    if header != signed(body):
        with pytest.raises(SignatureRefused):
            check_signature(body, header, SECRET)
