"""Our own messages are known again by their metadata, and nobody else's is taken for ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.app_secret import is_marked, marked

SECRET = "the-app-secret"


def test_what_was_marked_is_known_again() -> None:
    assert is_marked(marked("5f0c8f4e", SECRET), SECRET)


def test_what_an_app_with_another_secret_has_marked_is_not_ours() -> None:
    assert not is_marked(marked("5f0c8f4e", "another-secret"), SECRET)


@pytest.mark.parametrize(
    "metadata", [None, "", ".", "5f0c8f4e", "5f0c8f4e.", ".5f0c8f4e", "ä.\ud800"]
)
def test_other_metadata_is_not_ours(metadata: str | None) -> None:
    assert not is_marked(metadata, SECRET)


@given(st.text())
def test_any_metadata_can_be_asked_about(metadata: str) -> None:
    assert not is_marked(metadata, SECRET)


def test_a_mark_fits_into_meta_s_limit() -> None:
    assert len(marked("0" * 32, SECRET)) < 1000
