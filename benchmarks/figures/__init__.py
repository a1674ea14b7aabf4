"""The results, as figures and as text."""
