"""The rows of the table, a measurement each."""
