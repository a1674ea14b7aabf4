"""A session: its states, the way from one to the next, and its outcome. Pure."""
