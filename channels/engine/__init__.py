"""Works through recorded events, due sessions and unsent messages; and reports the bot's health."""
