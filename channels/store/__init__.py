"""Events, sessions, outgoing messages and notices, and which worker has claimed them, in SQL."""
