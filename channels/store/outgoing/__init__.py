"""The bot's messages, in SQL: each function is an operation for the writer."""
