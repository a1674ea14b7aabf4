"""Events, sessions, outgoing messages, notices, and who works on them: SQLite or PostgreSQL."""
