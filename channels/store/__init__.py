"""Sessions and the inbox, on SQLite or PostgreSQL."""
