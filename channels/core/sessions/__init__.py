"""A session: its states, the way from one to the next, what came of it. Pure."""
