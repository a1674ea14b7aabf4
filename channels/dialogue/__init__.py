"""Rasa's turns: what Rasa is told, and its answers as messages."""
