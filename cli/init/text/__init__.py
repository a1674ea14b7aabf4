"""A Rasa project as text, changed without touching what stands in it. Pure."""
