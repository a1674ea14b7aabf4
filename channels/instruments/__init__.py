"""The clock, the log and the metrics."""
