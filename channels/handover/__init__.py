"""A session's life: opened, watched, ended."""
