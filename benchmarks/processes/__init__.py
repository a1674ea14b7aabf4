"""What runs in separate processes: a channel, a stub of Graph, the load."""
