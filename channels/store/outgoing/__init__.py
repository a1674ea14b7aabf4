"""What the bot says, in SQL: each function is an operation for the writer."""
