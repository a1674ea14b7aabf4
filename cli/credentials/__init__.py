"""A project's credentials file: as it stands, and as Rasa reads it."""
