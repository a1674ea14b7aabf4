"""What the doctor judges: facts in, verdicts out. Pure."""
