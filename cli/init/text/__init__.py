"""A Rasa project as text, added to without touching what is in it. Pure."""
