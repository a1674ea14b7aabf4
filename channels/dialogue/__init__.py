"""Rasa's turns: what it is told, and its answers as messages."""
