"""What runs in the action server: the request for a live agent. Needs only rasa-sdk."""

from .availability import ActionHandoverAvailability
from .fallback import ActionRephraseOrHandover
from .handover import ActionHandover

__all__ = ["ActionHandover", "ActionHandoverAvailability", "ActionRephraseOrHandover"]
