"""`doctor`: whether a live Page has all that it needs."""
