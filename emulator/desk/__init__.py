"""What the people behind the bot have: a receiver of its notices, and a look at the bot."""
