"""The operators' own tools: a receiver for the bot's notices, and a look at the bot."""
