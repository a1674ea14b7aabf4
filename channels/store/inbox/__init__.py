"""Events that were recorded, in SQL: each function is an operation for the writer."""
