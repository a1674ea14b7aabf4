"""rasa-handover: a live-agent handover for Rasa assistants on Facebook Messenger.

`MessengerInput` is what `credentials.yml` names. It is imported when it is asked for: whoever
needs another part of the package does not load Rasa.
"""

import typing

if typing.TYPE_CHECKING:
    from .messenger import MessengerInput

__all__ = ["MessengerInput"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .messenger import MessengerInput

    return MessengerInput
