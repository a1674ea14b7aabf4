"""How much is tried at random: Hypothesis's profile, with its number of examples."""

from __future__ import annotations

from hypothesis import settings

_NAME = settings.get_current_profile_name()
EXAMPLES = settings.get_profile(_NAME).max_examples
IS_DEEP = _NAME == "deep"  # `make deep`
