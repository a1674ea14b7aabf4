"""Recorded events and due sessions, thread by thread, to their handling."""
