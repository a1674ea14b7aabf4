"""`python -m demo.train …`: `rasa train …` without the warnings that are not about the assistant.

Libraries' deprecations are no news, and intents that nobody writes need no training data: they come
from the channel and from buttons. All other warnings of Rasa's are shown.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from .quick_skops import import_skops

_WRITTEN_BY_NOBODY = ("handover_ended", "handover_started", "rate_good", "rate_bad")


def is_news(message: object, category: type[Warning]) -> bool:
    """Whether a warning is worth reading."""
    if issubclass(category, (DeprecationWarning, PendingDeprecationWarning, FutureWarning)):
        return False
    return not any(f"'{intent}' is listed" in str(message) for intent in _WRITTEN_BY_NOBODY)


def _main() -> None:
    show = warnings.showwarning

    def show_news(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if is_news(message, category):
            show(message, category, *place)

    warnings.showwarning = show_news  # type: ignore[assignment]
    import_skops()
    from rasa.__main__ import main

    sys.argv = ["rasa", "train", *sys.argv[1:]]
    main()


if __name__ == "__main__":
    _main()
