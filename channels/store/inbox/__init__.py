"""Recorded events, in SQL: each function is an operation for the writer."""
