"""Clocks, leases, metrics, the log, and which Rasa is installed."""
