"""What everything else is built on: events, sessions, the decision table, plans and settings.

Pure: no I/O, no clock.
"""
