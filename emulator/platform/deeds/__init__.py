"""What people and apps do on the platform."""
