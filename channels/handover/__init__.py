"""A session's life: opened, its thread passed, watched, ended."""
