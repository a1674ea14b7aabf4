"""Recorded events, due sessions and messages to be sent, thread by thread; and the bot's health."""
