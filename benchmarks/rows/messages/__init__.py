"""What a message costs, and how many go through in a second."""
