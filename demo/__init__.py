"""The demo: the whole thing on one machine, and a story that plays on it."""
