"""rasa-handover: a live-agent handover for Rasa assistants on Facebook Messenger."""

from .messenger import MessengerInput

__all__ = ["MessengerInput"]
