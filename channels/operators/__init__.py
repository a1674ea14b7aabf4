"""The operator API, its page and its client."""
