"""What becomes of what the bot says: pure decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.core.errors import (
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphTimeout,
    GraphUnavailable,
    NotThreadOwner,
    TokenRefused,
    UserUnreachable,
    WindowClosed,
)
from channels.core.records.outgoing import Fate, fate_of

STRANGE = GraphUnavailable("Server error", others_answered=True)


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (GraphThrottled("Slow down", retry_after=timedelta(hours=1)), Fate.WAIT),
        (GraphUnavailable("Down"), Fate.WAIT),
        (GraphTimeout("No answer"), Fate.WAIT),
        (TokenRefused("Expired"), Fate.WAIT),
        (WindowClosed("Too late"), Fate.HOLD),
        (NotThreadOwner("Another app"), Fate.LOST),
        (UserUnreachable("Blocked"), Fate.GIVE_UP),
        (GraphRefused("Invalid"), Fate.GIVE_UP),
        (STRANGE, Fate.WAIT),
    ],
)
def test_each_error_says_what_becomes_of_the_message(error: GraphError, fate: Fate) -> None:
    assert fate_of(error, waited_out=False) is fate


def test_a_message_that_meta_alone_of_all_does_not_take_is_given_up_in_the_end() -> None:
    assert fate_of(STRANGE, waited_out=True) is Fate.GIVE_UP


@pytest.mark.parametrize("error", [GraphUnavailable("Down"), TokenRefused("Expired")])
def test_an_outage_is_waited_for_without_end(error: GraphError) -> None:
    assert fate_of(error, waited_out=True) is Fate.WAIT
