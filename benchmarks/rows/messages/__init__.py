"""What a message costs, and how many are handled in a second."""
