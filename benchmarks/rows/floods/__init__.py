"""A flood of something, and what it does to everything else."""
