"""The database: how to reach it, its tables, their upgrades, and the thread that talks to it."""
