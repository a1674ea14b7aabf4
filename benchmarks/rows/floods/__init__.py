"""Much at once, and what it does to everything else."""
