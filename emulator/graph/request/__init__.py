"""A call as it comes in, and how it is read."""
