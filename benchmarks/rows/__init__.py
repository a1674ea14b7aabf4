"""The rows of the table, each a measurement."""
