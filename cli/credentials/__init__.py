"""A project's credentials file: as it is written, and as Rasa reads it."""
