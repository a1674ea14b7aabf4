"""Our own messages are known again by their metadata, and nobody else's is taken for ours."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.core.meta.app_secret import mark_in, marked
from channels.core.meta.limits import MESSENGER

SECRET = "the-app-secret"


def test_what_was_marked_is_known_again() -> None:
    mark = marked("5f0c8f4e", SECRET)
    assert mark_in(mark, SECRET) == mark


@given(st.text())
def test_a_mark_is_known_whatever_follows_it(own: str) -> None:
    mark = marked("5f0c8f4e", SECRET)
    assert mark_in(f"{mark} {own}", SECRET) == mark


def test_a_mark_that_does_not_begin_the_metadata_is_none() -> None:
    assert mark_in(f"promo {marked('5f0c8f4e', SECRET)}", SECRET) is None


def test_what_an_app_with_another_secret_has_marked_is_not_ours() -> None:
    assert mark_in(marked("5f0c8f4e", "another-secret"), SECRET) is None


@pytest.mark.parametrize(
    "metadata", [None, "", " ", ".", "5f0c8f4e", "5f0c8f4e.", ".5f0c8f4e", "ä.\ud800", "\ud800.ä"]
)
def test_other_metadata_is_not_ours(metadata: str | None) -> None:
    assert mark_in(metadata, SECRET) is None


@given(st.text())
def test_any_metadata_can_be_asked_about(metadata: str) -> None:
    assert mark_in(metadata, SECRET) is None


def test_a_mark_and_a_response_s_longest_metadata_fit_into_meta_s_limit() -> None:
    mark = marked(uuid.uuid4().hex, SECRET)
    assert len(f"{mark} {'m' * MESSENGER.own_metadata}") == MESSENGER.metadata
