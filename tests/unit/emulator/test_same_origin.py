from __future__ import annotations

import pytest

from emulator.chat.same_origin import is_local, refusal

HERE = "127.0.0.1:8600"


@pytest.mark.parametrize(
    "host",
    [
        HERE,
        "127.0.0.1",
        "[::1]:8600",
        "192.168.1.20:8600",
        "localhost:8600",
        "LOCALHOST",
        "localhost.:8600",
        "emulator:8600",
        "chat.localhost:8600",
        "host.docker.internal:8600",
    ],
)
def test_addresses_and_names_of_this_machine_are_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        ":8600",
        "[::1",
        "evil.example:8600",
        "evil.example.",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "evil.example#.localhost",
        "evil.example/.localhost",
        "xlocalhost.com",
    ],
)
def test_a_name_that_a_site_can_have_is_not_local(host: str) -> None:
    assert not is_local(host)


def test_a_program_sends_no_origin_and_is_served() -> None:
    assert refusal(host=HERE, origin=None, is_own=True) is None


def test_the_page_itself_is_served() -> None:
    assert refusal(host=HERE, origin=f"http://{HERE}", is_own=True) is None
    assert refusal(host="LocalHost:8600", origin="http://localhost:8600", is_own=True) is None


@pytest.mark.parametrize("is_own", [True, False])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:8601",
        "http://localhost:8600",
        "http://[",
        "",
    ],
)
def test_a_page_of_another_origin_is_refused_and_named(origin: str, is_own: bool) -> None:
    reason = refusal(host=HERE, origin=origin, is_own=is_own)
    assert reason is not None
    assert origin in reason


def test_a_foreign_name_that_leads_here_is_refused_with_the_remedy() -> None:
    reason = refusal(host="evil.example:8600", origin="http://evil.example:8600", is_own=True)
    assert reason is not None
    assert "Use its IP address" in reason


def test_graph_is_served_under_any_name_as_its_calls_have_tokens() -> None:
    assert refusal(host="graph.example.com", origin=None, is_own=False) is None
