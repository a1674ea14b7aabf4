"""The actions that run in the action server and ask for a live agent. They need only rasa-sdk."""

from .availability import ActionHandoverAvailability
from .fallback import ActionRephraseOrHandover
from .handover import ActionHandover

__all__ = ["ActionHandover", "ActionHandoverAvailability", "ActionRephraseOrHandover"]
