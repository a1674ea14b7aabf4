"""`doctor`: whether a live Page has everything that it needs."""
