"""What has been measured, as figures and as text."""
