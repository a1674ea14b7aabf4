"""Measurements, side by side with a baseline: `python -m benchmarks`."""
