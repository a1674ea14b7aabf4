"""Sessions and what belongs to them, in SQL: each function is an operation for the writer."""
